//! This start of the program, as others are told of it.

use crate::config::{self, RunSettings, Secrets};
use ostia_domain::{
    clock::{self, Timestamp},
    settings::Process,
};
use std::sync::Arc;
use uuid::Uuid;

pub(crate) struct Itself {
    id: Uuid,
    started_at: Timestamp,
}

impl Itself {
    pub(crate) fn new() -> Self {
        Self {
            id: Uuid::now_v7(),
            started_at: clock::now(),
        }
    }

    /// With the secrets that are there by now: a first start makes them on its way.
    pub(super) fn with(&self, settings: &RunSettings, secrets: &Secrets) -> Arc<Process> {
        let roles = settings.roles.names();
        let mut listed = settings.listed.clone();
        listed.extend(config::listed_secrets(settings, secrets));
        Arc::new(Process {
            id: self.id,
            name: settings.edge.name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            roles: roles.into_iter().map(str::to_owned).collect(),
            started_at: self.started_at,
            settings: listed,
        })
    }
}
