//! `/sessions`: where whoever looks is signed in, and the way out of each.

use super::{Done, logout::acting_as};
use crate::{
    Site,
    address::Query,
    client::Client,
    components::{
        content::{Badge, PageHead, Panel, Tone},
        shell::Shell,
        table::{Cell, Table},
        time::{As, Time},
    },
    csrf::{Checked, CsrfField},
    load::load,
    render,
    session::{Session, id_hash},
    visitor::Visitor,
};
use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::v1;
use serde::Deserialize;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/sessions", get(show))
        .route("/sessions/end", post(end))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    done: String,
}

async fn show(
    State(site): State<Site>,
    session: Session,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Response {
    let request = v1::ListBrowserSessionsOfUserRequest {
        user: visitor.id.to_string(),
    };
    let mut sessions = site.control.browser_sessions();
    let listed = load(async { sessions.list_browser_sessions_of_user(request).await });
    let sessions = match listed.await {
        Ok(listed) => listed.into_inner().sessions,
        Err(failure) => return failure.show(&visitor),
    };
    let here = session.id().map(id_hash).unwrap_or_default();
    let done = asked.done == "ended";
    render::page_of(&visitor, StatusCode::OK, || {
        view! { <Sessions of=sessions here=here done=done/> }
    })
}

#[derive(Deserialize)]
struct Ending {
    /// As control calls it, in Base64: not what a cookie has.
    session: String,
}

/// Control ends it if it is the visitor's.
async fn end(
    State(site): State<Site>,
    client: Client,
    Checked { visitor, form }: Checked<Ending>,
) -> Response {
    let request = v1::EndBrowserSessionRequest {
        id_hash: URL_SAFE_NO_PAD.decode(form.session).unwrap_or_default(),
        user_id: Some(visitor.id.to_string()),
    };
    let control = client.through(&acting_as(&site, &visitor));
    let mut sessions = control.browser_sessions();
    match load(async { sessions.end_browser_session(request).await }).await {
        Ok(_) => Redirect::to("/sessions?done=ended").into_response(),
        Err(failure) => failure.show(&visitor),
    }
}

#[component]
fn Sessions(of: Vec<v1::BrowserSession>, here: Vec<u8>, done: bool) -> impl IntoView {
    let rows = of.into_iter().map(|session| {
        let is_here = session.id_hash == here;
        view! { <Row of=session is_here=is_here/> }
    });
    let rows = rows.collect_view();
    view! {
        <Shell title="Where you are signed in">
            <PageHead
                title="Where you are signed in"
                lead="A browser that is not yours is signed out here. Times are UTC."
            />
            {done.then(|| view! { <Done what="That browser is signed out."/> })}
            <Panel>
                <Table
                    caption="Browsers in which you are signed in"
                    quiet=true
                    columns=vec!["Browser", "Address", "Signed in", "Last used", "Ends", "Sign out"]
                >
                    {rows}
                </Table>
                <form method="post" action="/logout">
                    <CsrfField/>
                    <button type="submit" class="danger" name="everywhere" value="true">
                        "Sign out everywhere"
                    </button>
                </form>
            </Panel>
        </Shell>
    }
}

#[component]
fn Row(of: v1::BrowserSession, is_here: bool) -> impl IntoView {
    let agent = of.agent.unwrap_or_default();
    let browser = browser(&agent);
    // The one here goes as always, with its cookie and at its provider.
    let (action, id) = if is_here {
        ("/logout", None)
    } else {
        ("/sessions/end", Some(URL_SAFE_NO_PAD.encode(of.id_hash)))
    };
    let label = format!("Sign out of {browser}");
    view! {
        <tr>
            <th scope="row">
                <div>
                    <span title=agent>{browser}</span>
                    " "
                    {is_here.then(|| view! { <Badge tone=Tone::Good text="This one"/> })}
                </div>
            </th>
            <Cell label="Address">{of.address.unwrap_or_default()}</Cell>
            <Cell label="Signed in"><Time at=of.created_at shown=As::Minute/></Cell>
            <Cell label="Last used"><Time at=of.used_at shown=As::Distance/></Cell>
            <Cell label="Ends"><Time at=of.ends_at shown=As::Minute/></Cell>
            <Cell label="Sign out">
                <form method="post" action=action>
                    <CsrfField/>
                    {id.map(|id| view! { <input type="hidden" name="session" value=id/> })}
                    <button type="submit" class="second" aria-label=label>"Sign out"</button>
                </form>
            </Cell>
        </tr>
    }
}

/// What people call a browser, from what it says of itself. Several claim to be others too, so that the order
/// matters.
fn browser(agent: &str) -> String {
    let first = |known: &[(&str, &'static str)]| {
        let found = known.iter().find(|(mark, _)| agent.contains(mark));
        found.map(|(_, name)| *name)
    };
    let name = first(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("CriOS/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Macintosh", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (name, system) {
        (Some(name), Some(system)) => format!("{name} on {system}"),
        (Some(name), None) => name.to_owned(),
        _ if agent.is_empty() => "Did not say".to_owned(),
        _ => agent.chars().take(60).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn a_browser_is_called_as_people_call_it() {
        let windows =
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)";
        let chrome = format!("{windows} Chrome/140.0.0.0 Safari/537.36");
        for (agent, name) in [
            (chrome.as_str(), "Chrome on Windows"),
            (&format!("{chrome} Edg/140.0.0.0"), "Edge on Windows"),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            ("curl/8.0", "curl/8.0"),
            ("", "Did not say"),
        ] {
            assert_eq!(browser(agent), name);
        }
    }
}
