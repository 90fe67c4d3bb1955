//! What stands in a manifest: the fields that `--json` shows, but for those that nobody decides.

use super::reference::Reference;
use ostia_domain::{
    bundle::Override,
    credential::ClientAuthentication,
    plan::Limits,
    policy::Rules,
    upstream::{Isolation, PoolLimits, Protocol},
};
use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;
use std::{collections::BTreeMap, num::NonZeroU32};

/// Of the form; another one would be read differently.
pub(super) const VERSION: u32 = 1;

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) version: Spanned<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) upstreams: Vec<Upstream>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) policies: Vec<Policy>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) plans: Vec<Plan>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) bundles: Vec<Bundle>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) groups: Vec<Group>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) prices: Vec<Price>,
}

pub(super) type Secrets = BTreeMap<String, Spanned<Reference>>;

/// Fields of a command and of an endpoint beside each other: which of them may be there is for the
/// transport to say, and an error that knows both is better than one of the library.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Upstream {
    pub(super) name: Spanned<String>,
    pub(super) transport: Transport,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) program: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) args: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) env: Secrets,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cwd: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) headers: Secrets,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) allow_private_network: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) credential: Option<Credential>,
    #[serde(default)]
    pub(super) isolation: Isolation,
    #[serde(default)]
    pub(super) protocol: Protocol,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) call_timeout_ms: Option<u64>,
    #[serde(default)]
    pub(super) pool: Pool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) keep_arguments: bool,
    /// The built-in demo, which test keys reach.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) demo: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Transport {
    Stdio,
    Http,
    Sse,
}

/// As well flat: an error within an enum with fields would not know its line.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Credential {
    pub(super) kind: Spanned<CredentialKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<Spanned<Reference>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) username: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) password: Option<Spanned<Reference>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) token_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) client_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) client_secret: Option<Spanned<Reference>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) resource: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) audience: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) authentication: Option<ClientAuthentication>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum CredentialKind {
    Bearer,
    Basic,
    ClientCredentials,
}

/// What is not there is the default.
#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Pool {
    pub(super) min_idle: u32,
    pub(super) max_workers: NonZeroU32,
    pub(super) max_in_flight: NonZeroU32,
    pub(super) max_queue: u32,
    pub(super) queue_timeout_ms: u64,
    pub(super) idle_timeout_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) calls_per_minute: Option<NonZeroU32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_calls_per_minute: Option<NonZeroU32>,
}

impl Default for Pool {
    fn default() -> Self {
        PoolLimits::default().into()
    }
}

impl From<PoolLimits> for Pool {
    fn from(pool: PoolLimits) -> Self {
        let milliseconds =
            |span: std::time::Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Self {
            min_idle: pool.min_idle,
            max_workers: pool.max_workers,
            max_in_flight: pool.max_in_flight,
            max_queue: pool.max_queue,
            queue_timeout_ms: milliseconds(pool.queue_timeout),
            idle_timeout_ms: milliseconds(pool.idle_timeout),
            calls_per_minute: pool.calls_per_minute,
            tool_calls_per_minute: pool.tool_calls_per_minute,
        }
    }
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Policy {
    pub(super) name: Spanned<String>,
    /// Where the rules were copied from; without rules they are copied now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) preset: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rules: Option<Rules>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    pub(super) name: Spanned<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) calls_per_minute: Option<NonZeroU32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) burst: Option<NonZeroU32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) max_in_flight: Option<NonZeroU32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) calls_per_day: Option<std::num::NonZeroU64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) calls_per_month: Option<std::num::NonZeroU64>,
}

impl Plan {
    pub(super) fn limits(&self) -> Limits {
        Limits {
            calls_per_minute: self.calls_per_minute,
            burst: self.burst,
            max_in_flight: self.max_in_flight,
            calls_per_day: self.calls_per_day,
            calls_per_month: self.calls_per_month,
        }
    }
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bundle {
    pub(super) name: Spanned<String>,
    pub(super) include: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) overrides: Vec<Override>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    pub(super) name: Spanned<String>,
    #[serde(default)]
    pub(super) policies: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) plan: Option<String>,
    /// Not there: whoever is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) members: Option<Vec<String>>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Price {
    pub(super) tools: Spanned<String>,
    pub(super) micros: u64,
    pub(super) currency: String,
}
