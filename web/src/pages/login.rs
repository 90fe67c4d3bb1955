//! `/login/{token}`: a link that signs a user in once.
//!
//! Opening it only shows whose it is, because mail programs and chats open links to preview them. The
//! form uses it up.

use super::Layout;
use crate::{Site, origin, render};
use axum::{
    extract::{Path, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};
use leptos::prelude::*;
use ostia_proto::{status::code_of, v1};
use tonic::{Code, Status};

pub(crate) async fn show(State(site): State<Site>, Path(token): Path<String>) -> Response {
    let request = v1::InspectLoginLinkRequest { token };
    match site.control.identity().inspect_login_link(request).await {
        Ok(user) => {
            let name = user.into_inner().name;
            render::form_page(StatusCode::OK, || view! { <Confirm name/> })
        }
        Err(status) => refused(&status),
    }
}

pub(crate) async fn redeem(
    State(site): State<Site>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    if !origin::is_own(&headers) {
        return render::page(StatusCode::FORBIDDEN, || view! { <Foreign/> });
    }
    let request = v1::RedeemLoginLinkRequest { token };
    match site.control.identity().redeem_login_link(request).await {
        Ok(user) => {
            let user = user.into_inner();
            let administrator = user.role() == v1::Role::Administrator;
            render::page(StatusCode::OK, || {
                view! { <Welcome name=user.name administrator/> }
            })
        }
        Err(status) => refused(&status),
    }
}

fn refused(status: &Status) -> Response {
    // A token of the wrong shape is a wrong link to whoever follows it.
    if matches!(status.code(), Code::NotFound | Code::InvalidArgument) {
        return render::page(StatusCode::NOT_FOUND, || view! { <Unusable/> });
    }
    tracing::warn!(
        grpc.code = ?status.code(),
        code = code_of(status).map(ostia_domain::code::Code::as_str),
        error = status.message(),
        "a login link could not be checked"
    );
    render::page(StatusCode::SERVICE_UNAVAILABLE, || view! { <Away/> })
}

#[component]
fn Confirm(name: String) -> impl IntoView {
    view! {
        <Layout title="Sign in">
            <p>"This link signs in " <strong>{name}</strong> ". It works once."</p>
            // It is sent to where the page came from, which the page need not repeat.
            <form method="post">
                <button type="submit">"Sign in"</button>
            </form>
        </Layout>
    }
}

#[component]
fn Welcome(name: String, administrator: bool) -> impl IntoView {
    let kind = if administrator {
        "an administrator"
    } else {
        "a member"
    };
    view! {
        <Layout title="Welcome">
            <p>"The link was right, and it is used up now. You are " <strong>{name}</strong> ", " {kind} "."</p>
            <p>
                "The dashboard is not here yet, so this page keeps no session and shows nothing else. "
                "What comes next is done with the command line, on the machine that runs Ostia:"
            </p>
            <pre>
                <code>
                    "ostia upstreams add NAME -- COMMAND ARGS...\n"
                    "ostia policies create NAME --preset read-only\n"
                    "ostia keys create NAME --policy NAME\n"
                    "ostia audit tail --follow"
                </code>
            </pre>
        </Layout>
    }
}

#[component]
fn Unusable() -> impl IntoView {
    view! {
        <Layout title="This link does not work">
            <p>
                "It was used already, its time is over, or a part of it is missing. An operator makes "
                "a new one on the machine that runs Ostia:"
            </p>
            <pre><code>"ostia login-link NAME"</code></pre>
        </Layout>
    }
}

#[component]
fn Foreign() -> impl IntoView {
    view! {
        <Layout title="This form came from another site">
            <p>"Nothing was done. Open your login link itself and use the button there."</p>
        </Layout>
    }
}

#[component]
fn Away() -> impl IntoView {
    view! {
        <Layout title="Ostia cannot check this now">
            <p>"The link is not used up. Try again in a moment; if it stays like this, an operator "
            "finds out more with " <code>"ostia doctor"</code> "."</p>
        </Layout>
    }
}
