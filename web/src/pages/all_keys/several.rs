//! What is done with several keys at once: those that were chosen, each by itself, and what came of it.

use crate::{
    components::{
        content::{Notice, PageHead, Tone},
        form::Posted,
        number,
        shell::{Section, Shell},
        table::{Cell, Table},
        time::{As, Time},
    },
    load::load,
    render,
    visitor::Visitor,
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

/// The keys that the form names, or what is answered instead.
pub(super) async fn chosen(visitor: &Visitor, posted: &Posted) -> Result<Vec<v1::Key>, Response> {
    let mut chosen: Vec<_> = posted.all("key").map(str::to_owned).collect();
    chosen.sort_unstable();
    chosen.dedup();
    chosen.truncate(MAX_KEYS);
    if chosen.is_empty() {
        return Err(Redirect::to("/all-keys").into_response());
    }
    let found = load(keys(visitor, chosen)).await;
    found.map_err(|failure| failure.show(visitor))
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

/// Each with whether it was done: one of which it cannot be keeps no other from it.
pub(super) async fn each<F>(keys: Vec<v1::Key>, deed: impl Fn(v1::Key) -> F) -> Vec<(String, bool)>
where
    F: Future<Output = bool>,
{
    let done = stream::iter(keys).map(|key| {
        let name = format!("{} of {}", key.name, key.owner_name);
        let deed = deed(key);
        async move { (name, deed.await) }
    });
    done.buffered(AT_ONCE).collect().await
}

/// `what` was done, as `revoked`.
pub(super) fn told(visitor: &Visitor, what: &'static str, keys: Vec<(String, bool)>) -> Response {
    let (done, left): (Vec<_>, Vec<_>) = keys.into_iter().partition(|(_, done)| *done);
    let left = left.into_iter().map(|(name, _)| name).collect();
    render::page_of(visitor, StatusCode::OK, || {
        view! { <Told what=what count=done.len() left=left/> }
    })
}

#[component]
pub(super) fn Chosen(of: Vec<v1::Key>) -> impl IntoView {
    let rows = of.into_iter().map(|key| {
        view! {
            <tr>
                <th scope="row">{key.name}</th>
                <Cell label="Owner">{key.owner_name}</Cell>
                <Cell label="Last used"><Time at=key.last_used_at shown=As::Distance/></Cell>
                <Cell label="Ends"><Time at=key.expires_at shown=As::Date/></Cell>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <div class="panel">
            <Table caption="Keys that are chosen" quiet=true columns=vec!["Key", "Owner", "Last used", "Ends"]>
                {rows}
            </Table>
        </div>
    }
}

#[component]
pub(super) fn ChosenFields(of: Vec<v1::Key>) -> impl IntoView {
    let chosen = of
        .into_iter()
        .map(|key| view! { <input type="hidden" name="key" value=key.id/> });
    chosen.collect_view()
}

#[component]
fn Told(what: &'static str, count: usize, left: Vec<String>) -> impl IntoView {
    let title = format!("{} {what}", number::counted(count as u64, "key", "keys"));
    let not = format!("These were not {what}: try again");
    view! {
        <Shell title=title.clone() section=Section::AllKeys>
            <PageHead title=title back=("/all-keys", "Keys of all")/>
            {(!left.is_empty())
                .then(|| view! { <Notice tone=Tone::Bad title=not><p>{left.join(", ")}</p></Notice> })}
            <p><a class="button" href="/all-keys">"Back to the keys"</a></p>
        </Shell>
    }
}
