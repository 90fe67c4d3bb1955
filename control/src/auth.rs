//! Who may call: this process itself, a client certificate of our authority, or the service token.
//!
//! One layer around all services, so that a new one cannot be left open. Only health is, which says
//! nothing but that somebody listens.

use crate::grpc::status;
use futures_util::future::{Either, Ready, ready};
use http::{HeaderMap, Request, Response, header::AUTHORIZATION};
use ostia_domain::key::Secret;
use ostia_proto::client::InProcess;
use ring::{
    hmac::{self, HMAC_SHA256, Key, Tag},
    rand::SystemRandom,
};
use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};
use tonic::{
    body::Body,
    transport::server::{TcpConnectInfo, TlsConnectInfo},
};
use tower::{Layer, Service};

const OPEN: &str = "/grpc.health.v1.Health/";

/// Tells known callers from others. Holds a digest of the token under a key of this process, and
/// comparing digests takes the same time for every token.
pub(crate) struct Callers {
    key: Key,
    token: Tag,
}

impl Callers {
    /// `None`: the system has no randomness.
    pub(crate) fn new(service_token: &Secret) -> Option<Self> {
        let key = Key::generate(HMAC_SHA256, &SystemRandom::new()).ok()?;
        let token = hmac::sign(&key, service_token.expose().as_bytes());
        Some(Self { key, token })
    }

    fn knows(&self, request: &Request<Body>) -> bool {
        request.extensions().get::<InProcess>().is_some()
            || has_certificate(request)
            || self.is_token(request.headers())
            || request.uri().path().starts_with(OPEN)
    }

    fn is_token(&self, headers: &HeaderMap) -> bool {
        let presented = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        presented.is_some_and(|token| hmac::verify(&self.key, token, self.token.as_ref()).is_ok())
    }
}

/// The handshake lets no certificate through that is not of our authority, and asks for none when we
/// have no authority.
fn has_certificate(request: &Request<Body>) -> bool {
    request
        .extensions()
        .get::<TlsConnectInfo<TcpConnectInfo>>()
        .and_then(TlsConnectInfo::peer_certs)
        .is_some_and(|certificates| !certificates.is_empty())
}

#[derive(Clone)]
pub(crate) struct Authentication(Arc<Callers>);

impl Authentication {
    pub(crate) fn new(callers: Callers) -> Self {
        Self(Arc::new(callers))
    }
}

impl<S> Layer<S> for Authentication {
    type Service = Authenticated<S>;
    fn layer(&self, inner: S) -> Self::Service {
        Authenticated {
            inner,
            callers: self.0.clone(),
        }
    }
}

#[derive(Clone)]
pub(crate) struct Authenticated<S> {
    inner: S,
    callers: Arc<Callers>,
}

impl<S> Service<Request<Body>> for Authenticated<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<S::Future, Ready<Result<Response<Body>, Infallible>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if self.callers.knows(&request) {
            Either::Left(self.inner.call(request))
        } else {
            Either::Right(ready(Ok(status::unauthenticated().into_http())))
        }
    }
}
