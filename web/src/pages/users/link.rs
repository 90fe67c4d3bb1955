//! What is made for a user and shown once: a login link, a key.

use super::{Of, found};
use crate::{
    Site,
    address::Path,
    components::{
        content::{Copyable, PageHead},
        shell::{Section, Shell},
        time::{As, Time},
    },
    csrf::Checked,
    load::load,
    pages::keys::show_once,
    render,
    visitor::{Administrator, Operator},
};
use axum::{extract::State, response::Response};
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::v1;
use serde::Deserialize;

const SECONDS_PER_DAY: u64 = 86_400;

pub(super) async fn make(
    State(site): State<Site>,
    Path(user): Path<String>,
    Checked { visitor, .. }: Checked<Vec<(String, String)>, Administrator>,
) -> Response {
    let Administrator(visitor) = visitor;
    let making = async {
        let user = found(&visitor, &user).await?;
        let request = v1::CreateLoginLinkRequest {
            user: user.id.clone(),
            valid_seconds: 0,
        };
        let made = visitor
            .control
            .identity()
            .create_login_link(request)
            .await?;
        Ok((user, made.into_inner()))
    };
    match load(making).await {
        Ok((user, made)) => {
            let link = format!("{}/login/{}", site.config.web_url, made.token);
            render::page_of(&visitor, StatusCode::OK, || {
                view! { <Link user=user link=link ends=made.expires_at/> }
            })
        }
        Err(failure) => failure.show(&visitor),
    }
}

#[derive(Deserialize)]
pub(super) struct New {
    key_name: String,
    days: u64,
}

pub(super) async fn make_key(
    State(site): State<Site>,
    Path(user): Path<String>,
    Checked { visitor, form }: Checked<New, Operator>,
) -> Response {
    let Operator(visitor) = visitor;
    let request = v1::CreateKeyRequest {
        name: form.key_name,
        owner: Some(user),
        expires_in_seconds: Some(form.days.saturating_mul(SECONDS_PER_DAY)),
        ..v1::CreateKeyRequest::default()
    };
    let mut keys = visitor.control.keys();
    match load(async { keys.create_key(request).await }).await {
        Ok(made) => {
            let made = made.into_inner();
            let key = made.key.unwrap_or_default();
            let note = format!("It administers as {}.", key.owner_name);
            let mcp_url = site.config.mcp_url.clone();
            show_once(&visitor, "A new key", note, &key, made.secret, mcp_url)
        }
        Err(failure) => failure.show(&visitor),
    }
}

#[component]
fn Link(user: v1::User, link: String, ends: Option<prost_types::Timestamp>) -> impl IntoView {
    let title = format!("A login link for {}", user.name);
    view! {
        <Shell title=title.clone() section=Section::Users>
            <PageHead title=title back=Of::People.list()/>
            <section class="once" aria-labelledby="once">
                <h2 id="once">"Whoever opens it first is signed in as this user"</h2>
                <Copyable id="link" text=link label="the login link" wrap=true/>
                <p>"It ends " <Time at=ends shown=As::Minute/> ", or when it is used."</p>
            </section>
        </Shell>
    }
}
