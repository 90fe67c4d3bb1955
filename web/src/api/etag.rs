//! Entity tags: whether what somebody has read is still what there is.
//!
//! A tag is `"<object>.<representation>"`. The first part is control's, and another one after each change that
//! people make; the second is a digest of what was sent, which tells more: a last use, a number of tools.
//! `If-None-Match` asks for both, `If-Match` for the first alone, and control compares it in the transaction of
//! the change. What is no object, such as a list, has only the second part.

use super::{caller::Caller, message, problem::Problem};
use axum::{
    body::Body,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{CACHE_CONTROL, ETAG, IF_MATCH, IF_NONE_MATCH},
};
use ostia_proto::v1;
use ring::digest::{SHA256, digest};
use serde::Serialize;

/// 200 with this object, and control's tag of it.
pub(crate) struct Tagged<T> {
    etag: String,
    object: T,
}

impl<T> Tagged<T> {
    pub(crate) fn of<M: HasEtag + Into<T>>(message: M) -> Self {
        Self::with(message, Into::into)
    }

    /// With what an object of REST has of other messages.
    pub(crate) fn with<M: HasEtag>(message: M, to: impl FnOnce(M) -> T) -> Self {
        Self {
            etag: message.etag().to_owned(),
            object: to(message),
        }
    }
}

/// An object of control.
pub(crate) trait HasEtag {
    fn etag(&self) -> &str;
}

macro_rules! have_etags {
    ($($object:ident)*) => {
        $(impl HasEtag for v1::$object {
            fn etag(&self) -> &str {
                &self.etag
            }
        })*
    };
}

have_etags! { Bundle Group Key Plan Policy Price Upstream User }

/// In the extensions of a response.
#[derive(Clone)]
struct ObjectTag(String);

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let mut response = message::json(StatusCode::OK, &self.object);
        response.extensions_mut().insert(ObjectTag(self.etag));
        response
    }
}

/// Tags what was read, and what it has become, and answers 304 to who has it already.
pub(super) async fn tag(request: Request, next: Next) -> Result<Response, Problem> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = said(request.headers(), &IF_NONE_MATCH).filter(|_| reads);
    let mut response = next.run(request).await;
    let object = response.extensions_mut().remove::<ObjectTag>();
    if !(reads || object.is_some()) || response.status() != StatusCode::OK {
        return Ok(response);
    }
    let (mut parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await;
    let bytes = bytes.map_err(|_| Problem::internal())?;
    let representation = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, &bytes));
    let tag = match object {
        Some(ObjectTag(object)) => format!("\"{object}.{representation}\""),
        None => format!("\"{representation}\""),
    };
    if let Ok(value) = HeaderValue::try_from(&tag) {
        parts.headers.insert(ETAG, value);
    }
    if reads {
        let again = HeaderValue::from_static("private, no-cache");
        parts.headers.insert(CACHE_CONTROL, again);
    }
    if known.is_some_and(|known| tags(&known).any(|one| one == "*" || one == tag)) {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(http::header::CONTENT_TYPE);
        parts.headers.remove(http::header::CONTENT_LENGTH);
        return Ok((parts, Body::empty()).into_response());
    }
    Ok((parts, Body::from(bytes)).into_response())
}

/// Has control refuse a change of what is not any more as the caller read it.
pub(super) async fn require(mut request: Request, next: Next) -> Response {
    let changes = matches!(
        *request.method(),
        Method::PUT | Method::PATCH | Method::DELETE
    );
    let expected = said(request.headers(), &IF_MATCH).filter(|_| changes);
    if let Some(expected) = expected
        && let Some(caller) = request.extensions_mut().get_mut::<Caller>()
    {
        caller.control = caller.control.if_match(for_control(&expected));
    }
    next.run(request).await
}

/// The parts that are control's. What is no tag of ours is passed on: it is not that of any object.
fn for_control(said: &str) -> HeaderValue {
    let objects = tags(said).map(|tag| {
        let inside = tag.trim_matches('"');
        inside.split_once('.').map_or(inside, |(object, _)| object)
    });
    let objects = objects.collect::<Vec<_>>().join(",");
    // No characters but those of a header; and nothing matches nothing.
    HeaderValue::try_from(objects).unwrap_or(HeaderValue::from_static(""))
}

fn said(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let lines = headers.get_all(name).iter();
    let lines: Vec<_> = lines
        .map(|line| line.to_str().unwrap_or_default())
        .collect();
    (!lines.is_empty()).then(|| lines.join(","))
}

/// Proxies weaken tags when they compress.
fn tags(said: &str) -> impl Iterator<Item = &str> {
    let tags = said.split(',').map(str::trim);
    tags.map(|tag| tag.strip_prefix("W/").unwrap_or(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_is_asked_for_its_own_part() {
        for (said, asked) in [
            (r#""o.r""#, "o"),
            (r#"W/"o.r", "p.s""#, "o,p"),
            (r#""r""#, "r"),
            ("*", "*"),
            ("", ""),
        ] {
            assert_eq!(for_control(said), asked, "{said}");
        }
    }
}
