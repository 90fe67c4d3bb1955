//! `tools/call`: through the pipeline to an upstream, and the answer back.

use super::{
    answer::Addressee,
    endpoint::{Received, refuse},
    envelope::{is_object, string},
    era::Era,
    event_stream, param_headers,
};
use crate::{
    authorize::Permit,
    error::Error,
    pipeline::{self, Allowed},
    pool::{
        Lease,
        pending::{Answer, Event, Lost},
    },
    record::OpenRecord,
    respond,
    trace::Incoming,
    upstream::{
        exchange::{Exchange, deadline, lost},
        handshake::error_code,
        request_line::CallTemplate,
    },
};
use axum::{
    body::{Body, Bytes},
    response::Response,
};
use http::StatusCode;
use ostia_domain::code::Code;
use std::time::Duration;

/// How long a call may be silent before its answer becomes a stream with comments in it, so that no
/// proxy takes the connection for dead.
pub const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub async fn serve(received: Received<'_>, mut record: OpenRecord) -> Response {
    let name = match called_name(&received) {
        Ok(name) => name,
        Err(error) => return refuse(&received, record, &error),
    };
    let arguments = received.params.as_ref().and_then(|params| params.arguments);
    if let Some(arguments) = arguments {
        record.arguments(arguments.get());
    }
    let exchange = match begin(&received, &name, record).await {
        Ok(exchange) => exchange,
        Err((record, error)) => return refuse(&received, record, &error),
    };
    let upstream_era = exchange.upstream_era();
    let addressee = Addressee {
        id: Bytes::copy_from_slice(received.id().as_bytes()),
        progress_token: progress_token(&received),
        era: received.era,
    };
    respond(&received, exchange, addressee, upstream_era).await
}

fn called_name(received: &Received<'_>) -> Result<String, Error> {
    let params = received.params.as_ref();
    if params
        .and_then(|params| params.arguments)
        .is_some_and(|raw| !is_object(raw))
    {
        let message = "The member `arguments` must be an object.";
        return Err(Error::new(Code::InvalidParams, message));
    }
    params
        .and_then(|params| params.name)
        .and_then(string)
        .map(Into::into)
        .ok_or_else(|| {
            Error::new(
                Code::InvalidParams,
                "The member `name` must be a tool's name.",
            )
        })
}

fn progress_token(received: &Received<'_>) -> Option<Bytes> {
    let token = received.meta.as_ref()?.progress_token?;
    Some(Bytes::copy_from_slice(token.get().as_bytes()))
}

/// Takes the call through the pipeline and puts it on its worker.
async fn begin(
    received: &Received<'_>,
    name: &str,
    mut record: OpenRecord,
) -> Result<Exchange, (OpenRecord, Error)> {
    let Received {
        state,
        principal,
        endpoint,
        ..
    } = received;
    let allowed = match pipeline::allow(state, principal, endpoint, name, &mut record) {
        Ok(allowed) => allowed,
        Err(error) => return Err((record, error)),
    };
    if let Err(error) = check_param_headers(received, &allowed.permit) {
        return Err((record, error));
    }
    match pipeline::lease(&allowed.permit).await {
        Ok(lease) => send(received, allowed, lease, name, record).await,
        Err(error) => Err((record, error)),
    }
}

/// Only after policy, which must not be told apart by which headers a tool asks for.
fn check_param_headers(received: &Received<'_>, permit: &Permit) -> Result<(), Error> {
    if received.era == Era::Legacy {
        return Ok(());
    }
    let arguments = received.params.as_ref().and_then(|params| params.arguments);
    param_headers::check(&permit.tool().param_headers, received.headers, arguments)
}

/// Puts the call on its worker. From here on it has, or may have, an effect.
async fn send(
    received: &Received<'_>,
    Allowed { permit, admission }: Allowed,
    lease: Lease,
    name: &str,
    mut record: OpenRecord,
) -> Result<Exchange, (OpenRecord, Error)> {
    let tool = permit.tool();
    let upstream_era = tool.pool.era();
    let upstream = tool.upstream.name.as_str();
    let until = deadline(tool.upstream.call_timeout);
    let (Some(params), streams) = (&received.params, received.accepts.event_stream) else {
        return Err((record, lost(upstream)));
    };
    let in_message = received.meta.as_ref().and_then(|meta| meta.traceparent);
    let incoming = Incoming::of(received.headers, in_message);
    let traceparent = record.trace(&tool.canonical, &incoming);
    let template = CallTemplate {
        body: received.body,
        message: &received.message,
        params,
        meta: received.meta.as_ref(),
        name: (name != tool.name).then_some(tool.name_json.as_slice()),
        client_era: received.era,
        upstream_era,
        traceparent: traceparent.as_deref(),
    };
    let wants_progress = streams
        && received
            .meta
            .as_ref()
            .is_some_and(|meta| meta.progress_token.is_some());
    let sent = lease
        .worker()
        .send(wants_progress, |id| template.line(id))
        .await;
    match sent {
        Ok(pending) => Ok(Exchange::new(
            pending,
            (lease, admission, record),
            (received.era, upstream_era),
            (upstream, until),
            received.state.tasks.clone(),
        )),
        Err(Lost) => Err((record, lost(upstream))),
    }
}

/// Waits for what comes first: an answer becomes JSON, progress or a long silence a stream.
async fn respond(
    received: &Received<'_>,
    mut exchange: Exchange,
    addressee: Addressee,
    upstream_era: Era,
) -> Response {
    let accepts = received.accepts;
    let id = received.arrival.id;
    if !accepts.json {
        return event_stream::of(exchange, None, addressee, upstream_era, id);
    }
    let first = if accepts.event_stream {
        match tokio::time::timeout(KEEP_ALIVE, exchange.next()).await {
            Ok(first) => first,
            Err(_) => return event_stream::of(exchange, None, addressee, upstream_era, id),
        }
    } else {
        exchange.next().await
    };
    match first {
        Ok(Event::Answer(answer)) => json(&answer, &addressee, upstream_era, received),
        Ok(Event::Progress(progress)) => {
            event_stream::of(exchange, Some(progress), addressee, upstream_era, id)
        }
        Err(error) => respond::error(&error, received.era, id, Some(received.id())),
    }
}

fn json(
    answer: &Answer,
    addressee: &Addressee,
    upstream_era: Era,
    received: &Received<'_>,
) -> Response {
    let status = if answer.is_result {
        StatusCode::OK
    } else {
        respond::upstream_error_status(error_code(answer.payload()), received.era)
    };
    let body = Body::from(addressee.answer(answer, upstream_era));
    respond::json_response(status, body, received.arrival.id)
}
