//! The services of `ostia.v1`, one file each: messages in, questions to `app`, messages out. Besides the
//! listener in `server.rs` and its layer in `auth.rs`, only here is anything known of gRPC.

mod asked;
mod audit;
mod backup;
mod browser_sessions;
mod bundles;
mod groups;
mod idempotency;
mod identity;
mod keys;
mod manifest;
mod plans;
mod policies;
mod prices;
mod settings;
pub(crate) mod status;
mod sync;
mod upstreams;
mod usage;
mod vault;

pub(crate) use sync::Listener;

use crate::{
    app::App,
    authority::Acting,
    error::{Error, Kind, Result},
    op::{Conditions, Op},
    snapshot::Hub,
};
use ostia_proto::{
    client::{ACTOR_HEADER, CLAIM_HEADER, IF_MATCH_HEADER, MAX_MESSAGE_BYTES},
    v1::{
        audit_service_server::AuditServiceServer, backup_service_server::BackupServiceServer,
        browser_sessions_service_server::BrowserSessionsServiceServer,
        bundles_service_server::BundlesServiceServer, groups_service_server::GroupsServiceServer,
        idempotency_service_server::IdempotencyServiceServer,
        identity_service_server::IdentityServiceServer, keys_service_server::KeysServiceServer,
        manifest_service_server::ManifestServiceServer, plans_service_server::PlansServiceServer,
        policies_service_server::PoliciesServiceServer, prices_service_server::PricesServiceServer,
        settings_service_server::SettingsServiceServer, sync_service_server::SyncServiceServer,
        upstreams_service_server::UpstreamsServiceServer, usage_service_server::UsageServiceServer,
        vault_service_server::VaultServiceServer,
    },
};
use std::sync::Arc;
use tonic::{Request, service::Routes};

/// Who acts when the caller does not say.
const DEFAULT_ACTOR: &str = "service";
/// Longer names are cut; they come from callers that are known.
const MAX_ACTOR_BYTES: usize = 200;

/// One service of the contract over the same application.
macro_rules! service {
    ($server:ident, $service:expr) => {
        $server::new($service)
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
            .max_encoding_message_size(MAX_MESSAGE_BYTES)
    };
}

pub(crate) fn routes(app: &Arc<App>, hub: &Hub) -> Routes {
    let sync = sync::Sync::new(app.clone(), hub.clone());
    Routes::new(service!(KeysServiceServer, keys::Keys(app.clone())))
        .add_service(service!(AuditServiceServer, audit::Audit(app.clone())))
        .add_service(service!(BackupServiceServer, backup::Backup(app.clone())))
        .add_service(service!(
            BrowserSessionsServiceServer,
            browser_sessions::BrowserSessions(app.clone())
        ))
        .add_service(service!(
            BundlesServiceServer,
            bundles::Bundles(app.clone())
        ))
        .add_service(service!(GroupsServiceServer, groups::Groups(app.clone())))
        .add_service(service!(
            IdempotencyServiceServer,
            idempotency::Idempotency(app.clone())
        ))
        .add_service(service!(
            IdentityServiceServer,
            identity::Identity(app.clone())
        ))
        .add_service(service!(
            ManifestServiceServer,
            manifest::Manifests(app.clone())
        ))
        .add_service(service!(PlansServiceServer, plans::Plans(app.clone())))
        .add_service(service!(
            PoliciesServiceServer,
            policies::Policies(app.clone())
        ))
        .add_service(service!(PricesServiceServer, prices::Prices(app.clone())))
        .add_service(service!(
            SettingsServiceServer,
            settings::Settings(app.clone())
        ))
        .add_service(service!(SyncServiceServer, sync))
        .add_service(service!(
            UpstreamsServiceServer,
            upstreams::Upstreams(app.clone())
        ))
        .add_service(service!(UsageServiceServer, usage::Usage(app.clone())))
        .add_service(service!(VaultServiceServer, vault::Vault(app.clone())))
}

/// For people with a generic client.
pub(crate) fn with_reflection(routes: Routes) -> Result<Routes> {
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(ostia_proto::DESCRIPTOR)
        .build_v1()
        .map_err(|_| Error(Kind::Internal("the descriptor set cannot be read")))?;
    Ok(routes.add_service(reflection))
}

/// Who asks, and under which conditions. The name is only believed because nobody unknown comes this far.
fn op<T>(request: &Request<T>) -> Op {
    let conditions = conditions(request);
    if let Some(acting) = request.extensions().get::<Acting>() {
        return Op {
            reach: acting.reach,
            user: Some(acting.user),
            role: Some(acting.role),
            with: acting.with.clone(),
            conditions,
            ..Op::new(acting.actor.clone())
        };
    }
    let actor = request
        .metadata()
        .get(ACTOR_HEADER)
        .and_then(|value| value.to_str().ok())
        .map_or(DEFAULT_ACTOR, str::trim);
    let mut actor = actor.to_owned();
    // Header values that have a text are ASCII, so every byte is a boundary.
    actor.truncate(MAX_ACTOR_BYTES);
    Op {
        with: request.extensions().get().cloned().unwrap_or_default(),
        conditions,
        ..Op::new(actor)
    }
}

/// A condition that cannot be read is one that does not hold, and not none.
fn conditions<T>(request: &Request<T>) -> Conditions {
    let said = |name| {
        let value = request.metadata().get(name);
        value.map(|value| value.to_str().unwrap_or_default())
    };
    let tags = |list: &str| list.split(',').map(|tag| tag.trim().to_owned()).collect();
    Conditions {
        if_match: said(IF_MATCH_HEADER).map(tags),
        claim: said(CLAIM_HEADER).map(|claim| claim.parse().unwrap_or_default()),
    }
}
