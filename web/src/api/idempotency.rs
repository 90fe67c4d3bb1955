//! `Idempotency-Key`: a POST that is sent again is done once, whichever web role it comes to.
//!
//! Control keeps who claimed a key and what was answered, for a day. It sees neither: the key is hashed, and the
//! answer is sealed under the caller's own credential. Secrets are not kept at all.

use super::{
    caller::Caller,
    message::{self, read},
    problem::{Problem, SOON},
    tokens, upstreams,
};
use crate::{
    Site,
    seal::{CannotSeal, Sealer},
};
use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use ostia_domain::code::Code;
use ostia_proto::{
    ControlClient,
    v1::{self, RequestState, claim_request_response::Outcome},
};
use ring::digest::{Context, SHA256};
use serde_json::Value;

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// On an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
pub(super) const MAX_KEY_LENGTH: usize = 255;

/// A request that is done once.
struct Once {
    key_hash: Vec<u8>,
    request_hash: Vec<u8>,
    sealer: Sealer,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// What it does is done in a transaction of control, which says whether it was made.
    Change,
    /// It goes on to where nobody can take it back.
    Call,
}

impl Kind {
    fn of(route: &str) -> Self {
        if route == upstreams::EXECUTE {
            Self::Call
        } else {
            Self::Change
        }
    }

    /// Whether who was answered like this may send the request again under the same key.
    fn undone(self, response: &Response) -> bool {
        match self {
            Self::Change => !response.status().is_success(),
            Self::Call => {
                let problem = response.extensions().get::<Problem>();
                problem.is_some_and(|problem| upstreams::never_ran(problem.code))
            }
        }
    }
}

/// Whether a POST of this route is done once under its key.
pub(super) fn is_once(route: &str) -> bool {
    // A token is made anew each time: it is kept nowhere, and another one changes nothing.
    route != tokens::EXCHANGE
}

pub(super) async fn once(
    State(site): State<Site>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("", MatchedPath::as_str);
    let key = request.headers().get(HEADER).cloned();
    let once = *request.method() == Method::POST && is_once(route);
    let caller = request.extensions().get::<Caller>().cloned();
    let (Some(key), Some(mut caller), true) = (key, caller, once) else {
        return Ok(next.run(request).await);
    };
    let key = key.to_str().ok();
    let key = key.filter(|key| (1..=MAX_KEY_LENGTH).contains(&key.len()));
    let unusable = || Problem::invalid("Idempotency-Key", "is not 1 to 255 ASCII characters");
    let key = key.ok_or_else(unusable)?.to_owned();
    let (parts, body) = request.into_parts();
    let bytes = read(body).await?;
    let path = parts.uri.path();
    let kind = Kind::of(route);
    let once = Once::new(&caller, &key, path, &bytes, kind).map_err(|_| Problem::internal())?;
    request = Request::from_parts(parts, Body::from(bytes));

    // Claims are the affair of the web role, and not of the caller's role.
    let control = &site.control;
    let claim = match once.claim(control).await? {
        Outcome::Claim(claim) => claim,
        Outcome::Answer(answer) => return once.replay(&answer),
        Outcome::State(state) => return Err(refused(state.try_into().unwrap_or_default())),
    };
    let under = HeaderValue::try_from(&claim).map_err(|_| Problem::internal())?;
    caller.control = caller.control.under(under);
    request.extensions_mut().insert(caller);
    let response = next.run(request).await;
    if kind.undone(&response) {
        let abandon = v1::AbandonRequestRequest { claim };
        if let Err(status) = control.idempotency().abandon_request(abandon).await {
            tracing::warn!(%status, "a refused request cannot be sent again with its Idempotency-Key");
        }
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await;
    let bytes = bytes.map_err(|_| Problem::internal())?;
    let kept = match parts.extensions.get::<Problem>() {
        Some(problem) => problem.to_keep().to_string().into(),
        None => without_secret(&bytes),
    };
    once.keep(control, claim, parts.status, &kept).await;
    Ok((parts, Body::from(bytes)).into_response())
}

impl Once {
    fn new(
        caller: &Caller,
        key: &str,
        path: &str,
        body: &[u8],
        kind: Kind,
    ) -> Result<Self, CannotSeal> {
        let asker = caller.principal.key_id;
        let key_hash = hash(&[asker.as_bytes(), path.as_bytes(), key.as_bytes()]);
        let credential = caller.credential.expose().as_bytes();
        Ok(Self {
            request_hash: hash(&[body]),
            sealer: Sealer::new(credential, b"answers of the API", key_hash.clone())?,
            key_hash,
            kind,
        })
    }

    async fn claim(&self, control: &ControlClient) -> Result<Outcome, Problem> {
        let request = v1::ClaimRequestRequest {
            key_hash: self.key_hash.clone(),
            request_hash: self.request_hash.clone(),
            only_changes: self.kind == Kind::Change,
        };
        let answer = control.idempotency().claim_request(request).await?;
        answer.into_inner().outcome.ok_or_else(Problem::internal)
    }

    /// The caller has the answer: that a repeat will not get it is for the log.
    async fn keep(&self, control: &ControlClient, claim: String, status: StatusCode, body: &Bytes) {
        let Ok(sealed) = self.sealer.seal(body) else {
            tracing::error!("an answer cannot be sealed for a repeat");
            return;
        };
        let answer = Some(v1::RequestAnswer {
            status: status.as_u16().into(),
            sealed,
        });
        let request = v1::AnswerRequestRequest { claim, answer };
        if let Err(status) = control.idempotency().answer_request(request).await {
            tracing::warn!(%status, "an answer is not kept for a repeat");
        }
    }

    fn replay(&self, answer: &v1::RequestAnswer) -> Result<Response, Problem> {
        let status = u16::try_from(answer.status).ok();
        let status = status.and_then(|status| StatusCode::from_u16(status).ok());
        let status = status.ok_or_else(Problem::internal)?;
        // Sealed for another secret of the same key.
        let opened = self.sealer.open(&answer.sealed);
        let opened = opened.ok_or_else(|| refused(RequestState::InDoubt))?;
        let value = serde_json::from_slice::<Value>(&opened).unwrap_or_default();
        let mut response = if status.is_success() {
            message::json(status, &value)
        } else {
            let problem = Problem::kept(&value).ok_or_else(Problem::internal)?;
            problem.into_response()
        };
        let replayed = HeaderValue::from_static("true");
        response.headers_mut().insert(REPLAYED, replayed);
        Ok(response)
    }
}

fn refused(state: RequestState) -> Problem {
    match state {
        RequestState::OtherRequest => Problem::invalid(
            "Idempotency-Key",
            "came with another body before: take a new one for a new request",
        ),
        RequestState::UnderWay => Problem::new(
            Code::Conflict,
            "the request with this Idempotency-Key is still being done",
        )
        .retry_after(SOON),
        RequestState::InDoubt | RequestState::Unspecified => Problem::new(
            Code::Conflict,
            "the request with this Idempotency-Key was done, or may have been, and its answer cannot be given \
             again: look at what there is, and take a new key for a new request",
        ),
    }
}

/// SHA-256 of the parts, each after its length, so that no two lists of parts are the same bytes.
fn hash(parts: &[&[u8]]) -> Vec<u8> {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    context.finish().as_ref().to_vec()
}

/// What is shown once is kept nowhere, not here either.
fn without_secret(answer: &Bytes) -> Bytes {
    match serde_json::from_slice::<Value>(answer) {
        Ok(Value::Object(mut members)) => {
            if let Some(secret) = members.get_mut("secret") {
                *secret = Value::Null;
            }
            Value::Object(members).to_string().into()
        }
        _ => answer.clone(),
    }
}
