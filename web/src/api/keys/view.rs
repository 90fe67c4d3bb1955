//! Keys as they are shown.

use super::super::{
    plans::Limits,
    problem::Problem,
    rules::Rules,
    text::{optional, timestamp},
};
use ostia_domain::key::{self, PublicId, display};
use ostia_proto::v1;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(crate) struct Key {
    /// UUID.
    id: String,
    public_id: String,
    /// The start of the key and the last four characters of its newest secret.
    display: String,
    pub(crate) name: String,
    mode: Mode,
    state: State,
    owner_id: String,
    owner_name: String,
    /// Names.
    pub(crate) policies: Vec<String>,
    /// Name.
    pub(crate) plan: Option<String>,
    #[schema(format = "date-time")]
    created_at: Option<String>,
    /// Null: never.
    #[schema(format = "date-time")]
    expires_at: Option<String>,
    #[schema(format = "date-time")]
    last_used_at: Option<String>,
    last_used_address: Option<String>,
    last_used_client: Option<String>,
    /// Set: it is inactive because nobody used it since then.
    #[schema(format = "date-time")]
    idle_since: Option<String>,
    restrictions: Restrictions,
    /// Newest first.
    secrets: Vec<KeySecret>,
}

#[derive(Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = KeyMode)]
pub(crate) enum Mode {
    #[default]
    Live,
    /// Reaches the demo upstream and nothing else.
    Test,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = KeyState)]
enum State {
    Active,
    Inactive,
    Revoked,
    Expired,
    Unknown,
}

#[derive(Serialize, ToSchema)]
struct KeySecret {
    /// UUID.
    id: String,
    last_four: String,
    #[schema(format = "date-time")]
    created_at: Option<String>,
    /// Null: as long as the key.
    #[schema(format = "date-time")]
    expires_at: Option<String>,
    #[schema(format = "date-time")]
    last_used_at: Option<String>,
}

/// What a key is held to besides its policies and its plan.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KeyRestrictions)]
pub(crate) struct Restrictions {
    /// What of its policies is left. A key without policies has these within what its owner may do.
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<Rules>,
    /// Of this key alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<Limits>,
    /// Where calls may come from, as `10.0.0.0/8` or as one address. Empty: anywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    networks: Vec<String>,
    /// When calls may be made, in UTC, as `mon-fri 08:00-18:00`. Unset: always.
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<String>,
}

/// A key with the one copy of its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = MintedKey)]
pub(crate) struct Minted {
    key: Key,
    /// The whole key. Null in the answer to a repeated request: it was shown once and is kept nowhere.
    secret: Option<String>,
}

impl Minted {
    pub(crate) fn new(key: Option<v1::Key>, secret: String) -> Result<Self, Problem> {
        let key = key.ok_or_else(|| {
            tracing::error!("control answered without a key");
            Problem::internal()
        })?;
        Ok(Self {
            key: key.into(),
            secret: Some(secret),
        })
    }
}

impl From<v1::Key> for Key {
    fn from(key: v1::Key) -> Self {
        let (mode, shown_mode) = match key.mode() {
            v1::KeyMode::Test => (key::Mode::Test, Mode::Test),
            v1::KeyMode::Live | v1::KeyMode::Unspecified => (key::Mode::Live, Mode::Live),
        };
        let last_four = key.secrets.first().map_or("", |secret| &secret.last_four);
        let shown = PublicId::parse(&key.public_id).map(|id| display(mode, &id, last_four));
        Self {
            display: shown.unwrap_or_default(),
            mode: shown_mode,
            state: match key.state() {
                v1::KeyState::Active => State::Active,
                v1::KeyState::Inactive => State::Inactive,
                v1::KeyState::Revoked => State::Revoked,
                v1::KeyState::Expired => State::Expired,
                v1::KeyState::Unspecified => State::Unknown,
            },
            id: key.id,
            public_id: key.public_id,
            name: key.name,
            owner_id: key.owner_id,
            owner_name: key.owner_name,
            policies: key.policies,
            plan: key.plan,
            created_at: timestamp(key.created_at),
            expires_at: timestamp(key.expires_at),
            last_used_at: timestamp(key.last_used_at),
            last_used_address: optional(key.last_used_address),
            last_used_client: optional(key.last_used_client),
            idle_since: timestamp(key.idle_since),
            restrictions: key.restrictions.unwrap_or_default().into(),
            secrets: key.secrets.into_iter().map(KeySecret::from).collect(),
        }
    }
}

impl From<v1::KeySecret> for KeySecret {
    fn from(secret: v1::KeySecret) -> Self {
        Self {
            id: secret.id,
            last_four: secret.last_four,
            created_at: timestamp(secret.created_at),
            expires_at: timestamp(secret.expires_at),
            last_used_at: timestamp(secret.last_used_at),
        }
    }
}

impl From<v1::KeyRestrictions> for Restrictions {
    fn from(held: v1::KeyRestrictions) -> Self {
        let limits = held
            .limits
            .filter(|limits| *limits != v1::Limits::default());
        Self {
            rules: held.rules.map(Into::into),
            limits: limits.map(Into::into),
            networks: held.networks,
            window: held.window,
        }
    }
}

impl From<Restrictions> for v1::KeyRestrictions {
    fn from(to: Restrictions) -> Self {
        Self {
            rules: to.rules.map(Into::into),
            limits: to.limits.map(Into::into),
            networks: to.networks,
            window: to.window,
        }
    }
}
