//! `POST /logout`: ends this browser session, or all of the visitor's.

use super::problem;
use crate::{
    Site,
    csrf::Checked,
    session::{self, Session},
};
use axum::{
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use ostia_proto::v1;
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct SignOut {
    #[serde(default)]
    everywhere: bool,
}

pub(crate) async fn sign_out(
    State(site): State<Site>,
    session: Session,
    Checked { visitor, form }: Checked<SignOut>,
) -> Response {
    let control = site.control.acting_as(&format!("user:{}", visitor.name));
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
    Redirect::to("/login").into_response()
}
