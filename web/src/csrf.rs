//! Forms that only our own pages can send.
//!
//! A handler that takes a form takes [`Checked`]: it is only reached when the form carries the token of the
//! session and the browser says that one of our pages sent it. The page puts [`CsrfField`] into the form.

use crate::{Site, origin, pages::problem, render::Viewer, visitor::Visitor};
use axum::{
    body::Body,
    extract::{Form, FromRequest, FromRequestParts, Request},
    response::Response,
};
use leptos::prelude::*;
use serde::{Deserialize, de::DeserializeOwned};

/// Forms are typed by people; a policy is the longest of them.
const MAX_FORM_BYTES: usize = 1 << 20;

/// A form of ours and who sent it. `V` may be a role: [`Operator`](crate::visitor::Operator) for one that
/// only operators may send. `T` is read from the fields; a field of several values needs `T` to be
/// `Vec<(String, String)>`.
pub(crate) struct Checked<T, V = Visitor> {
    pub(crate) visitor: V,
    pub(crate) form: T,
}

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    csrf: String,
}

impl<T, V> FromRequest<Site> for Checked<T, V>
where
    T: DeserializeOwned,
    V: FromRequestParts<Site, Rejection = Response> + AsRef<Visitor> + Send,
{
    type Rejection = Response;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Self::Rejection> {
        let (mut parts, body) = request.into_parts();
        let visitor = V::from_request_parts(&mut parts, site).await?;
        if !origin::is_own(&parts.headers) {
            return Err(problem::form_refused("it came from another site"));
        }
        let body = axum::body::to_bytes(body, MAX_FORM_BYTES).await;
        let body = body.map_err(|_| problem::form_unreadable("it is longer than a megabyte"))?;
        let read = |body: Body| Request::from_parts(parts.clone(), body);
        let token = Form::<Token>::from_request(read(body.clone().into()), site).await;
        let Form(Token { csrf }) =
            token.map_err(|error| problem::form_unreadable(&error.body_text()))?;
        if !visitor.as_ref().csrf.is(&csrf) {
            return Err(problem::form_refused(
                "its token is not that of your session",
            ));
        }
        let form = Form::<T>::from_request(read(body.into()), site).await;
        let Form(form) = form.map_err(|error| problem::form_unreadable(&error.body_text()))?;
        Ok(Self { visitor, form })
    }
}

/// The token of the session, in every form that is sent by POST. Only for pages of somebody who is signed in.
#[component]
pub(crate) fn CsrfField() -> impl IntoView {
    let viewer = expect_context::<Viewer>();
    view! { <input type="hidden" name="csrf" value=viewer.csrf.masked()/> }
}
