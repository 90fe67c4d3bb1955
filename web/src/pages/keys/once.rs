//! The one page that has a secret on it.

use super::view::prefix;
use crate::{
    components::{
        content::{Copyable, PageHead, Panel},
        shell::{Section, Shell},
        snippets::Snippets,
    },
    render,
    visitor::Visitor,
};
use axum::response::Response;
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::v1;

/// Answers the form itself and is at no address: what it shows is kept nowhere.
pub(crate) fn show(
    visitor: &Visitor,
    title: &'static str,
    note: String,
    key: &v1::Key,
    secret: String,
    mcp_url: String,
) -> Response {
    let (id, name) = (key.id.clone(), key.name.clone());
    let prefix = prefix(key);
    render::page_of(visitor, StatusCode::OK, || {
        view! {
            <Shell title=title section=Section::Keys>
                <PageHead title=title lead=name/>
                <section class="once" aria-labelledby="once">
                    <h2 id="once">"This is the only time that the whole key is shown"</h2>
                    <Copyable id="secret" text=secret.clone() label="the whole key" wrap=true/>
                    <p>
                        "Put it where your client reads it, or into a password manager, now. Ostia keeps a "
                        "hash of it and can show it to nobody; from here on it is called "
                        <code>{format!("{prefix}…")}</code> "."
                    </p>
                    <p>{note}</p>
                    <div class="row">
                        <a class="button" href=format!("/keys/{id}")>"I have stored it"</a>
                    </div>
                </section>
                <Panel title="Connect a client" note="With this key filled in">
                    <Snippets mcp_url=mcp_url key=secret/>
                </Panel>
            </Shell>
        }
    })
}
