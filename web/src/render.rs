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
    "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
);
/// For pages whose script asks for something of ours.
const FOLLOWING: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; connect-src 'self'; style-src 'self'; script-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
);
/// For the page that tries the API. The pictures are in its stylesheet.
const EXPLORING: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; connect-src 'self'; img-src data:; style-src 'self'; script-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
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

/// The same for a page that goes on with a stream of ours, or has a form that is checked as it is filled in.
pub(crate) fn following_page_of<V: IntoView>(
    visitor: &Visitor,
    status: StatusCode,
    view: impl FnOnce() -> V,
) -> Response {
    let mut page = page_of(visitor, status, view);
    page.headers_mut()
        .insert(CONTENT_SECURITY_POLICY, FOLLOWING);
    page
}

/// A page for nobody in particular that tries the API.
pub(crate) fn exploring_page<V: IntoView>(
    status: StatusCode,
    view: impl FnOnce() -> V,
) -> Response {
    let mut page = page(status, view);
    page.headers_mut()
        .insert(CONTENT_SECURITY_POLICY, EXPLORING);
    page
}

/// Part of a page, for a page that is there already.
pub(crate) fn fragment<V: IntoView>(view: impl FnOnce() -> V) -> String {
    without_marks(&html(None, view))
}

fn rendered<V: IntoView>(
    viewer: Option<Viewer>,
    referrer: &'static str,
    status: StatusCode,
    view: impl FnOnce() -> V,
) -> Response {
    let headers: [(HeaderName, HeaderValue); 2] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, HeaderValue::from_static(referrer)),
    ];
    let body = html(viewer, view);
    let document = format!("<!DOCTYPE html>{}", without_marks(&body));
    (status, headers, Html(document)).into_response()
}

fn html<V: IntoView>(viewer: Option<Viewer>, view: impl FnOnce() -> V) -> String {
    let owner = Owner::new_root(None);
    let html = owner.with(|| {
        if let Some(viewer) = viewer {
            provide_context(viewer);
        }
        view().into_view().to_html()
    });
    owner.cleanup();
    html
}

/// Takes out what the renderer leaves for scripts of its own, of which there are none: to whoever reads HTML by
/// the letter a `<!>` is a broken comment. Within the value of an attribute it is somebody's text.
fn without_marks(html: &str) -> String {
    /// Between texts, and where there is nothing.
    const MARKS: [&str; 2] = ["<!>", "<!--<() />-->"];
    let mut document = String::with_capacity(html.len());
    let (mut in_tag, mut in_value) = (false, false);
    let mut rest = html;
    while let Some(next) = rest.chars().next() {
        // Text has no bare `<`, so that one outside of a tag begins one.
        let mark = |mark: &&str| rest.strip_prefix(*mark);
        if !in_tag && let Some(after) = MARKS.iter().find_map(mark) {
            rest = after;
            continue;
        }
        let mut next_shown = next;
        match next {
            // No document may have it. What stood there is seen to be missing.
            '\0' => next_shown = char::REPLACEMENT_CHARACTER,
            '<' if !in_tag => in_tag = true,
            '"' if in_tag => in_value = !in_value,
            '>' if !in_value => in_tag = false,
            _ => {}
        }
        document.push(next_shown);
        rest = &rest[next.len_utf8()..];
    }
    document
}

#[cfg(test)]
mod tests {
    use super::without_marks;

    #[test]
    fn marks_go_and_values_stay() {
        let html = r#"<p title="a<!>b > c">x<!>y</p><!--<() />--><!><br>é<!>"#;
        assert_eq!(without_marks(html), r#"<p title="a<!>b > c">xy</p><br>é"#);
        assert_eq!(without_marks("<p>a\0b</p>"), "<p>a\u{fffd}b</p>");
    }
}
