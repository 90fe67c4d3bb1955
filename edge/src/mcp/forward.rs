//! A request about what another edge keeps goes there as it is, and the answer comes back as it is.
//!
//! What a client holds names that edge and its address ([`super::owner`]), so that no table of edges is
//! needed; whether it lives is what a connection to it says. It authenticates the request again and does all
//! that it does with its own. A sealed header tells it that the request was forwarded, and from where it came
//! first: such a request is never forwarded again.
//!
//! Nothing is sent twice. Only an edge that took no connection, or said that it is another one, counts as gone;
//! then the request is this edge's to answer, as far as it can.

mod place;

pub use place::Place;

use super::{
    era::Era,
    headers::Accepts,
    owner::Owner,
    received::Received,
    relay,
    request_state::Continue,
    seal::{Purpose, Sealer},
    tasks,
};
use crate::{call::Arrival, error::Error, state::State};
use axum::{
    body::{Body, Bytes},
    response::Response,
};
use futures_util::StreamExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use moka::sync::Cache;
use ostia_domain::{
    clock::{self, Timestamp},
    code::Code,
    principal::Principal,
};
use std::{net::IpAddr, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// To an edge: that a request was forwarded. From it: that it is not the edge which was meant.
pub const HOP: HeaderName = HeaderName::from_static("ostia-hop");
const STRAY: HeaderValue = HeaderValue::from_static("stray");

/// An edge that takes no connection for so long is gone.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// An edge begins its answer sooner: to whoever takes a stream it opens one after a silence.
const BEGIN_TIMEOUT: Duration = Duration::from_secs(30);
/// An edge that is gone is not tried again for so long.
const GONE_FOR: Duration = Duration::from_secs(5);
const MAX_GONE: u64 = 1_000;
/// Clocks of edges may differ by so much.
const MAX_AGE_S: u64 = 60;
/// Connections are kept so long, in case there is more to forward.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

/// Between two neighbours, whatever the request is about.
static OF_A_CONNECTION: [HeaderName; 10] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::HOST,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HOP,
];

pub struct Forwarder {
    sealer: Arc<Sealer>,
    http: reqwest::Client,
    gone: Cache<Uuid, ()>,
}

/// How a request came here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    FromClient,
    /// From this address, over another edge.
    Forwarded(IpAddr),
    /// For an edge that this one is not, or not any more.
    Stray,
}

/// A request on its way.
pub struct Onward<'a> {
    pub method: Method,
    pub to: Place<'a>,
    pub headers: &'a HeaderMap,
    pub body: Bytes,
    pub arrival: &'a Arrival,
}

impl Forwarder {
    pub fn new(sealer: Arc<Sealer>) -> Result<Self, reqwest::Error> {
        Ok(Self {
            sealer,
            http: reqwest::Client::builder()
                .tcp_nodelay(true)
                .connect_timeout(CONNECT_TIMEOUT)
                .pool_idle_timeout(IDLE_TIMEOUT)
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .build()?,
            gone: Cache::builder()
                .max_capacity(MAX_GONE)
                .time_to_live(GONE_FOR)
                .build(),
        })
    }

    fn hop(&self, to: Uuid, arrival: &Arrival) -> Option<HeaderValue> {
        let mut content = arrival.at.timestamp().to_be_bytes().to_vec();
        content.extend_from_slice(arrival.remote.to_string().as_bytes());
        let sealed = self.sealer.seal(Purpose::Hop, to, &content)?;
        HeaderValue::try_from(sealed).ok()
    }

    fn client_of(&self, own: Uuid, hop: &HeaderValue, now: Timestamp) -> Option<IpAddr> {
        let content = self.sealer.open(Purpose::Hop, own, hop.to_str().ok()?)?;
        let (at, client) = content.split_first_chunk::<8>()?;
        let age = now.timestamp().abs_diff(i64::from_be_bytes(*at));
        (age <= MAX_AGE_S).then_some(())?;
        std::str::from_utf8(client).ok()?.parse().ok()
    }

    /// `None`: the edge is gone, and nothing was sent to it. An error: nobody knows what became of it.
    async fn forward(
        &self,
        to: &Owner,
        onward: Onward<'_>,
    ) -> Result<Option<reqwest::Response>, String> {
        let Some(url) = to.url.as_deref().and_then(|url| url.parse().ok()) else {
            return Ok(None);
        };
        if self.gone.contains_key(&to.id) {
            return Ok(None);
        }
        let (Some(url), Some(hop)) = (onward.to.at(url), self.hop(to.id, onward.arrival)) else {
            return Ok(None);
        };
        let mut headers = passed_on(onward.headers);
        headers.insert(HOP, hop);
        let request = self.http.request(onward.method, url).headers(headers);
        let sent = request.body(onward.body).send();
        let begun = if Accepts::of(onward.headers).event_stream {
            tokio::time::timeout(BEGIN_TIMEOUT, sent).await
        } else {
            // An answer without a stream takes as long as what it is about.
            Ok(sent.await)
        };
        match begun {
            Err(_) => Err("it is silent".to_owned()),
            Ok(Ok(response)) if !response.headers().contains_key(HOP) => Ok(Some(response)),
            Ok(Err(error)) if !error.is_connect() => Err(error.without_url().to_string()),
            Ok(Ok(_) | Err(_)) => {
                tracing::info!(edge = %to.id, "an edge is gone: what it kept is lost");
                self.gone.insert(to.id, ());
                Ok(None)
            }
        }
    }
}

/// How a request with these headers came to this edge.
pub fn came(state: &State, headers: &HeaderMap) -> Came {
    let Some(hop) = headers.get(HOP) else {
        return Came::FromClient;
    };
    // What it kept goes with it: whoever forwards is to know at once.
    if state.draining() {
        return Came::Stray;
    }
    let client = state.forwarder.client_of(state.own.id, hop, clock::now());
    client.map_or(Came::Stray, Came::Forwarded)
}

/// Marks the answer to a request for another edge: it was not looked at.
pub fn stray(mut refusal: Response) -> Response {
    refusal.headers_mut().insert(HOP, STRAY);
    refusal
}

/// The edge that keeps what a request is about, where that is another one.
pub fn owner(received: &Received<'_>) -> Option<Owner> {
    let owner = match received.era {
        Era::Legacy if received.session?.of_this_edge => return None,
        Era::Legacy => {
            let state = received.state;
            return owner_of_session(state, received.headers, &received.principal);
        }
        Era::Modern => match relay::continued(received) {
            Ok(Some(Continue::Parked { at, .. })) => at,
            _ => tasks::edge_of(received)?,
        },
    };
    (owner.id != received.state.own.id).then_some(owner)
}

/// The same for a request without a body, in a session.
pub fn owner_of_session(
    state: &State,
    headers: &HeaderMap,
    principal: &Principal,
) -> Option<Owner> {
    let id = headers.get(super::headers::SESSION_ID)?.to_str().ok()?;
    let owner = state.sessions.owner(id, principal.key_id)?;
    (owner.id != state.own.id).then_some(owner)
}

/// What the owner answers. `None`: it is gone, and the request is for this edge to answer.
pub async fn to_owner(
    state: &State,
    owner: &Owner,
    onward: Onward<'_>,
) -> Result<Option<Response>, Error> {
    let listens = onward.method == Method::GET;
    let response = state.forwarder.forward(owner, onward).await;
    let response = response.map_err(|problem| {
        tracing::warn!(problem, edge = %owner.id, "a request to another edge broke off");
        let message = "The edge that keeps this session or call did not answer. Whether the request had an \
                       effect is not known.";
        Error::new(Code::WorkerLost, message)
    })?;
    // A stream that listens ends when this edge stops; an answer is waited for.
    let until = listens.then(|| state.draining.clone());
    Ok(response.map(|response| answer(response, until)))
}

fn answer(response: reqwest::Response, until: Option<CancellationToken>) -> Response {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = response.status();
    *answer.headers_mut() = passed_on(response.headers());
    let body = response.bytes_stream();
    *answer.body_mut() = match until {
        Some(until) => Body::from_stream(body.take_until(until.cancelled_owned())),
        None => Body::from_stream(body),
    };
    answer
}

fn passed_on(headers: &HeaderMap) -> HeaderMap {
    let mut passed = headers.clone();
    for name in &OF_A_CONNECTION {
        passed.remove(name);
    }
    passed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_a_connection_stays_with_it() {
        let mut headers = HeaderMap::new();
        for name in [
            "host",
            "connection",
            "ostia-hop",
            "authorization",
            "mcp-session-id",
        ] {
            headers.insert(name, HeaderValue::from_static("x"));
        }
        let passed = passed_on(&headers);
        let mut names: Vec<_> = passed.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["authorization", "mcp-session-id"]);
    }
}
