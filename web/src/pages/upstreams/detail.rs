//! `/upstreams/{upstream}`: what an upstream is, whether it works and what it offers.

use super::{
    BACK,
    enable::EnableButton,
    facts::Facts,
    health::{Health, said},
    lately::{LatelyPanel, Recent, lately},
    name, pools,
    reported::reported,
    running::Running,
    tools::{Found, Tools},
    transport,
};
use crate::{
    Site,
    address::{Path, Query},
    components::{
        content::{Copyable, Notice, PageHead, Panel, Tone},
        form::Posted,
        removal::{Removal, confirmed},
        shell::{Section, Shell},
        table::encoded,
        time::{As, Time},
    },
    csrf::{Checked, CsrfField},
    load::{load, load_within},
    pages::Done,
    render,
    saving::save,
    visitor::{Operator, Overseer, Visitor},
};
use axum::{
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use http::StatusCode;
use leptos::prelude::*;
use ostia_domain::{clock, code::Code};
use ostia_proto::{status::code_of, v1};
use prost_types::Timestamp;
use serde::Deserialize;
use std::time::Duration;
use tonic::Status;

/// How long somebody looks at a page that does not come. An edge that takes longer lists it all the same.
const WAIT: Duration = Duration::from_secs(20);
/// For the answer after that.
const ANSWER: Duration = Duration::from_secs(3);

#[derive(Default, Deserialize)]
pub(super) struct Asked {
    /// What the definition of a tool has in it.
    #[serde(default)]
    pub(super) q: String,
    #[serde(default)]
    pub(super) cursor: String,
    /// What was done before this page was shown.
    #[serde(default)]
    done: String,
}

pub(super) async fn found(visitor: &Visitor, upstream: &str) -> Result<v1::Upstream, Status> {
    let request = v1::GetUpstreamRequest {
        upstream: upstream.to_owned(),
    };
    let found = visitor.control.upstreams().get_upstream(request).await?;
    Ok(found.into_inner())
}

async fn tools(visitor: &Visitor, upstream: &str) -> Result<Vec<v1::Tool>, Status> {
    let request = v1::ListToolsRequest {
        upstream: upstream.to_owned(),
    };
    let listed = visitor.control.upstreams().list_tools(request).await?;
    Ok(listed.into_inner().tools)
}

pub(super) async fn show(
    site: State<Site>,
    Overseer(visitor): Overseer,
    Path(upstream): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let posted = Posted::default();
    page(&site, &visitor, StatusCode::OK, &upstream, asked, posted).await
}

/// Has it listed anew. Both ways out lead back to its page, which says which it was.
pub(super) async fn discover(
    Path(upstream): Path<String>,
    Checked { visitor, .. }: Checked<Vec<(String, String)>, Operator>,
) -> Response {
    let Operator(visitor) = visitor;
    let request = v1::DiscoverUpstreamRequest {
        upstream: upstream.clone(),
        wait: prost_types::Duration::try_from(WAIT).ok(),
    };
    let mut upstreams = visitor.control.upstreams();
    let asking = async {
        match upstreams.discover_upstream(request).await {
            Ok(_) => Ok("listed"),
            Err(status) if code_of(&status) == Some(Code::UpstreamUnlisted) => Ok("asked"),
            Err(status) => Err(status),
        }
    };
    match load_within(WAIT + ANSWER, asking).await {
        Ok(done) => self::done(&upstream, done),
        Err(failure) => failure.show(&visitor),
    }
}

/// Back to its page, which says what was done.
pub(super) fn done(upstream: &str, what: &str) -> Response {
    let upstream = encoded(upstream);
    Redirect::to(&format!("/upstreams/{upstream}?done={what}")).into_response()
}

pub(super) async fn remove(
    site: State<Site>,
    Path(upstream): Path<String>,
    Checked { visitor, form }: Checked<Vec<(String, String)>, Operator>,
) -> Response {
    let Operator(visitor) = visitor;
    let mut posted = Posted::new(form);
    let upstream = match load(found(&visitor, &upstream)).await {
        Ok(upstream) => upstream,
        Err(failure) => return failure.show(&visitor),
    };
    if confirmed(&mut posted, name(&upstream)) {
        let mut upstreams = visitor.control.upstreams();
        let request = v1::RemoveUpstreamRequest {
            upstream: upstream.id.clone(),
        };
        let change = async { upstreams.remove_upstream(request).await };
        match save(&mut posted, change).await {
            Ok(Some(_)) => return Redirect::to("/upstreams?done=removed").into_response(),
            Ok(None) => {
                let said = posted.problem("").unwrap_or_default();
                posted.refuse("confirm", said);
            }
            Err(failure) => return failure.show(&visitor),
        }
    }
    let (refused, asked) = (StatusCode::UNPROCESSABLE_ENTITY, Asked::default());
    page(&site, &visitor, refused, &upstream.id, asked, posted).await
}

struct Shown {
    upstream: v1::Upstream,
    reported: Option<Timestamp>,
    pools: Vec<v1::EdgePool>,
    lately: [Option<Recent>; 2],
    tools: Found,
    mcp_url: String,
    done: Option<&'static str>,
    posted: Posted,
    may_change: bool,
}

async fn page(
    State(site): &State<Site>,
    visitor: &Visitor,
    status: StatusCode,
    upstream: &str,
    asked: Asked,
    posted: Posted,
) -> Response {
    let loading = async {
        let (found, tools, pools) = tokio::try_join!(
            found(visitor, upstream),
            tools(visitor, upstream),
            pools(visitor, Some(upstream)),
        )?;
        let (reported, lately) = tokio::try_join!(
            reported(visitor, &found),
            lately(visitor, Some(name(&found)), clock::now()),
        )?;
        let lately = lately.of(name(&found));
        Ok::<_, Status>((found, tools, pools, reported, lately))
    };
    let done = match &*asked.done {
        "added" => {
            Some("It is added. Edges reach it and list what it offers, which takes a moment.")
        }
        "changed" => {
            Some("It is changed. New calls go to new workers; others end as they would have.")
        }
        "enabled" => Some("It is on. Edges start its workers and serve what it offers."),
        "disabled" => Some(
            "It is off. Nothing of it is listed or called; calls that are under way have 30 seconds to end.",
        ),
        "listed" => Some("An edge has listed it just now."),
        "asked" => Some("No edge has listed it yet. It is listed as soon as one comes to it."),
        _ => None,
    };
    match load(loading).await {
        Ok((upstream, tools, pools, reported, lately)) => {
            let shown = Shown {
                reported,
                pools,
                lately,
                tools: Found::of(tools, asked),
                mcp_url: site.config.mcp_url.clone(),
                may_change: visitor.operates(),
                upstream,
                done,
                posted,
            };
            render::page_of(visitor, status, || view! { <Detail shown=shown/> })
        }
        Err(failure) => failure.show(visitor),
    }
}

#[component]
fn Detail(shown: Shown) -> impl IntoView {
    let upstream = shown.upstream;
    let (id, name) = (upstream.id.clone(), name(&upstream).to_owned());
    let endpoint = format!("{}/{name}", shown.mcp_url);
    let may_change = shown.may_change;
    let health = Health::of(&upstream);
    let enabled = upstream.enabled;
    let output = format!("/upstreams/{id}/output");
    let output = (transport(&upstream) == "stdio").then(|| {
        view! { <a class="button second" href=output>"Output of its workers"</a> }
    });
    let stage = upstream.problem_stage().known();
    let stage = stage.map(|stage| view! { "It fails at " <strong>{said(stage)}</strong> "." });
    let since = upstream.problem_since;
    let problem = upstream.problem.clone().map(|problem| {
        view! {
            <Notice tone=Tone::Bad title="It has a problem">
                <p>{problem}</p>
                <p>{stage}</p>
                <p class="quiet small">
                    "Since "
                    <Time at=since shown=As::Minute otherwise="before that was noted"/>
                    ", last reported "
                    <Time at=shown.reported shown=As::Minute otherwise="more than a day ago"/>
                </p>
            </Notice>
        }
    });
    let actions = may_change.then(|| {
        let discover = format!("/upstreams/{id}/discover");
        let edit = format!("/upstreams/{id}/edit");
        view! {
            <form method="post" action=discover>
                <CsrfField/>
                <button type="submit" class="second">"List it anew"</button>
            </form>
            <EnableButton id=id.clone() enabled=enabled/>
            <a class="button" href=edit>"Change it"</a>
        }
    });
    let (typed, action) = (name.clone(), format!("/upstreams/{id}/remove"));
    let removal = may_change.then(|| {
        view! {
            <Panel title="End it">
                <Removal
                    posted=shown.posted
                    name=typed
                    action=action
                    said="Remove the upstream"
                    why="Its workers are stopped at once, calls that are under way fail, and its credentials are gone. Usage and audit keep its name."
                />
            </Panel>
        }
    });
    view! {
        <Shell title=name.clone() section=Section::Upstreams>
            <PageHead title=name.clone() back=BACK>{output} {actions}</PageHead>
            {shown.done.map(|what| view! { <Done what=what/> })}
            {problem}
            <Facts of=upstream health=health/>
            <Running pools=shown.pools/>
            <LatelyPanel of=shown.lately/>
            <Panel title="Endpoint" note="For clients that want this upstream alone, under its own names">
                <Copyable id="endpoint" text=endpoint label="the upstream's endpoint"/>
            </Panel>
            <Tools of=shown.tools upstream=id/>
            {removal}
        </Shell>
    }
}
