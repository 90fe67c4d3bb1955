//! The database schema, the same on SQLite and PostgreSQL, one step per file.
//!
//! To add a step: a new file `m<date>_<number>_<what>.rs` with its own table identifiers (never those of
//! another step, which may have changed since), a line in [`Migrator`], and its name in
//! `control/src/store/schema.rs`, so that a control refuses a database that has not got it. Only what
//! both databases do alike: no default timestamps, no JSON operators, and a reference that must not go is
//! one without an action (`RESTRICT` is another error, and another one on each database).

#![allow(
    elided_lifetimes_in_paths,
    reason = "the signatures are those of `MigrationTrait`, and async_trait takes no others"
)]
#![allow(
    clippy::wildcard_imports,
    reason = "a migration is written in the words of the schema builder"
)]

mod connection;
mod m20261121_000001_policies;
mod m20261121_000002_users;
mod m20261121_000003_keys;
mod m20261121_000004_upstreams;
mod m20261121_000005_records;
mod m20261121_000006_revisions;
mod m20261121_000007_transports;
mod m20261121_000008_audit_chain;
mod m20261121_000009_usage_rollups;
mod m20261121_000010_prices;
mod m20261121_000011_credentials;
mod m20261121_000013_policy_versions;
mod m20261121_000014_groups;
mod m20261121_000015_restrictions;
mod m20261121_000016_kept_arguments;
mod m20261121_000017_manifest;
mod m20261121_000019_sign_in;
mod m20261121_000020_listings;
mod m20261121_000021_problem_stages;
mod m20261121_000022_session_places;
mod m20261121_000023_page_indexes;
mod m20261121_000024_idempotency_keys;
mod m20261121_000025_audit_sizes;
mod m20261121_000027_idle_keys;
mod m20261121_000028_sealed_arguments;
mod m20261121_000029_daily_quotas;
mod m20261121_000030_mail;

pub use connection::{Applied, Error, pending, up};
/// What [`Migrator`] can do besides [`up`].
pub use sea_orm_migration::MigratorTrait;

use sea_orm_migration::{MigrationTrait, async_trait};

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_policies::Migration),
            Box::new(m20261121_000002_users::Migration),
            Box::new(m20261121_000003_keys::Migration),
            Box::new(m20261121_000004_upstreams::Migration),
            Box::new(m20261121_000005_records::Migration),
            Box::new(m20261121_000006_revisions::Migration),
            Box::new(m20261121_000007_transports::Migration),
            Box::new(m20261121_000008_audit_chain::Migration),
            Box::new(m20261121_000009_usage_rollups::Migration),
            Box::new(m20261121_000010_prices::Migration),
            Box::new(m20261121_000011_credentials::Migration),
            Box::new(m20261121_000013_policy_versions::Migration),
            Box::new(m20261121_000014_groups::Migration),
            Box::new(m20261121_000015_restrictions::Migration),
            Box::new(m20261121_000016_kept_arguments::Migration),
            Box::new(m20261121_000017_manifest::Migration),
            Box::new(m20261121_000019_sign_in::Migration),
            Box::new(m20261121_000020_listings::Migration),
            Box::new(m20261121_000021_problem_stages::Migration),
            Box::new(m20261121_000022_session_places::Migration),
            Box::new(m20261121_000023_page_indexes::Migration),
            Box::new(m20261121_000024_idempotency_keys::Migration),
            Box::new(m20261121_000025_audit_sizes::Migration),
            Box::new(m20261121_000027_idle_keys::Migration),
            Box::new(m20261121_000028_sealed_arguments::Migration),
            Box::new(m20261121_000029_daily_quotas::Migration),
            Box::new(m20261121_000030_mail::Migration),
        ]
    }
}
