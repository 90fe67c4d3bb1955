//! Revoking several keys at once: what was chosen is shown once more, and only then done.

use crate::{
    components::{
        content::{Notice, PageHead, Tone},
        form::Posted,
        number,
        shell::{Section, Shell},
        table::{Cell, Table},
        time::{As, Time},
    },
    csrf::{Checked, CsrfField},
    load::load,
    render,
    visitor::{Operator, Visitor},
};
use axum::response::{IntoResponse as _, Redirect, Response};
use futures_util::{StreamExt as _, stream};
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::v1;
use tonic::Status;

/// As many as a page shows, and a few more.
const MAX_KEYS: usize = 500;
const AT_ONCE: usize = 8;
/// Typed to confirm.
const WORD: &str = "revoke";

pub(super) async fn revoke(
    Checked { visitor, form }: Checked<Vec<(String, String)>, Operator>,
) -> Response {
    let Operator(visitor) = visitor;
    let posted = Posted::new(form);
    let mut chosen: Vec<_> = posted.all("key").map(str::to_owned).collect();
    chosen.sort_unstable();
    chosen.dedup();
    chosen.truncate(MAX_KEYS);
    if chosen.is_empty() {
        return Redirect::to("/all-keys").into_response();
    }
    let keys = match load(keys(&visitor, chosen)).await {
        Ok(keys) => keys,
        Err(failure) => return failure.show(&visitor),
    };
    match posted.get("confirm") {
        WORD => done(&visitor, keys).await,
        "" => ask(&visitor, StatusCode::OK, keys, None),
        _ => {
            let problem = format!("is not the word {WORD}: nothing was done");
            ask(
                &visitor,
                StatusCode::UNPROCESSABLE_ENTITY,
                keys,
                Some(problem),
            )
        }
    }
}

/// Those that are there still, in the order they were asked for.
async fn keys(visitor: &Visitor, chosen: Vec<String>) -> Result<Vec<v1::Key>, Status> {
    let found = stream::iter(chosen).map(async |key| visitor.key(&key).await);
    let found: Vec<_> = found.buffered(AT_ONCE).collect().await;
    let there = found
        .into_iter()
        .filter(|found| !matches!(found, Err(status) if status.code() == tonic::Code::NotFound));
    there.collect()
}

/// Each by itself: one that cannot be revoked keeps no other from it.
async fn done(visitor: &Visitor, keys: Vec<v1::Key>) -> Response {
    let revoked = stream::iter(keys).map(async |key| {
        let mut service = visitor.control.keys();
        let request = v1::RevokeKeyRequest {
            key: key.id.clone(),
        };
        let revoked = load(async { service.revoke_key(request).await }).await;
        (key, revoked.is_ok())
    });
    let revoked: Vec<_> = revoked.buffered(AT_ONCE).collect().await;
    let left: Vec<_> = revoked
        .iter()
        .filter(|(_, revoked)| !revoked)
        .map(|(key, _)| format!("{} of {}", key.name, key.owner_name))
        .collect();
    let count = revoked.len() - left.len();
    render::page_of(visitor, StatusCode::OK, || {
        view! { <Told count=count left=left/> }
    })
}

fn ask(
    visitor: &Visitor,
    status: StatusCode,
    keys: Vec<v1::Key>,
    problem: Option<String>,
) -> Response {
    render::page_of(visitor, status, || {
        view! { <Ask keys=keys problem=problem/> }
    })
}

#[component]
fn Ask(keys: Vec<v1::Key>, problem: Option<String>) -> impl IntoView {
    let title = format!(
        "Revoke {}",
        number::counted(keys.len() as u64, "key", "keys")
    );
    let chosen = keys
        .iter()
        .map(|key| view! { <input type="hidden" name="key" value=key.id.clone()/> });
    let chosen = chosen.collect_view();
    let rows = keys.into_iter().map(|key| {
        view! {
            <tr>
                <th scope="row">{key.name}</th>
                <Cell label="Owner">{key.owner_name}</Cell>
                <Cell label="Last used"><Time at=key.last_used_at shown=As::Distance/></Cell>
            </tr>
        }
    });
    let rows = rows.collect_view();
    let invalid = problem.is_some().then_some("true");
    let described = problem.is_some().then_some("problem-confirm");
    view! {
        <Shell title=title.clone() section=Section::AllKeys>
            <PageHead
                title=title.clone()
                lead="They are refused everywhere within two seconds and cannot be brought back."
                back=("/all-keys", "Keys of all")
            />
            <div class="panel">
                <Table caption="What is revoked" quiet=true columns=vec!["Key", "Owner", "Last used"]>
                    {rows}
                </Table>
            </div>
            <form method="post" action="/all-keys/revoke" class="form panel">
                <CsrfField/>
                {chosen}
                <div class="field">
                    <label for="field-confirm">"Type " <strong>{WORD}</strong> " to confirm"</label>
                    <input
                        id="field-confirm"
                        name="confirm"
                        type="text"
                        required=true
                        autocomplete="off"
                        aria-invalid=invalid
                        aria-describedby=described
                    />
                    {problem
                        .map(|problem| {
                            view! { <span class="problem" id="problem-confirm">{problem}</span> }
                        })}
                </div>
                <div class="row">
                    <button type="submit" class="danger">{title}</button>
                    <a class="button second" href="/all-keys">"Cancel"</a>
                </div>
            </form>
        </Shell>
    }
}

#[component]
fn Told(count: usize, left: Vec<String>) -> impl IntoView {
    let title = format!("{} revoked", number::counted(count as u64, "key", "keys"));
    view! {
        <Shell title=title.clone() section=Section::AllKeys>
            <PageHead title=title back=("/all-keys", "Keys of all")/>
            {(!left.is_empty())
                .then(|| {
                    view! {
                        <Notice tone=Tone::Bad title="These were not revoked: try again">
                            <p>{left.join(", ")}</p>
                        </Notice>
                    }
                })}
            <p><a class="button" href="/all-keys">"Back to the keys"</a></p>
        </Shell>
    }
}
