//! The tables as the rest of the store sees them: one file per table, columns as in `migrations`.

pub(crate) mod api_key_policies;
pub(crate) mod api_key_secrets;
pub(crate) mod api_keys;
pub(crate) mod audit_events;
pub(crate) mod audit_pruned;
pub(crate) mod audit_writers;
pub(crate) mod bundles;
pub(crate) mod catalogue_items;
pub(crate) mod catalogue_tools;
pub(crate) mod catalogues;
pub(crate) mod group_members;
pub(crate) mod group_policies;
pub(crate) mod groups;
pub(crate) mod key_changes;
pub(crate) mod login_links;
pub(crate) mod plans;
pub(crate) mod policies;
pub(crate) mod policy_versions;
pub(crate) mod quota_leases;
pub(crate) mod revisions;
pub(crate) mod upstream_env;
pub(crate) mod upstreams;
pub(crate) mod usage_records;
pub(crate) mod user_plans;
pub(crate) mod user_policies;
pub(crate) mod users;
