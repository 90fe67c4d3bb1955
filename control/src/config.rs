//! What a control is started with. The binary reads it; nothing here looks at environment or files.

use crate::mail::Mailer;
use ostia_domain::{key::Secret, settings::Process};
use std::{sync::Arc, time::Duration};

#[derive(Clone, Debug)]
pub struct Config {
    /// `sqlite:///path` or `postgres://…`.
    pub database_url: String,
    /// What services present as `authorization: Bearer …`.
    pub service_token: Secret,
    /// Mixed into the hash of every API key, so that the database alone verifies none. Keys made with
    /// another pepper are refused.
    pub key_pepper: Secret,
    /// Base64 of 32 bytes each. The first seals upstream credentials, every one opens them.
    pub master_keys: Vec<Secret>,
    /// The longest that an API key may live; unset is for ever.
    pub max_key_lifetime: Option<Duration>,
    /// Unset: keys that nobody uses stay as they are.
    pub max_key_idle: Option<MaxKeyIdle>,
    /// Unset: nobody is told anything by mail.
    pub mail: Option<Mail>,
    /// Of the network listener. Unset: plain text, for loopback or behind a proxy.
    pub tls: Option<Tls>,
    /// Unset: this control removes nothing, because it is there for a moment only.
    pub retention: Option<Retention>,
    /// What it runs with, for people. Unset: it is there for a moment only.
    pub process: Option<Arc<Process>>,
}

/// Keys that were not used for so long are made inactive, from when they were made or switched on.
#[derive(Clone, Copy, Debug)]
pub struct MaxKeyIdle {
    pub idle: Duration,
    /// From one look for such keys to the next.
    pub every: Duration,
}

/// How people are told what they would not look for.
#[derive(Clone, Debug)]
pub struct Mail {
    pub server: Mailer,
    /// Where people find their keys, if there is an address that they reach.
    pub keys_page: Option<String>,
}

/// How long what happened is kept. Unset ages are for ever.
///
/// What is older than its age when it arrives is not written any more. On PostgreSQL audit events go by the
/// month, when all of it is old enough.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// What edges decided.
    pub audit_calls: Option<Duration>,
    /// What was changed in control.
    pub audit_changes: Option<Duration>,
    /// Single calls of tools.
    pub usage_records: Option<Duration>,
    pub usage_hours: Option<Duration>,
    pub usage_days: Option<Duration>,
    /// From one look for what is too old to the next.
    pub every: Duration,
}

/// Certificates as PEM.
#[derive(Clone, Debug)]
pub struct Tls {
    pub certificate: String,
    pub key: Secret,
    /// Set: every caller must have a certificate of this authority, which then stands for the token.
    pub client_ca: Option<String>,
}
