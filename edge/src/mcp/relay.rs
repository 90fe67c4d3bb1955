//! The way of a request to one upstream and back: `tools/call`, `prompts/get`, `resources/read` and
//! `completion/complete`.

use super::{
    answer::Addressee,
    conversation::{Bounds, Conversation, Frame},
    envelope::{is_object, member, string},
    era::Era,
    event_stream,
    in_flight::Entry,
    log_level::LogLevel,
    param_headers,
    received::{Received, refuse},
    request_state::{self, Continue, RequestDigest},
    tasks,
};
use crate::{
    authorize::Permit,
    error::Error,
    pipeline,
    pool::{
        Caller,
        worker::{Expecting, Way},
    },
    record::OpenRecord,
    respond,
    route::Wanted,
    trace::Incoming,
    upstream::{
        exchange::{Exchange, Request},
        request_line::{Bridge, RequestLine},
    },
    view::{Item, Kind},
};
use axum::{
    body::{Body, Bytes},
    response::Response,
};
use http::{HeaderName, HeaderValue};
use ostia_domain::{code::Code, upstream::Transport};
use serde_json::value::RawValue;
use std::{borrow::Cow, time::Duration};
use uuid::Uuid;

/// How long a request may be silent before its answer becomes a stream with comments in it, so that no
/// proxy takes the connection for dead.
pub const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The requests that one upstream answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relayed {
    Call,
    Prompt,
    Read,
    Complete,
    /// What is asked about a task, see [`super::tasks`].
    Task,
}

impl Relayed {
    pub fn of(method: &str) -> Option<Self> {
        Some(match method {
            "tools/call" => Self::Call,
            "prompts/get" => Self::Prompt,
            "resources/read" => Self::Read,
            "completion/complete" => Self::Complete,
            _ => return None,
        })
    }
}

/// What a request names, and where in it the name stands.
struct Named<'a> {
    kind: Kind,
    name: Cow<'a, str>,
    raw: &'a RawValue,
}

pub async fn serve(received: Received<'_>, relayed: Relayed, mut record: OpenRecord) -> Response {
    let named = match named(&received, relayed) {
        Ok(named) => named,
        Err(error) => return refuse(&received, record, &error),
    };
    let arguments = received.params.as_ref().and_then(|params| params.arguments);
    if let Some(arguments) = arguments {
        record.arguments(arguments.get());
    }
    match begin(&received, relayed, &named, record).await {
        Ok(conversation) => {
            let quota = conversation.bounds.quota;
            let mut response = respond(&received, conversation).await;
            if let Some((remaining, _)) = quota {
                let headers = response.headers_mut();
                headers.insert(respond::QUOTA_REMAINING, HeaderValue::from(remaining));
            }
            response
        }
        Err((record, error)) => refuse(&received, record, &error),
    }
}

fn named<'a>(received: &Received<'a>, relayed: Relayed) -> Result<Named<'a>, Error> {
    let invalid = |what| Err(Error::new(Code::InvalidParams, what));
    let params = received.params.as_ref();
    if params
        .and_then(|params| params.arguments)
        .is_some_and(|raw| !is_object(raw))
    {
        return invalid("The member `arguments` must be an object.");
    }
    let (kind, raw) = match relayed {
        Relayed::Call | Relayed::Task => (Kind::Tool, params.and_then(|params| params.name)),
        Relayed::Prompt => (Kind::Prompt, params.and_then(|params| params.name)),
        Relayed::Read => (Kind::Resource, params.and_then(|params| params.uri)),
        Relayed::Complete => {
            let reference = params
                .and_then(|params| params.reference)
                .filter(|raw| is_object(raw));
            let kind = reference
                .and_then(|raw| member(raw, "type"))
                .and_then(string);
            match kind.as_deref() {
                Some("ref/prompt") => (Kind::Prompt, reference.and_then(|raw| member(raw, "name"))),
                Some("ref/resource") => {
                    (Kind::Template, reference.and_then(|raw| member(raw, "uri")))
                }
                _ => return invalid("The member `ref` must name a prompt or a resource."),
            }
        }
    };
    match raw.and_then(|raw| Some((raw, string(raw)?))) {
        Some((raw, name)) => Ok(Named { kind, name, raw }),
        None => invalid(match kind {
            Kind::Tool => "The member `name` must be a tool's name.",
            Kind::Prompt => "The member `name` must be a prompt's name.",
            Kind::Resource | Kind::Template => "The member `uri` must be a resource's URI.",
        }),
    }
}

/// Takes the request through the pipeline and puts it on its worker, or goes on with one that waits for
/// what it now brings.
async fn begin(
    received: &Received<'_>,
    relayed: Relayed,
    named: &Named<'_>,
    mut record: OpenRecord,
) -> Result<Conversation, (OpenRecord, Error)> {
    let Received {
        state,
        principal,
        endpoint,
        ..
    } = received;
    let wanted = Wanted {
        kind: named.kind,
        name: &named.name,
    };
    let arguments = received.params.as_ref().and_then(|params| params.arguments);
    let continued = continued(received);
    if let Ok(Some(Continue::Parked { call, .. })) = continued {
        let allowed =
            pipeline::allow_to_go_on(state, principal, endpoint, wanted, arguments, &mut record);
        if let Err(error) = allowed.and_then(|permit| check_param_headers(received, &permit)) {
            return Err((record, error));
        }
        return resume(received, relayed, call, record).await;
    }
    let allowed = pipeline::allow(state, principal, endpoint, wanted, arguments, &mut record);
    let allowed = match allowed.await {
        Ok(allowed) => allowed,
        Err(error) => return Err((record, error)),
    };
    // What is wrong with a state is said to those alone who may make the call.
    let upstream_state = match check_param_headers(received, &allowed.permit).and(continued) {
        Ok(Some(Continue::Upstream(state))) => Some(state),
        Ok(_) => None,
        Err(error) => return Err((record, error)),
    };
    match pipeline::lease(&allowed.permit, &caller(received)).await {
        Ok(lease) => {
            let bounds = Bounds {
                limits: allowed.permit.limits(),
                quota: allowed.admission.quota_left(),
            };
            let item = allowed.permit.item();
            let renamed =
                (named.name != item.name).then_some((named.raw, item.name_json.as_slice()));
            let replaced = (renamed, upstream_state.as_deref());
            let expecting = expecting(received);
            let request = request(received, replaced, &allowed.permit, expecting, &mut record);
            let level = log_level(received);
            if let Some(level) = level {
                lease.worker().want_log(level);
            }
            let entry = entry(received);
            let ids = tasks::ids(received, item, lease.worker());
            let held = (lease, allowed.admission, record);
            let tasks = state.tasks.clone();
            let exchange = Exchange::begin(request, held, received.era, entry, tasks).await?;
            let addressee = addressee(received, relayed);
            Ok(Conversation::new(
                received, exchange, addressee, bounds, ids,
            ))
        }
        Err(error) => Err((record, error)),
    }
}

/// Goes on with a call that waits on its worker.
async fn resume(
    received: &Received<'_>,
    relayed: Relayed,
    call: Uuid,
    record: OpenRecord,
) -> Result<Conversation, (OpenRecord, Error)> {
    let responses = received
        .params
        .as_ref()
        .and_then(|params| params.input_responses);
    let addressee = addressee(received, relayed);
    let (parked, key) = (&received.state.parked, received.principal.key_id);
    parked.resume(call, key, responses, addressee, record).await
}

/// Only after policy, which must not be told apart by which headers a tool asks for.
fn check_param_headers(received: &Received<'_>, permit: &Permit) -> Result<(), Error> {
    if received.era == Era::Legacy {
        return Ok(());
    }
    let arguments = received.params.as_ref().and_then(|params| params.arguments);
    param_headers::check(&permit.item().param_headers, received.headers, arguments)
}

/// Where a request goes on that was answered with `input_required` before.
pub fn continued(received: &Received<'_>) -> Result<Option<Continue>, Error> {
    let params = received.params.as_ref();
    let state = params.and_then(|params| params.request_state);
    // Some clients send what they do not have as null.
    let Some(raw) = state.filter(|raw| raw.get() != "null") else {
        return Ok(None);
    };
    if received.era == Era::Legacy {
        return Ok(None);
    }
    let method = received.message.method.as_deref().unwrap_or_default();
    let digest = RequestDigest::of(method, &received.endpoint.name(), params);
    let owner = received.principal.key_id;
    string(raw)
        .and_then(|token| {
            let sealer = &received.state.sealer;
            request_state::open(sealer, owner, digest, &token, received.arrival.at)
        })
        .map(Some)
        .ok_or_else(|| {
            Error::new(
                Code::RequestStateInvalid,
                "This `requestState` is not one that this API key got for this request, or it is too \
                 old. Send the request again without it.",
            )
        })
}

/// For whom a worker is wanted. Who cannot be sent a question is not one who can be asked.
pub fn caller(received: &Received<'_>) -> Caller {
    Caller {
        capabilities: received.askable(),
        key: Some(received.principal.key_id),
        mcp_session: received.session.map(|session| session.id),
        session_moved: received
            .session
            .is_some_and(|session| !session.of_this_edge),
    }
}

fn log_level(received: &Received<'_>) -> Option<LogLevel> {
    if !received.accepts.event_stream {
        return None;
    }
    if let Some(session) = &received.session {
        return Some(received.state.sessions.log_level(session));
    }
    let wanted = received.meta.as_ref()?.log_level.and_then(string)?;
    LogLevel::parse(&wanted)
}

pub fn addressee(received: &Received<'_>, relayed: Relayed) -> Addressee {
    let token = received.meta.as_ref().and_then(|meta| meta.progress_token);
    Addressee {
        id: Bytes::copy_from_slice(received.id().as_bytes()),
        progress_token: token.map(|token| Bytes::copy_from_slice(token.get().as_bytes())),
        log_level: log_level(received),
        era: received.era,
        relayed,
    }
}

/// How a legacy client can cancel a request.
pub fn entry(received: &Received<'_>) -> Option<Entry> {
    let in_flight = &received.state.in_flight;
    received
        .session
        .map(|session| in_flight.enter(session.id, received.id()))
}

/// A modern client can be asked without a stream.
pub fn expecting(received: &Received<'_>) -> Expecting {
    if received.accepts.event_stream || received.askable().can_be_asked() {
        Expecting::CallEvents
    } else {
        Expecting::CallAnswer
    }
}

/// The client's message for the upstream of this. Replaced are its name for what it wants, and the
/// upstream's own state.
pub fn request(
    received: &Received<'_>,
    (name, upstream_state): (Option<(&RawValue, &[u8])>, Option<&str>),
    permit: &Permit,
    expecting: Expecting,
    record: &mut OpenRecord,
) -> Request {
    let item = permit.item();
    let most = item.upstream.call_timeout;
    let upstream_era = item.pool.era();
    let in_message = received.meta.as_ref().and_then(|meta| meta.traceparent);
    let incoming = Incoming::of(received.headers, in_message);
    let traceparent = record.trace(&item.canonical, &incoming);
    let bridge = Bridge {
        name,
        request_state: upstream_state.map(str::as_bytes),
        client_era: received.era,
        upstream_era,
        capabilities: received.askable(),
        log_level: log_level(received),
        traceparent: traceparent.as_deref(),
    };
    let parts = (received.params.as_ref(), received.meta.as_ref());
    Request {
        line: RequestLine::new(received.body, &received.message, parts, &bridge),
        way: Way {
            headers: param_headers(received, item, upstream_era),
            repeatable: item.repeatable,
        },
        expecting,
        upstream: item.upstream.name.to_string(),
        upstream_era,
        timeout: permit
            .limits()
            .timeout
            .map_or(most, |limit| limit.min(most)),
    }
}

/// What a modern upstream over HTTP asks to be repeated in headers.
fn param_headers(
    received: &Received<'_>,
    item: &Item,
    upstream_era: Era,
) -> Vec<(HeaderName, HeaderValue)> {
    let http = matches!(item.upstream.transport, Transport::Http(_));
    if item.param_headers.is_empty() || !http || upstream_era == Era::Legacy {
        return Vec::new();
    }
    let arguments = received.params.as_ref().and_then(|params| params.arguments);
    let arguments = arguments.and_then(|raw| serde_json::from_str(raw.get()).ok());
    param_headers::write(&item.param_headers, &arguments.unwrap_or_default())
}

/// Waits for what comes first: the end becomes JSON; anything else, or a long silence, a stream.
pub async fn respond(received: &Received<'_>, mut conversation: Conversation) -> Response {
    let accepts = received.accepts;
    let id = received.arrival.id;
    if !accepts.json {
        return event_stream::of(conversation, None, id);
    }
    loop {
        let first = if accepts.event_stream {
            match tokio::time::timeout(KEEP_ALIVE, conversation.next()).await {
                Ok(first) => first,
                Err(_) => return event_stream::of(conversation, None, id),
            }
        } else {
            conversation.next().await
        };
        let last = match first {
            Frame::Message(_) if !accepts.event_stream => continue,
            first @ Frame::Message(_) => return event_stream::of(conversation, Some(first), id),
            Frame::Asked(question) => conversation.park(question),
            Frame::Last(last) => last,
        };
        return respond::json_response(last.status, Body::from(last.body), id);
    }
}
