//! `/login/with/{provider}` and the way back: signing in with an OpenID provider.

use super::problem;
use crate::{
    Site,
    address::{Path, Query},
    client::Client,
    oidc::{
        Failure,
        flow::{self, Answer, Arrived},
    },
    pages::{login::Asked, not_found},
    return_to::ReturnTo,
    session::{self, Session, SignedIn},
};
use axum::{
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use tonic::Code;

/// By GET, because a form may not lead to another site here; it changes nothing but this browser's session.
pub(crate) async fn begin(
    State(site): State<Site>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
    session: Session,
) -> Response {
    let Some(provider) = site.providers.named(&name) else {
        return not_found::show(None).await;
    };
    match flow::begin(provider, &session, &ReturnTo::new(&asked.next)).await {
        Ok(url) => Redirect::to(&url).into_response(),
        Err(failure) => failure.page(provider.config.label()),
    }
}

pub(crate) async fn finish(
    State(site): State<Site>,
    Path(name): Path<String>,
    Query(answer): Query<Answer>,
    client: Client,
    session: Session,
) -> Response {
    let Some(provider) = site.providers.named(&name) else {
        return not_found::show(None).await;
    };
    let arrived = match flow::finish(provider, &session, answer).await {
        Ok(arrived) => arrived,
        Err(failure) => return failure.page(provider.config.label()),
    };
    let Arrived {
        person,
        through,
        return_to,
    } = arrived;
    let request = person.request(&provider.config, false);
    let control = client.through(&site.control);
    let user = match control.identity().sign_in(request).await {
        Ok(user) => user.into_inner(),
        Err(status) if status.code() == Code::PermissionDenied => {
            let to_people = "This account is disabled here. Ask an administrator.".to_owned();
            return Failure::Refused { to_people }.page(provider.config.label());
        }
        Err(status) => return problem::away(&status),
    };
    let Ok(user) = user.id.parse() else {
        return problem::away(&"control knows a user without an id");
    };
    let signed_in = SignedIn {
        user,
        through: Some(through),
    };
    match session::sign_in(&session, &signed_in).await {
        Ok(()) => Redirect::to(return_to.path()).into_response(),
        Err(error) => problem::away(&error),
    }
}
