//! From a component to a response.

use crate::{session::CsrfToken, visitor::Visitor};
use axum::response::{Html, IntoResponse as _, Response};
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY},
};
use leptos::prelude::*;
use ostia_domain::user::Role;

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
);

/// Who looks at a page: the context of every component on a page of somebody who is signed in.
#[derive(Clone)]
pub(crate) struct Viewer {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// What every form on the page carries; [`CsrfField`](crate::csrf::CsrfField) puts it there.
    pub(crate) csrf: CsrfToken,
}

impl From<&Visitor> for Viewer {
    fn from(visitor: &Visitor) -> Self {
        Self {
            name: visitor.name.clone(),
            role: visitor.role,
            csrf: visitor.csrf.clone(),
        }
    }
}

/// Renders a page for nobody in particular. As every page it is never kept by a browser or a proxy: each is
/// about one person or one link.
pub(crate) fn page<V: IntoView>(status: StatusCode, view: impl FnOnce() -> V) -> Response {
    rendered(None, "no-referrer", status, view)
}

/// The same for a page with a form. Under `no-referrer` a browser says `Origin: null` when it sends the
/// form, and over plain HTTP it says nothing else that would tell our own page from a foreign one.
/// `same-origin` tells other sites as little, and keeps the origin.
pub(crate) fn form_page<V: IntoView>(status: StatusCode, view: impl FnOnce() -> V) -> Response {
    rendered(None, "same-origin", status, view)
}

/// A page for somebody who is signed in; it has a form at least to sign out.
pub(crate) fn page_of<V: IntoView>(
    visitor: &Visitor,
    status: StatusCode,
    view: impl FnOnce() -> V,
) -> Response {
    rendered(Some(visitor.into()), "same-origin", status, view)
}

fn rendered<V: IntoView>(
    viewer: Option<Viewer>,
    referrer: &'static str,
    status: StatusCode,
    view: impl FnOnce() -> V,
) -> Response {
    let owner = Owner::new_root(None);
    let body = owner.with(|| {
        if let Some(viewer) = viewer {
            provide_context(viewer);
        }
        view().into_view().to_html()
    });
    owner.cleanup();
    let headers: [(HeaderName, HeaderValue); 2] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, HeaderValue::from_static(referrer)),
    ];
    (status, headers, Html(format!("<!DOCTYPE html>{body}"))).into_response()
}
