//! The control client: the same over a network and within one process.

use crate::v1::{
    audit_service_client::AuditServiceClient, backup_service_client::BackupServiceClient,
    browser_sessions_service_client::BrowserSessionsServiceClient,
    bundles_service_client::BundlesServiceClient, groups_service_client::GroupsServiceClient,
    idempotency_service_client::IdempotencyServiceClient,
    identity_service_client::IdentityServiceClient, keys_service_client::KeysServiceClient,
    manifest_service_client::ManifestServiceClient, plans_service_client::PlansServiceClient,
    policies_service_client::PoliciesServiceClient, prices_service_client::PricesServiceClient,
    settings_service_client::SettingsServiceClient, sync_service_client::SyncServiceClient,
    upstreams_service_client::UpstreamsServiceClient, usage_service_client::UsageServiceClient,
    vault_service_client::VaultServiceClient,
};
use http::{HeaderMap, HeaderValue, Request, Response, header::AUTHORIZATION};
use ostia_domain::key::Secret;
use std::{convert::Infallible, net::IpAddr};
use tonic::{Status, body::Body, transport::Endpoint};
use tower::{Service, ServiceExt as _, util::BoxCloneSyncService};
use uuid::Uuid;

/// The largest message either side takes: a snapshot with thousands of tools and their schemas.
pub const MAX_MESSAGE_BYTES: usize = 256 << 20;

/// Names who acts through a client, for audit. Only believed of callers that are authenticated.
pub const ACTOR_HEADER: &str = "ostia-actor";

/// Names the user that a client acts for, by id: control holds the call to the user's role. Only believed of
/// callers that are authenticated.
pub const USER_HEADER: &str = "ostia-user";

/// With which API key (UUID), from which address and by which client, as it calls itself, something is done, where
/// that is not who calls control. Only believed of callers that are authenticated.
pub const KEY_HEADER: &str = "ostia-key";
pub const ADDRESS_HEADER: &str = "ostia-address";
pub const CLIENT_HEADER: &str = "ostia-client";

/// Which [`etag`](crate::v1) the object to be changed must have: one, several between commas, or `*` for any.
/// Control compares in the transaction of the change and refuses with ABORTED.
pub const IF_MATCH_HEADER: &str = "ostia-if-match";

/// The claim on an idempotency key that the change is made under (`IdempotencyService`). Control marks the
/// claim in the transaction of the change, and refuses when somebody else has taken it over.
pub const CLAIM_HEADER: &str = "ostia-claim";

/// In the extensions of a request that never crossed a socket; nothing from a network can carry it.
#[derive(Clone, Copy, Debug)]
pub struct InProcess;

/// One boxed service, whatever is behind it. Its error is a concrete type because a future that holds a
/// boxed one across an await cannot be shown to be `Send`.
pub type Transport = BoxCloneSyncService<Request<Body>, Response<Body>, Status>;

#[derive(Clone)]
pub struct ControlClient {
    transport: Transport,
    /// Of every call.
    headers: HeaderMap,
}

impl ControlClient {
    /// Calls the services of this process directly: no socket, no framing.
    pub fn in_process<S>(services: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        let transport = services
            .map_request(|mut request: Request<Body>| {
                request.extensions_mut().insert(InProcess);
                request
            })
            .map_err(|never| match never {});
        Self {
            transport: BoxCloneSyncService::new(transport),
            headers: HeaderMap::new(),
        }
        .acting_as(LOCAL)
    }

    /// Calls a control over the network, connecting when first used and again after a break. The
    /// service token goes into every request; none is needed where the endpoint has a client
    /// certificate.
    pub fn remote(endpoint: &Endpoint, service_token: Option<&Secret>) -> Result<Self, BadToken> {
        let bearer = service_token
            .map(|token| {
                let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose()))
                    .map_err(|_| BadToken)?;
                value.set_sensitive(true);
                Ok(value)
            })
            .transpose()?;
        let transport = endpoint
            .connect_lazy()
            .map_request(move |mut request: Request<Body>| {
                if let Some(bearer) = &bearer {
                    request.headers_mut().insert(AUTHORIZATION, bearer.clone());
                }
                request
            })
            .map_err(|error| Status::from_error(Box::new(error)));
        let client = Self {
            transport: BoxCloneSyncService::new(transport),
            headers: HeaderMap::new(),
        };
        Ok(client.acting_as(LOCAL))
    }

    /// The same control with something between: it sees every call as it goes over the wire.
    #[must_use]
    pub fn through<S>(&self, between: impl FnOnce(Transport) -> S) -> Self
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Status>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        Self {
            transport: BoxCloneSyncService::new(between(self.transport.clone())),
            headers: self.headers.clone(),
        }
    }

    /// The same connection on behalf of somebody else, as audit will name them.
    #[must_use]
    pub fn acting_as(&self, actor: &str) -> Self {
        let actor = HeaderValue::try_from(actor);
        self.with(
            ACTOR_HEADER,
            actor.unwrap_or(HeaderValue::from_static(LOCAL)),
        )
    }

    /// The same connection for one user: control holds every call to the user's role, and audit names the
    /// user.
    #[must_use]
    pub fn on_behalf_of(&self, user: Uuid) -> Self {
        self.saying(USER_HEADER, &user.to_string())
    }

    /// The same connection, for what somebody does with this key, as audit will tell.
    #[must_use]
    pub fn with_key(&self, key: Uuid) -> Self {
        self.saying(KEY_HEADER, &key.to_string())
    }

    /// The same connection, for what somebody does from there, by a client that calls itself so.
    #[must_use]
    pub fn coming_from(&self, address: IpAddr, client: Option<&str>) -> Self {
        let from = self.saying(ADDRESS_HEADER, &address.to_string());
        match client {
            Some(client) => from.saying(CLIENT_HEADER, client),
            None => from,
        }
    }

    /// The same connection, for the change of what has one of these tags: see [`IF_MATCH_HEADER`].
    #[must_use]
    pub fn if_match(&self, tags: HeaderValue) -> Self {
        self.with(IF_MATCH_HEADER, tags)
    }

    /// The same connection, for what is done under this claim: see [`CLAIM_HEADER`].
    #[must_use]
    pub fn under(&self, claim: HeaderValue) -> Self {
        self.with(CLAIM_HEADER, claim)
    }

    /// What a header cannot carry is not said.
    fn saying(&self, name: &'static str, value: &str) -> Self {
        match HeaderValue::try_from(value) {
            Ok(value) => self.with(name, value),
            Err(_) => self.clone(),
        }
    }

    fn with(&self, name: &'static str, value: HeaderValue) -> Self {
        let mut with = self.clone();
        with.headers.insert(name, value);
        with
    }

    fn transport(&self) -> Transport {
        let headers = self.headers.clone();
        BoxCloneSyncService::new(self.transport.clone().map_request(
            move |mut request: Request<Body>| {
                request.headers_mut().extend(headers.clone());
                request
            },
        ))
    }
}

/// Who acts where nobody says.
const LOCAL: &str = "local";

#[derive(Debug, thiserror::Error)]
#[error("the service token has characters that an HTTP header cannot carry")]
pub struct BadToken;

macro_rules! services {
    ($($name:ident: $client:ident,)*) => {
        impl ControlClient {
            $(pub fn $name(&self) -> $client<Transport> {
                $client::new(self.transport())
                    .max_decoding_message_size(MAX_MESSAGE_BYTES)
                    .max_encoding_message_size(MAX_MESSAGE_BYTES)
            })*
        }
    };
}

services! {
    audit: AuditServiceClient,
    backup: BackupServiceClient,
    browser_sessions: BrowserSessionsServiceClient,
    bundles: BundlesServiceClient,
    groups: GroupsServiceClient,
    idempotency: IdempotencyServiceClient,
    identity: IdentityServiceClient,
    keys: KeysServiceClient,
    manifest: ManifestServiceClient,
    plans: PlansServiceClient,
    policies: PoliciesServiceClient,
    prices: PricesServiceClient,
    settings: SettingsServiceClient,
    sync: SyncServiceClient,
    upstreams: UpstreamsServiceClient,
    usage: UsageServiceClient,
    vault: VaultServiceClient,
}
