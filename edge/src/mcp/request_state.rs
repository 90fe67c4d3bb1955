//! `requestState`: what a modern client sends back when it asks again with the answers it was asked for.
//!
//! ```text
//! format: 1 | until: 8 | request: 32 (SHA-256) | kind: 1 | parked call: 16 and its edge, or the upstream's state
//! ```
//! Sealed for the principal, so that nobody else can use it; bound to the request, so that an approval
//! of one call cannot be spent on another.

use super::{
    envelope::{Message, Params},
    owner::Owner,
    seal::{Purpose, Sealer},
};
use ostia_domain::clock::Timestamp;
use ring::digest;
use serde_json::value::RawValue;
use std::time::Duration;
use uuid::Uuid;

/// How long a person may take to answer.
pub const LIFETIME: Duration = Duration::from_secs(600);
const FORMAT: u8 = 2;

/// Where a request goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Continue {
    /// A call that waits at an edge.
    Parked { call: Uuid, at: Owner },
    /// At its upstream, whose own state this is, as JSON.
    Upstream(String),
}

/// What a request is about, whatever its id, `_meta` and answers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestDigest([u8; 32]);

impl RequestDigest {
    /// Of a request's whole body, which was read before.
    pub fn of_body(body: &[u8], endpoint: &str) -> Option<Self> {
        let message = Message::parse(body).ok()?;
        let params = message.params.map(Params::parse).transpose().ok()?;
        let method = message.method.as_deref().unwrap_or_default();
        Some(Self::of(method, endpoint, params.as_ref()))
    }

    pub fn of(method: &str, endpoint: &str, params: Option<&Params<'_>>) -> Self {
        let part = |raw: Option<&RawValue>| raw.map_or("", RawValue::get).to_owned();
        let mut context = digest::Context::new(&digest::SHA256);
        let params = params.map(|params| [params.name, params.uri, params.arguments].map(part));
        let parts = [method.to_owned(), endpoint.to_owned()];
        for text in parts.iter().chain(params.iter().flatten()) {
            context.update(&(text.len() as u64).to_be_bytes());
            context.update(text.as_bytes());
        }
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(context.finish().as_ref());
        Self(sha256)
    }
}

/// Unset when there is no randomness.
pub fn seal(
    sealer: &Sealer,
    owner: Uuid,
    request: RequestDigest,
    to: &Continue,
    now: Timestamp,
) -> Option<String> {
    let until = now.timestamp() + i64::try_from(LIFETIME.as_secs()).ok()?;
    let mut content = vec![FORMAT];
    content.extend_from_slice(&until.to_be_bytes());
    content.extend_from_slice(&request.0);
    match to {
        Continue::Parked { call, at } => {
            content.push(0);
            content.extend_from_slice(call.as_bytes());
            at.write(&mut content);
        }
        Continue::Upstream(state) => {
            content.push(1);
            content.extend_from_slice(state.as_bytes());
        }
    }
    sealer.seal(Purpose::RequestState, owner, &content)
}

/// Every reason against a state looks the same: not ours, not this principal's, not this request's, too
/// old.
pub fn open(
    sealer: &Sealer,
    owner: Uuid,
    request: RequestDigest,
    token: &str,
    now: Timestamp,
) -> Option<Continue> {
    let content = sealer.open(Purpose::RequestState, owner, token)?;
    let (format, rest) = content.split_first()?;
    let (until, rest) = rest.split_first_chunk::<8>()?;
    let (digest, rest) = rest.split_first_chunk::<32>()?;
    let (kind, rest) = rest.split_first()?;
    let good =
        *format == FORMAT && i64::from_be_bytes(*until) > now.timestamp() && *digest == request.0;
    match (good, kind) {
        (true, 0) => {
            let (call, at) = rest.split_first_chunk::<16>()?;
            Some(Continue::Parked {
                call: Uuid::from_bytes(*call),
                at: Owner::read(at)?,
            })
        }
        (true, 1) => Some(Continue::Upstream(String::from_utf8(rest.to_vec()).ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use chrono::TimeDelta;
    use ostia_domain::{clock, key::Secret};

    fn sealer() -> Sealer {
        Sealer::new(&[Secret::new(BASE64_STANDARD.encode([7; 32]))]).unwrap()
    }

    fn digest(params: &str) -> RequestDigest {
        let raw: &RawValue = serde_json::from_str(params).unwrap();
        let params = Params::parse(raw).unwrap();
        RequestDigest::of("tools/call", "", Some(&params))
    }

    #[test]
    fn a_state_is_good_for_its_request_its_principal_and_its_time() {
        let (owner, now) = (Uuid::from_u128(1), clock::now());
        let asked = digest(r#"{"name":"t","arguments":{"a":1}}"#);
        let again = digest(r#"{"name":"t","arguments":{"a":1},"inputResponses":{},"_meta":{}}"#);
        for to in [
            Continue::Parked {
                call: Uuid::from_u128(3),
                at: Owner {
                    id: Uuid::from_u128(4),
                    url: Some("http://edge:8080".to_owned()),
                },
            },
            Continue::Upstream("\"s\"".into()),
        ] {
            let token = seal(&sealer(), owner, asked, &to, now).unwrap();
            let open = |owner, digest, now| open(&sealer(), owner, digest, &token, now);
            assert_eq!(open(owner, again, now), Some(to));
            assert_eq!(open(Uuid::from_u128(2), asked, now), None);
            let other = digest(r#"{"name":"t","arguments":{"a":2}}"#);
            assert_eq!(open(owner, other, now), None);
            assert_eq!(open(owner, asked, now + TimeDelta::minutes(11)), None);
        }
    }
}
