//! Pages of a list: a bounded number, and a token for what comes after.

use super::{
    frame::Asked,
    message::{Query, json},
    problem::Problem,
};
use axum::{
    extract::{FromRequestParts, MatchedPath},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{HeaderValue, StatusCode, Uri, header::LINK, request::Parts};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const DEFAULT_SIZE: u32 = 100;
pub(crate) const MAX_SIZE: u32 = 500;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// How many at most [default: 100].
    #[param(minimum = 1, maximum = 500)]
    pub(crate) page_size: Option<u32>,
    /// `next_page_token` of the page before.
    pub(crate) page_token: Option<String>,
}

/// One page.
#[derive(Serialize, ToSchema)]
pub(crate) struct List<T> {
    pub(crate) items: Vec<T>,
    /// What to send as `page_token` for the next page. Null: this was the last one.
    pub(crate) next_page_token: Option<String>,
}

/// A page and where it was asked for, for the header `Link`.
pub(crate) struct Listed<T> {
    pub(crate) list: List<T>,
    pub(crate) at: Uri,
}

pub(crate) fn size(asked: Option<u32>) -> Result<u32, Problem> {
    let size = asked.unwrap_or(DEFAULT_SIZE);
    if (1..=MAX_SIZE).contains(&size) {
        return Ok(size);
    }
    let problem = format!("is not from 1 to {MAX_SIZE}");
    Err(Problem::invalid("page_size", &problem))
}

/// A list that control gives as a whole. Its pages are cut by a key of its items, which is unique: what is made or
/// deleted between two pages moves nothing.
pub(crate) struct Whole {
    page: Page,
    at: Uri,
    /// Which list it is: a token is good for no other.
    route: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Whole {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(page) = Query::from_request_parts(parts, state).await?;
        let at = original(parts);
        let route = parts.extensions.get::<MatchedPath>();
        let route = route.map_or("", MatchedPath::as_str).to_owned();
        Ok(Self { page, at, route })
    }
}

/// As the caller wrote it, with what nested routers cut off.
pub(crate) fn original(parts: &Parts) -> Uri {
    let asked = parts.extensions.get::<Asked>();
    asked.map_or_else(|| parts.uri.clone(), |asked| asked.0.clone())
}

/// Where this was asked for, for lists that control cuts.
pub(crate) struct At(pub(crate) Uri);

impl<S: Sync> FromRequestParts<S> for At {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(original(parts)))
    }
}

impl Whole {
    /// The page, in the order of the keys' bytes.
    pub(crate) fn by<T>(
        self,
        mut items: Vec<T>,
        key: impl Fn(&T) -> &str,
    ) -> Result<Listed<T>, Problem> {
        let size = size(self.page.page_size)? as usize;
        // A database may have another opinion of what comes first.
        items.sort_by(|one, other| key(one).cmp(key(other)));
        if let Some(token) = &self.page.page_token {
            let unknown = || Problem::invalid("page_token", "is not from an answer of this list");
            let last = self.read(token).ok_or_else(unknown)?;
            let seen = items.partition_point(|item| *key(item) <= *last);
            items.drain(..seen);
        }
        let more = items.len() > size;
        items.truncate(size);
        let last = items.last().filter(|_| more);
        Ok(Listed {
            list: List {
                next_page_token: last.map(|item| self.token(key(item))),
                items,
            },
            at: self.at,
        })
    }

    /// What comes after the item of this key.
    fn token(&self, key: &str) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(format!("{}\n{key}", self.route))
    }

    fn read(&self, token: &str) -> Option<String> {
        let said = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let key = said.strip_prefix(&self.route)?.strip_prefix('\n')?;
        Some(key.to_owned())
    }
}

impl<T> Listed<T> {
    pub(crate) fn map<U>(self, to: impl Fn(T) -> U) -> Listed<U> {
        Listed {
            list: List {
                items: self.list.items.into_iter().map(to).collect(),
                next_page_token: self.list.next_page_token,
            },
            at: self.at,
        }
    }

    /// Of a list that control cuts; an empty token says that there is no more.
    pub(crate) fn cut(items: Vec<T>, next_page_token: String, at: Uri) -> Self {
        let next_page_token = Some(next_page_token).filter(|token| !token.is_empty());
        Self {
            list: List {
                items,
                next_page_token,
            },
            at,
        }
    }
}

impl<T: Serialize> IntoResponse for Listed<T> {
    fn into_response(self) -> Response {
        let mut response = json(StatusCode::OK, &self.list);
        let token = self.list.next_page_token.as_deref();
        let link = token.and_then(|token| HeaderValue::try_from(next(&self.at, token)).ok());
        if let Some(link) = link {
            response.headers_mut().insert(LINK, link);
        }
        response
    }
}

/// The same request with another token.
fn next(at: &Uri, token: &str) -> String {
    let kept = at.query().unwrap_or_default().split('&');
    let kept = kept.filter(|pair| !pair.is_empty() && !pair.starts_with("page_token="));
    let mut query: Vec<_> = kept.map(str::to_owned).collect();
    query.push(format!("page_token={}", escaped(token)));
    format!("<{}?{}>; rel=\"next\"", at.path(), query.join("&"))
}

fn escaped(token: &str) -> String {
    token
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_the_same_question() {
        let at = Uri::from_static("/api/v1/users?page_size=2&page_token=old");
        let link = next(&at, "a/b=");
        assert_eq!(
            link,
            r#"</api/v1/users?page_size=2&page_token=a%2Fb%3D>; rel="next""#
        );
    }

    fn page(route: &str, token: Option<String>) -> Whole {
        Whole {
            page: Page {
                page_size: Some(2),
                page_token: token,
            },
            at: Uri::from_static("/"),
            route: route.to_owned(),
        }
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    /// Whatever is deleted or made between two pages.
    #[test]
    fn every_item_is_on_one_page() {
        let there = [
            // In no order, as a database may give it.
            names(&["c", "a", "e", "B", "d"]),
            names(&["a", "c", "d", "e"]),
            names(&["aa", "c", "bb", "e"]),
            names(&["f"]),
        ];
        let mut token = None;
        let mut seen = Vec::new();
        for there in there {
            let listed = page("/names", token).by(there, |name| name).ok().unwrap();
            seen.extend(listed.list.items);
            token = listed.list.next_page_token;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(seen, ["B", "a", "c", "d", "e"]);
    }

    #[test]
    fn a_token_is_of_one_list() {
        let listed = page("/names", None).by(names(&["a", "b", "c"]), |name| name);
        let token = listed.ok().unwrap().list.next_page_token;
        for (route, token, taken) in [
            ("/names", token.clone(), true),
            ("/others", token.clone(), false),
            ("/nam", token, false),
            ("/names", Some("x".to_owned()), false),
            ("/names", Some(String::new()), false),
        ] {
            let listed = page(route, token).by(names(&["d"]), |name| name);
            assert_eq!(listed.is_ok(), taken, "{route}");
        }
    }
}
