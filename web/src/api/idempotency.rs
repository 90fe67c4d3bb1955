//! `Idempotency-Key`: a POST that is sent again is done once.
//!
//! Answers are kept in the memory of this web process, for a day and up to a number: a repeat that comes
//! later, or to another replica, is a new request. Secrets are not kept.

use super::{
    caller::Caller,
    message::{self, read},
    problem::Problem,
    tokens,
};
use crate::Site;
use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use moka::sync::Cache;
use ostia_domain::code::Code;
use ring::digest::{SHA256, digest};
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// On an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const KEPT_FOR: Duration = Duration::from_secs(24 * 3600);
/// In bytes of answers.
const MAX_KEPT: u64 = 32 << 20;
const MAX_KEY_LENGTH: usize = 255;

type Question = (Uuid, String, String);

#[derive(Clone)]
pub(crate) struct Answers(Cache<Question, Arc<Kept>>);

struct Kept {
    body_digest: Vec<u8>,
    /// `None`: the first request is still being done.
    answer: Option<(StatusCode, Bytes)>,
}

impl Answers {
    pub(crate) fn new() -> Self {
        let weight = |question: &Question, kept: &Arc<Kept>| {
            let answer = kept.answer.as_ref().map_or(0, |(_, bytes)| bytes.len());
            u32::try_from(200 + question.1.len() + question.2.len() + answer).unwrap_or(u32::MAX)
        };
        let cache = Cache::builder()
            .weigher(weight)
            .max_capacity(MAX_KEPT)
            .time_to_live(KEPT_FOR);
        Self(cache.build())
    }
}

/// Gives the place back when the first request was not done: refused, or given up by its caller.
struct Pending<'a> {
    answers: &'a Answers,
    question: Option<Question>,
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if let Some(question) = self.question.take() {
            self.answers.0.invalidate(&question);
        }
    }
}

pub(super) async fn once(
    State(site): State<Site>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    // A token is made anew each time: it is kept nowhere, and another one changes nothing.
    let kept = request
        .extensions()
        .get::<MatchedPath>()
        .is_none_or(|route| route.as_str() != tokens::EXCHANGE);
    let key = request.headers().get(HEADER).filter(|_| kept).cloned();
    let caller = request.extensions().get::<Caller>();
    let (Some(key), Some(caller), &Method::POST) = (key, caller, request.method()) else {
        return Ok(next.run(request).await);
    };
    let key = key.to_str().ok();
    let key = key.filter(|key| (1..=MAX_KEY_LENGTH).contains(&key.len()));
    let unusable = || Problem::invalid("Idempotency-Key", "is not 1 to 255 ASCII characters");
    let key = key.ok_or_else(unusable)?.to_owned();
    let path = request.uri().path().to_owned();
    let question = (caller.principal.key_id, path, key);
    let (parts, body) = request.into_parts();
    let bytes = read(body).await?;
    let body_digest = digest(&SHA256, &bytes).as_ref().to_vec();

    let answers = &site.answers;
    let first = answers.0.entry(question.clone()).or_insert_with(|| {
        Arc::new(Kept {
            body_digest: body_digest.clone(),
            answer: None,
        })
    });
    if !first.is_fresh() {
        return replay(first.value(), &body_digest);
    }
    let mut pending = Pending {
        answers,
        question: Some(question),
    };
    let response = next
        .run(Request::from_parts(parts, Body::from(bytes)))
        .await;
    if !response.status().is_success() {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await;
    let bytes = bytes.map_err(|_| Problem::internal())?;
    if let Some(question) = pending.question.take() {
        let answer = Some((parts.status, without_secret(&bytes)));
        let kept = Kept {
            body_digest,
            answer,
        };
        answers.0.insert(question, Arc::new(kept));
    }
    Ok((parts, Body::from(bytes)).into_response())
}

fn replay(kept: &Kept, body_digest: &[u8]) -> Result<Response, Problem> {
    if kept.body_digest != body_digest {
        return Err(Problem::new(
            Code::Conflict,
            "this Idempotency-Key came with another body before: take a new one for a new request",
        ));
    }
    let Some((status, bytes)) = &kept.answer else {
        return Err(Problem::new(
            Code::Conflict,
            "the request with this Idempotency-Key is still being done",
        )
        .retry_after(1));
    };
    let value = serde_json::from_slice::<Value>(bytes).unwrap_or_default();
    let mut response = message::json(*status, &value);
    let replayed = HeaderValue::from_static("true");
    response.headers_mut().insert(REPLAYED, replayed);
    Ok(response)
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
