//! Connections to one origin, over HTTP/1.1.
//!
//! A connection is driven by the request that uses it, and has no task of its own: a request and its answer
//! stay on one thread, where a task for each connection would hand both over to another one. Nobody drives
//! the idle ones, so whether one of them still stands is found out when it is taken.

mod body;

use super::network::{Checked, stage};
use body::Body;
use bytes::Bytes;
use http::{HeaderValue, Request, Uri, header::HOST};
use http_body_util::Full;
use hyper::{
    body::Incoming,
    client::conn::{
        TrySendError,
        http1::{self, SendRequest},
    },
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::{client::legacy::connect::HttpConnector, rt::TokioIo};
use ostia_domain::{clock, reach::Reach, upstream::Stage};
use reqwest::Url;
use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Waker},
    time::{Duration, Instant},
};
use tokio::net::TcpStream;
use tower::Service as _;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Idle connections are kept so long, less than most servers keep theirs.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);
/// Finds out that the other side is gone while a stream says nothing.
const KEEPALIVE: Duration = Duration::from_secs(15);
/// What was sent is acknowledged within this time, or the connection is over.
const ACKNOWLEDGED: Duration = Duration::from_secs(30);

pub(super) type Response = http::Response<Body>;
type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;

#[derive(Debug)]
pub(super) struct Connections {
    connector: HttpsConnector<HttpConnector<Checked>>,
    origin: Uri,
    host: HeaderValue,
    /// The last is the one that was used last.
    idle: Mutex<Vec<Idle>>,
}

#[derive(Debug)]
struct Idle {
    since: Instant,
    connection: Box<Connection>,
}

#[derive(Debug)]
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    io: http1::Connection<Stream, Full<Bytes>>,
    over: bool,
}

/// Why a request has no response. Says it for operators.
#[derive(Debug)]
pub(super) enum Error {
    /// Nothing of it was sent, and how far the connection came.
    Unreachable(Stage, String),
    /// It may have arrived.
    Broke(String),
}

impl Error {
    pub(super) fn describe(self) -> String {
        match self {
            Self::Unreachable(_, problem) | Self::Broke(problem) => problem,
        }
    }
}

impl Connections {
    /// Goes to the origin of this URL alone. An error says, for people, why it cannot.
    pub(super) fn new(url: &Url, reach: Reach) -> Result<Self, String> {
        let origin = url.origin().ascii_serialization();
        let origin: Uri = origin.parse().map_err(|_| "its URL has no host")?;
        let host = origin.authority().ok_or("its URL has no host")?;
        let host = HeaderValue::try_from(host.as_str()).map_err(|_| "its URL has no host")?;
        let mut tcp = HttpConnector::new_with_resolver(Checked(reach));
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        tcp.set_keepalive(Some(KEEPALIVE));
        tcp.set_keepalive_interval(Some(KEEPALIVE));
        tcp.set_tcp_user_timeout(Some(ACKNOWLEDGED));
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_platform_verifier(rustls::crypto::ring::default_provider())
            .map_err(|error| format!("TLS cannot be used: {error}"))?
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        Ok(Self {
            connector,
            origin,
            host,
            idle: Mutex::default(),
        })
    }

    /// Resolves with the head of the response. The connection is used again once the body was read.
    pub(super) async fn send(self: &Arc<Self>, request: Request<Bytes>) -> Result<Response, Error> {
        let mut request = request.map(Full::new);
        request.headers_mut().insert(HOST, self.host.clone());
        while let Some(mut connection) = self.take() {
            match connection.exchange(request).await {
                Ok(response) => return Ok(self.response(response, connection)),
                // It was closed while it lay idle.
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(Error::Broke(describe(error.error()))),
                },
            }
        }
        let mut connection = self.connect().await?;
        match connection.exchange(request).await {
            Ok(response) => Ok(self.response(response, connection)),
            Err(error) => Err(Error::Broke(describe(error.error()))),
        }
    }

    /// Closes what was not used for long.
    pub(super) fn close_idle(&self) {
        let fresh = |idle: &Idle| clock::instant() < idle.since + IDLE_TIMEOUT;
        self.idle().retain(fresh);
    }

    fn response(
        self: &Arc<Self>,
        response: http::Response<Incoming>,
        connection: Box<Connection>,
    ) -> Response {
        response.map(|incoming| Body::new(incoming, connection, Arc::clone(self)))
    }

    async fn connect(&self) -> Result<Box<Connection>, Error> {
        let mut connector = self.connector.clone();
        let stream = tokio::time::timeout(CONNECT_TIMEOUT, connector.call(self.origin.clone()))
            .await
            .map_err(|_| {
                let problem = "no connection was made in time";
                Error::Unreachable(Stage::Connect, problem.to_owned())
            })?
            .map_err(|error| Error::Unreachable(stage(&*error), describe(&*error)))?;
        let (sender, io) = http1::handshake(stream)
            .await
            .map_err(|error| Error::Unreachable(Stage::Connect, describe(&error)))?;
        Ok(Box::new(Connection {
            sender,
            io,
            over: false,
        }))
    }

    /// For the next request, if it may have one.
    fn give_back(&self, mut connection: Box<Connection>) {
        if connection.stands() {
            let since = clock::instant();
            self.idle().push(Idle { since, connection });
        }
    }

    fn take(&self) -> Option<Box<Connection>> {
        loop {
            let Idle {
                since,
                mut connection,
            } = self.idle().pop()?;
            if clock::instant() < since + IDLE_TIMEOUT && connection.stands() {
                return Some(connection);
            }
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<http::Response<Incoming>, TrySendError<Request<Full<Bytes>>>> {
        let mut response = pin!(self.sender.try_send_request(request));
        poll_fn(|cx| {
            drive(&mut self.io, &mut self.over, cx);
            response.as_mut().poll(cx)
        })
        .await
    }

    fn drive(&mut self, cx: &mut Context<'_>) {
        drive(&mut self.io, &mut self.over, cx);
    }

    /// Whether it may have another request.
    fn stands(&mut self) -> bool {
        self.drive(&mut Context::from_waker(Waker::noop()));
        !self.over && self.sender.is_ready()
    }
}

/// What goes wrong is told by the response and its body.
fn drive<F: Future + Unpin>(io: &mut F, over: &mut bool, cx: &mut Context<'_>) {
    if !*over {
        *over = Pin::new(io).poll(cx).is_ready();
    }
}

/// Without the URL, which may hold a credential.
fn describe(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests;
