//! The HTTP endpoint: from bytes to a request of one era, by somebody known.

use super::{
    admissible, discover,
    envelope::{Message, is_request_id},
    era::{Era, claims_modern},
    forward::{self, Came, Onward, Place},
    headers::{self, Accepts},
    initialize, legacy, listen, lists, origin, read,
    received::{Received, refuse},
    relay::{self, Relayed},
    subscriptions,
    tasks::{self, Asked},
};
use crate::{
    authenticate::{authenticate, presented},
    authorize::visible,
    call::Arrival,
    error::Error,
    record::OpenRecord,
    respond,
    route::Endpoint,
    state::State,
    view::Kind,
};
use axum::{
    body::{Body, Bytes},
    extract::{ConnectInfo, Path, State as Shared},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, Method, Request, StatusCode, header::USER_AGENT};
use ostia_domain::{
    capability::ClientCapabilities, code::Code, principal::Principal, usage::Outcome,
};
use serde_json::value::RawValue;
use std::{net::SocketAddr, sync::Arc, time::Duration};

/// `/mcp` and `/mcp/<upstream>`, every HTTP method.
pub async fn handle(
    Shared(state): Shared<Arc<State>>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    upstream: Option<Path<String>>,
    request: Request<Body>,
) -> Response {
    let endpoint = upstream.map_or(Endpoint::Everything, |Path(name)| Endpoint::named(name));
    serve(state, remote, endpoint, request).await
}

/// One request, whichever way it came.
pub async fn serve(
    state: Arc<State>,
    remote: SocketAddr,
    endpoint: Endpoint,
    request: Request<Body>,
) -> Response {
    let mut arrival = state.arrive(remote, request.headers());
    let came = forward::came(&state, request.headers());
    if let Came::Forwarded(client) = came {
        arrival.remote = client;
    }
    let mut record = state.recorder.open(&arrival);
    let (parts, body) = request.into_parts();
    record.client(parts.headers.get(USER_AGENT));

    // Until the body was read, the header alone tells how to word a refusal.
    let claimed = parts
        .headers
        .get(headers::PROTOCOL_VERSION)
        .and_then(|version| version.to_str().ok());
    let era = if claimed.is_some_and(claims_modern) {
        Era::Modern
    } else {
        Era::Legacy
    };
    let refuse = |mut record: OpenRecord, error: Error| {
        record.failed(&error);
        respond::error(&error, era, arrival.id, None)
    };

    record.method(parts.method.as_str());
    if came == Came::Stray {
        let message = "This request was for another Ostia.";
        return forward::stray(refuse(record, Error::new(Code::SessionUnknown, message)));
    }
    // Whoever forwarded it has checked what it was called.
    if came == Came::FromClient
        && let Err(error) = origin::check(&state.config, &parts.headers, &parts.uri)
    {
        return refuse(record, error);
    }
    let principal = match identify(&state, &parts.headers, &arrival, &mut record).await {
        Ok(principal) => principal,
        Err(error) => return refuse(record, error),
    };
    if came == Came::FromClient
        && parts.method != Method::POST
        && let Some(owner) = forward::owner_of_session(&state, &parts.headers, &principal)
    {
        let onward = Onward {
            method: parts.method.clone(),
            to: Place::Endpoint(&endpoint),
            headers: &parts.headers,
            body: Bytes::new(),
            arrival: &arrival,
        };
        match forward::to_owner(&state, &owner, onward).await {
            Ok(Some(answer)) => {
                record.discard();
                return answer;
            }
            Ok(None) => {}
            Err(error) => return refuse(record, error),
        }
    }
    match parts.method {
        Method::POST => {}
        Method::DELETE => {
            return admissible::delete(&state, &parts.headers, &principal, &arrival, record);
        }
        Method::GET if era == Era::Legacy && parts.headers.contains_key(headers::SESSION_ID) => {
            return match admissible::open_session(&state, &parts.headers, &principal, &arrival) {
                Ok(session) => {
                    record.ended(Outcome::Ok, 0);
                    let last = parts.headers.get(headers::LAST_EVENT_ID);
                    let rest = last
                        .and_then(|last| last.to_str().ok())
                        .and_then(|last| state.replays.after(session.id, last, arrival.id));
                    if let Some(rest) = rest {
                        return rest;
                    }
                    let headers = &parts.headers;
                    listen::get(&state, principal, headers, endpoint, session, &arrival)
                }
                Err(error) => refuse(record, error),
            };
        }
        _ => {
            let message = "Send JSON-RPC messages with POST; listen with GET and end with DELETE in a \
                           session.";
            return refuse(record, Error::new(Code::HttpMethodNotAllowed, message));
        }
    }
    let body = match read::body(body, state.config.max_body_bytes).await {
        Ok(body) => body,
        Err(error) => return refuse(record, error),
    };
    record.request_bytes(body.len());
    let message = match Message::parse(&body).map_err(read::malformed) {
        Ok(message) => message,
        Err(error) => return refuse(record, error),
    };
    let (params, meta) = match read::request(&message) {
        Ok(read) => read,
        Err(error) => {
            record.failed(&error);
            let id = message.id.filter(|id| is_request_id(id)).map(RawValue::get);
            return respond::error(&error, era, arrival.id, id);
        }
    };
    if let Some(method) = &message.method {
        record.method(method);
    }
    let modern = headers::is_modern(&parts.headers, meta.as_ref());
    let received = Received {
        state: &state,
        arrival,
        endpoint,
        principal,
        headers: &parts.headers,
        body: &body,
        message,
        params,
        meta,
        era: if modern { Era::Modern } else { Era::Legacy },
        capabilities: ClientCapabilities::NONE,
        session: None,
        accepts: Accepts::of(&parts.headers),
    };
    dispatch(received, came, record).await
}

/// Authenticates a request, as long as what it will do can be written down.
pub async fn identify(
    state: &State,
    headers: &HeaderMap,
    arrival: &Arrival,
    record: &mut OpenRecord,
) -> Result<Arc<Principal>, Error> {
    if state.draining() {
        return Err(Error::new(
            Code::ShuttingDown,
            "This Ostia is stopping. Send the request again.",
        )
        .retry_after(Duration::from_secs(1)));
    }
    if !state.recorder.has_room().await {
        let message = "Nothing can be recorded at the moment, so nothing is done.";
        return Err(
            Error::new(Code::ControlUnavailable, message).retry_after(Duration::from_secs(5))
        );
    }
    match authenticate(
        &state.keys,
        &state.control,
        headers,
        (arrival.at, arrival.remote),
    )
    .await
    {
        Ok(principal) => {
            record.caller(&principal);
            Ok(principal)
        }
        Err(error) => {
            if let Ok(credential) = presented(headers) {
                record.refused_credential(credential);
            }
            Err(error)
        }
    }
}

/// Checks what its era asks of a request, and hands it to the file named after its method.
async fn dispatch(mut received: Received<'_>, came: Came, mut record: OpenRecord) -> Response {
    if let Err(error) = admissible::check(&mut received) {
        return refuse(&received, record, &error);
    }
    if came == Came::FromClient
        && let Some(owner) = forward::owner(&received)
    {
        let onward = Onward {
            method: Method::POST,
            to: Place::Endpoint(&received.endpoint),
            headers: received.headers,
            body: received.body.clone(),
            arrival: &received.arrival,
        };
        match forward::to_owner(received.state, &owner, onward).await {
            Ok(Some(answer)) => {
                record.discard();
                return answer;
            }
            Ok(None) => {}
            Err(error) => return refuse(&received, record, &error),
        }
    }
    let Some(method) = received.message.method.as_deref() else {
        return legacy::answer(&received, record).await;
    };
    if received.message.id.is_none() {
        legacy::notification(&received, method);
        record.discard();
        return StatusCode::ACCEPTED.into_response();
    }
    if let Err(error) = check_endpoint(&received) {
        return refuse(&received, record, &error);
    }
    if let Some(relayed) = Relayed::of(method) {
        return relay::serve(received, relayed, record).await;
    }
    if let Some(asked) = Asked::of(received.era, method) {
        return tasks::serve(received, asked, record).await;
    }
    if (received.era, method) == (Era::Modern, "subscriptions/listen") {
        return listen::listen(&received, record).await;
    }
    let answered = match (received.era, method) {
        (_, "tools/list") => lists::serve(&received, Kind::Tool),
        (_, "prompts/list") => lists::serve(&received, Kind::Prompt),
        (_, "resources/list") => lists::serve(&received, Kind::Resource),
        (_, "resources/templates/list") => lists::serve(&received, Kind::Template),
        (Era::Legacy, "initialize") => initialize::serve(&received),
        (Era::Legacy, "ping") => {
            record.discard();
            return initialize::pong(&received);
        }
        (Era::Legacy, "logging/setLevel") => legacy::set_log_level(&received),
        (Era::Legacy, "resources/subscribe") => {
            subscriptions::subscribe(&received, &mut record).await
        }
        (Era::Legacy, "resources/unsubscribe") => subscriptions::unsubscribe(&received),
        (Era::Modern, "server/discover") => Ok(discover::serve(&received)),
        _ => {
            let shown: String = method.chars().take(100).collect();
            Err(Error::new(
                Code::MethodNotFound,
                format!("There is no method {shown:?} here."),
            ))
        }
    };
    match answered {
        Ok((response, bytes)) => {
            record.ended(Outcome::Ok, bytes);
            response
        }
        Err(error) => refuse(&received, record, &error),
    }
}

/// Refuses `/mcp/<upstream>` and `/mcp/@<bundle>` where the caller may use nothing: a wrong name and a forbidden one look
/// the same.
fn check_endpoint(received: &Received<'_>) -> Result<(), Error> {
    let (what, name) = match &received.endpoint {
        Endpoint::Everything => return Ok(()),
        Endpoint::One(name) => ("upstream", name),
        Endpoint::Bundle(name) => ("bundle", name),
    };
    let view = received.state.view.load();
    if Kind::ALL.into_iter().any(|kind| {
        visible(&view, &received.principal, &received.endpoint, kind)
            .next()
            .is_some()
    }) {
        return Ok(());
    }
    let shown: String = name.chars().take(100).collect();
    let message = format!("There is no {what} {shown:?} with anything for this API key.");
    Err(Error::new(Code::NotFound, message))
}
