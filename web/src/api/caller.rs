//! Who asks: a key, verified by control for each request, and what its owner may do.
//!
//! The one door to everything behind a credential. Browser sessions will come in here as another way to
//! be a [`Caller`]; what a caller may do is control's table, by role, for both.

use super::{problem::Problem, tokens, upstreams};
use crate::{
    Site,
    client::{Client, address_of},
    refusal::Refusal,
};
use axum::{
    extract::{ConnectInfo, FromRequestParts, MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::{
    HeaderMap, HeaderName, Method,
    header::{AUTHORIZATION, HeaderValue},
    request::Parts,
};
use ostia_domain::{
    clock,
    code::Code,
    key::{ACCESS_TOKEN_PREFIX, Mode, Presented, PublicId, Secret},
    principal::Principal,
    user::Kind,
};
use ostia_proto::{
    ControlClient,
    v1::{self, authenticate_response::Decision},
};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// A call of a tool, and a token for such calls: what the key of a person is for.
const CALLS: [&str; 2] = [upstreams::EXECUTE, tokens::EXCHANGE];

/// More than any access token has.
const MAX_ACCESS_TOKEN: usize = 4096;

#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) principal: Arc<Principal>,
    pub(crate) user: Arc<v1::User>,
    /// Holds every call to the role of the key's owner; audit names the key, too, and where it came from.
    pub(crate) control: ControlClient,
    /// What the caller presented, for calls that go on to an edge.
    pub(crate) credential: Secret,
    pub(crate) address: IpAddr,
    client: Client,
}

/// Every request to what needs a credential.
pub(super) async fn admit(
    State(site): State<Site>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    client: Client,
    route: MatchedPath,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let address = address_of(&site, peer, request.headers());
    let mut refusal = Refusal::of(request.method(), route.as_str());
    let from = (address, client.clone());
    let caller = Caller::of(&site, request.headers(), from, &mut refusal).await;
    let caller = caller.and_then(|caller| {
        let checked = caller.check(request.method(), route.as_str());
        checked.map(|()| caller)
    });
    let caller = match caller {
        Ok(caller) => caller,
        Err(problem) => {
            let control = client.through(&site.control);
            refusal.tell(&control, problem.code).await;
            return Err(problem);
        }
    };
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

impl Caller {
    async fn of(
        site: &Site,
        headers: &HeaderMap,
        (address, client): (IpAddr, Client),
        refusal: &mut Refusal,
    ) -> Result<Self, Problem> {
        let credential = presented(headers)?;
        refusal.presented(check_shape(credential.expose())?);
        let request = v1::AuthenticateRequest {
            key: credential.expose().to_owned(),
            address: Some(address.to_string()),
            client: client.agent.clone(),
        };
        let answer = site.control.sync().authenticate(request).await?;
        let principal = match answer.into_inner().decision {
            Some(Decision::Principal(principal)) => {
                Principal::try_from(*principal).map_err(|error| {
                    tracing::error!(%error, "control sent a principal that cannot be read");
                    Problem::internal()
                })?
            }
            Some(Decision::Refused(code)) => {
                return Err(refused(Code::parse(&code).unwrap_or(Code::KeyUnknown)));
            }
            None => return Err(Problem::internal()),
        };
        refusal.proved(principal.owner_id, Some(principal.key_id));
        check_restrictions(&principal, address, &credential)?;
        let control = named(&site.control, &client, &principal).on_behalf_of(principal.owner_id);
        let request = v1::GetUserRequest {
            user: principal.owner_id.to_string(),
        };
        let user = control.identity().get_user(request).await?.into_inner();
        Ok(Self {
            principal: Arc::new(principal),
            user: Arc::new(user),
            control,
            credential,
            address,
            client,
        })
    }

    /// Control for something else than the role allows, which audit is to tell of this caller all the same.
    pub(super) fn named_to(&self, control: &ControlClient) -> ControlClient {
        named(control, &self.client, &self.principal)
    }

    fn kind(&self) -> Kind {
        Kind::from(self.user.kind())
    }

    /// Keys of people call tools, and see what they are; they make no keys. What people administer, they
    /// do signed in. How far a service account goes is its role's affair, which control looks at; with a
    /// test key, which reaches the demo and nothing else, it goes no further than a person.
    fn check(&self, method: &Method, route: &str) -> Result<(), Problem> {
        let reads = matches!(*method, Method::GET | Method::HEAD);
        let calls = *method == Method::POST && CALLS.contains(&route);
        let of_a_person = calls || (reads && route.starts_with("/v1/"));
        let administers = self.kind() == Kind::Service && self.principal.mode == Mode::Live;
        if administers || of_a_person {
            return Ok(());
        }
        Err(Problem::new(
            Code::Forbidden,
            "the key of a person, and a test key, only read /v1/me and /v1/keys and call tools: use a live \
             key of a service account, whose role says what it may do",
        ))
    }
}

fn named(control: &ControlClient, client: &Client, principal: &Principal) -> ControlClient {
    client.through(control).with_key(principal.key_id)
}

/// The public id, where it has one. A look-alike costs nobody anything: control is not asked.
fn check_shape(credential: &str) -> Result<Option<PublicId>, Problem> {
    if credential.starts_with(ACCESS_TOKEN_PREFIX) && credential.len() <= MAX_ACCESS_TOKEN {
        return Ok(None);
    }
    let presented = Presented::parse(credential);
    presented.map(|key| Some(key.public_id())).map_err(|error| {
        let detail = format!("this is not a whole API key: {error}");
        Problem::new(Code::KeyMalformed, detail)
    })
}

fn check_restrictions(
    principal: &Principal,
    address: IpAddr,
    credential: &Secret,
) -> Result<(), Problem> {
    let now = clock::now();
    if principal.expired(now) {
        let token = credential.expose().starts_with(ACCESS_TOKEN_PREFIX);
        return Err(refused(if token {
            Code::AccessTokenExpired
        } else {
            Code::KeyExpired
        }));
    }
    if !principal.may_come_from(address) {
        let detail = format!("this API key may not be used from the address {address}");
        return Err(Problem::new(Code::AddressForbidden, detail));
    }
    if let Some(window) = principal.window.filter(|window| !window.contains(now)) {
        let detail = format!("this API key may be used {window} UTC, and not now");
        return Err(Problem::new(Code::HourForbidden, detail));
    }
    Ok(())
}

/// `Authorization: Bearer`, or `X-API-Key`; never the query, which ends up in logs.
pub(super) fn presented(headers: &HeaderMap) -> Result<Secret, Problem> {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    let bearer = headers.get(AUTHORIZATION).map(|value| {
        let text = text(value)?;
        let (scheme, credential) = text.split_once(' ')?;
        scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| credential.trim().to_owned())
    });
    match bearer.or_else(|| headers.get(API_KEY).map(text)) {
        None => Err(refused(Code::KeyMissing)),
        Some(Some(credential)) => Ok(Secret::new(credential)),
        Some(None) => Err(Problem::new(
            Code::KeyMalformed,
            "the credential cannot be read: send `Authorization: Bearer ost_…` or `X-API-Key: ost_…`",
        )),
    }
}

fn refused(code: Code) -> Problem {
    Problem::new(
        code,
        match code {
            Code::KeyMissing => {
                "there is no API key: send one as `Authorization: Bearer ost_…` or `X-API-Key: ost_…`"
            }
            Code::KeyRevoked => "this API key was revoked",
            Code::KeyExpired => "this API key, or the secret that was used, has expired",
            Code::AccessTokenExpired => {
                "this access token has expired: exchange the API key for another one"
            }
            Code::KeyInactive => "this API key is inactive",
            Code::OwnerDisabled => "the owner of this API key may not use Ostia any more",
            _ => "there is no such API key",
        },
    )
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // Missing only where a route was put before the door.
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| refused(Code::KeyMissing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use ostia_domain::policy::{Grant, Scope};
    use uuid::Uuid;

    /// Control remembers nothing of a token, and an answer of it can be late.
    #[test]
    fn what_ended_on_its_way_here_is_refused() {
        let ended = Principal {
            secret_id: None,
            key_id: Uuid::nil(),
            key_name: "ci".to_owned(),
            mode: Mode::Live,
            owner_id: Uuid::nil(),
            owner_name: "bob".to_owned(),
            grant: Grant {
                owner: Scope::Unlimited,
                key: Scope::Unlimited,
                rules: None,
            },
            limits: Vec::new(),
            networks: Vec::new(),
            window: None,
            expires_at: Some(clock::now() - TimeDelta::seconds(1)),
        };
        let refused = |credential: &str| {
            let address = IpAddr::from([127, 0, 0, 1]);
            let checked = check_restrictions(&ended, address, &Secret::new(credential.to_owned()));
            checked.err().unwrap().answered()
        };
        let token = format!("{ACCESS_TOKEN_PREFIX}x");
        assert_eq!(refused(&token), (401, "access-token-expired"));
        assert_eq!(refused("ost_live_x"), (401, "key-expired"));
    }
}
