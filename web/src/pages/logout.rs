//! `POST /logout`: ends this browser session, or all of the visitor's.

use super::{Layout, problem};
use crate::{
    Site,
    client::Client,
    csrf::Checked,
    oidc::Through,
    render,
    session::{self, Session},
    visitor::Visitor,
};
use axum::{
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use http::{HeaderName, HeaderValue, StatusCode};
use leptos::prelude::*;
use ostia_proto::{ControlClient, v1};
use serde::Deserialize;

/// Every browser knows it, no standard does.
const REFRESH: HeaderName = HeaderName::from_static("refresh");

#[derive(Deserialize)]
pub(crate) struct SignOut {
    #[serde(default)]
    everywhere: bool,
}

pub(crate) async fn sign_out(
    State(site): State<Site>,
    session: Session,
    client: Client,
    Checked { visitor, form }: Checked<SignOut>,
) -> Response {
    let through = match session::signed_in(&session).await {
        Ok(signed_in) => signed_in.and_then(|signed_in| signed_in.through),
        Err(error) => return problem::away(&error),
    };
    let control = client.through(&acting_as(&site, &visitor));
    let mut sessions = control.browser_sessions();
    let ended = if form.everywhere {
        let request = v1::EndBrowserSessionsOfUserRequest {
            user: visitor.id.to_string(),
        };
        let ended = sessions.end_browser_sessions_of_user(request).await;
        ended.map(drop)
    } else {
        let request = v1::EndBrowserSessionRequest {
            id_hash: session.id().map(session::id_hash).unwrap_or_default(),
            user_id: None,
        };
        sessions.end_browser_session(request).await.map(drop)
    };
    if let Err(status) = ended {
        return problem::away(&status);
    }
    // Takes the cookie away too.
    if let Err(error) = session.flush().await {
        return problem::away(&error);
    }
    match through {
        Some(through) => at_the_provider(&site, &through).await,
        None => Redirect::to("/login").into_response(),
    }
}

/// Sessions are the dashboard's own to end; audit says for whom it did.
pub(super) fn acting_as(site: &Site, visitor: &Visitor) -> ControlClient {
    site.control.acting_as(&format!("user:{}", visitor.name))
}

/// Signs out there too, where there is a way. A form may not lead to another site here, so a page does.
async fn at_the_provider(site: &Site, through: &Through) -> Response {
    let Some(provider) = site.providers.named(&through.provider) else {
        return Redirect::to("/login").into_response();
    };
    let back = format!("{}/login", site.config.web_url);
    let Some(url) = provider.sign_out_url(&through.id_token, &back).await else {
        return Redirect::to("/login").into_response();
    };
    let refresh = HeaderValue::try_from(format!("0; url={url}"));
    let label = provider.config.label().to_owned();
    let mut response = render::page(StatusCode::OK, || view! { <SignedOut url label/> });
    if let Ok(refresh) = refresh {
        response.headers_mut().insert(REFRESH, refresh);
    }
    response
}

#[component]
fn SignedOut(url: String, label: String) -> impl IntoView {
    view! {
        <Layout title="You are signed out">
            <p>"Now " <a href=url>{format!("sign out of {label}")}</a> " too, if that does not go by itself."</p>
        </Layout>
    }
}
