//! Who may call: this process itself, a client certificate of our authority, the service token, or a key
//! of a service account. Whoever of the first three names a user acts for that user, within the role, and is
//! believed about the key, the address and the client of the user, too.
//!
//! One layer around all services, so that a new one cannot be left open. Only health is, which says
//! nothing but that somebody listens.

mod source;

use crate::{
    app::{App, Verdict},
    authority::{Acting, With},
    error::{Error, Kind as ErrorKind, Result},
    jobs::refusals::Refusal,
    op::Op,
};
use futures_util::future::{BoxFuture, Either};
use http::{HeaderMap, Request, Response, header::AUTHORIZATION};
use ostia_domain::{
    clock::Timestamp,
    code::Code,
    key::{Mode, Presented, Secret},
    principal::Principal,
    user::{Kind, User},
};
use ostia_proto::{
    client::{InProcess, USER_HEADER},
    status::code_of,
};
use ring::{
    hmac::{self, HMAC_SHA256, Key, Tag},
    rand::SystemRandom,
};
use std::{
    convert::Infallible,
    net::{IpAddr, Ipv6Addr},
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
        presented(headers)
            .is_some_and(|token| hmac::verify(&self.key, token, self.token.as_ref()).is_ok())
    }
}

fn presented(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(AUTHORIZATION)?;
    value.as_bytes().strip_prefix(b"Bearer ")
}

/// Whom a request is made for or by, where that takes the database to find out.
enum Claim {
    /// A caller that is known acts for this user, who comes so.
    User(String, With),
    /// A caller that is not known has this key, and comes so.
    Key(Secret, With),
}

impl Claim {
    fn of(request: &Request<Body>, known: bool) -> Option<Self> {
        let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(str::to_owned);
        if known {
            let user = request.headers().get(USER_HEADER)?;
            // One that cannot be read is nobody, and not everybody.
            let user = text(user.as_bytes()).unwrap_or_default();
            return Some(Self::User(user, source::told(request.headers())));
        }
        let key = text(presented(request.headers())?)?;
        key.starts_with("ost_")
            .then(|| Self::Key(Secret::new(key), source::seen(request)))
    }

    /// What is found out on the way is put down for audit.
    async fn user(self, app: &App, seen: &mut Refusal) -> Result<(User, With)> {
        let unknown = || Error(ErrorKind::Unauthenticated);
        let op = Op::new("service".to_owned());
        let by_key = matches!(self, Self::Key(..));
        let (id, with) = match self {
            Self::User(id, with) => (id, with),
            Self::Key(key, from) => {
                let presented = Presented::parse(key.expose()).ok();
                seen.presented = presented.map(|key| key.public_id());
                match app.authenticate(&op, key.expose(), (&from).into()).await? {
                    Verdict::Accepted { principal, .. } => {
                        let with = With {
                            key: Some(principal.key_id),
                            ..from
                        };
                        seen.proved(principal.owner_id, &with);
                        check_restrictions(&principal, with.address, op.now)?;
                        // A test key reaches the demo upstream, and nothing else.
                        if principal.mode != Mode::Live {
                            return Err(unknown());
                        }
                        (principal.owner_id.to_string(), with)
                    }
                    Verdict::Refused(code) => {
                        seen.reason = Some(code);
                        return Err(unknown());
                    }
                }
            }
        };
        let user = app.user(&op, &id).await.map_err(|_| unknown())?.stored.user;
        seen.proved(user.id, &with);
        // Keys of people call tools; what they may do here, they do signed in.
        let may = user.enabled && (!by_key || user.kind == Kind::Service);
        may.then_some((user, with)).ok_or_else(unknown)
    }
}

/// What holds a key everywhere. One with networks is refused where the address is not known.
fn check_restrictions(principal: &Principal, peer: Option<IpAddr>, now: Timestamp) -> Result<()> {
    let peer = peer.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
    if !principal.may_come_from(peer) {
        return Err(Error(ErrorKind::AddressForbidden(peer)));
    }
    match principal.window.filter(|window| !window.contains(now)) {
        Some(window) => Err(Error(ErrorKind::HourForbidden(window))),
        None => Ok(()),
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

async fn acting(claim: Claim, app: &App, path: &str, seen: &mut Refusal) -> Result<Acting> {
    let (user, with) = claim.user(app, seen).await?;
    Acting::of(&user, with, path).ok_or(Error(ErrorKind::Forbidden))
}

/// Why somebody was refused who was let in here: there are rules that need to know more than the method.
fn refused(response: &Response<Body>) -> Option<Code> {
    let status = tonic::Status::from_header_map(response.headers())?;
    code_of(&status).filter(|code| code.refuses_somebody())
}

#[derive(Clone)]
pub(crate) struct Authentication {
    callers: Arc<Callers>,
    app: Arc<App>,
}

impl Authentication {
    pub(crate) fn new(callers: Callers, app: Arc<App>) -> Self {
        let callers = Arc::new(callers);
        Self { callers, app }
    }
}

impl<S> Layer<S> for Authentication {
    type Service = Authenticated<S>;
    fn layer(&self, inner: S) -> Self::Service {
        Authenticated {
            inner,
            authentication: self.clone(),
        }
    }
}

#[derive(Clone)]
pub(crate) struct Authenticated<S> {
    inner: S,
    authentication: Authentication,
}

impl<S> Service<Request<Body>> for Authenticated<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<S::Future, BoxFuture<'static, Result<Response<Body>, Infallible>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let known = self.authentication.callers.knows(&request);
        let claim = Claim::of(&request, known);
        if known && claim.is_none() {
            let with = source::told_or_seen(&request);
            request.extensions_mut().insert(with);
            return Either::Left(self.inner.call(request));
        }
        // The one that is ready is the one to call.
        let fresh = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, fresh);
        let app = Arc::clone(&self.authentication.app);
        let with = match &claim {
            Some(Claim::User(_, with) | Claim::Key(_, with)) => with.clone(),
            None => source::seen(&request),
        };
        let mut seen = Refusal::unknown(request.uri().path(), with);
        Either::Right(Box::pin(async move {
            let acting = match claim {
                Some(claim) => acting(claim, &app, request.uri().path(), &mut seen).await,
                None => Err(Error(ErrorKind::Unauthenticated)),
            };
            let (response, code) = match acting {
                Ok(acting) => {
                    request.extensions_mut().insert(acting);
                    let response = inner.call(request).await?;
                    let code = refused(&response);
                    (response, code)
                }
                Err(error) => {
                    let code = Some(error.code()).filter(|code| code.refuses_somebody());
                    (tonic::Status::from(error).into_http(), code)
                }
            };
            if let Some(code) = code {
                app.refusals.note(Refusal { code, ..seen });
            }
            Ok(response)
        }))
    }
}
