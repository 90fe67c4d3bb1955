//! `/login/{token}`: a link that signs a user in once.
//!
//! Opening it only shows whose it is, because mail programs and chats open links to preview them. The
//! form uses it up.

use super::{Layout, problem};
use crate::{
    Site,
    address::Path,
    client::Client,
    origin, render,
    session::{self, Session, SignedIn},
};
use axum::{
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
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
    session: Session,
    client: Client,
    headers: HeaderMap,
) -> Response {
    if !origin::is_own(&headers) {
        return render::page(StatusCode::FORBIDDEN, || view! { <Foreign/> });
    }
    let request = v1::RedeemLoginLinkRequest { token };
    let control = client.through(&site.control);
    let user = match control.identity().redeem_login_link(request).await {
        Ok(user) => user.into_inner(),
        Err(status) => return refused(&status),
    };
    let signed_in = match user.id.parse() {
        Ok(user) => {
            let through = None;
            session::sign_in(&session, &SignedIn { user, through }).await
        }
        Err(error) => return problem::away(&error),
    };
    match signed_in {
        Ok(()) => Redirect::to("/").into_response(),
        Err(error) => problem::away(&error),
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
