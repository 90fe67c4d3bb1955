//! Keys as results show them.

use super::super::{
    plans::Limits,
    show::{list, moment, optional, timestamp},
    table::{Table, fields},
};
use crate::failure::Failure;
use ostia_domain::key::{Mode, PublicId, Restrictions, display};
use ostia_proto::v1;
use serde::Serialize;
use std::fmt::Write as _;

#[derive(Serialize)]
pub(crate) struct Key {
    id: String,
    public_id: String,
    /// The start of the key and the last four characters of its newest secret.
    display: String,
    name: String,
    mode: &'static str,
    state: &'static str,
    owner_id: String,
    owner_name: String,
    policies: Vec<String>,
    plan: Option<String>,
    created_at: Option<String>,
    expires_at: Option<String>,
    last_used_at: Option<String>,
    last_used_address: Option<String>,
    last_used_client: Option<String>,
    idle_since: Option<String>,
    restrictions: Restrictions,
    /// Newest first.
    secrets: Vec<Secret>,
}

#[derive(Serialize)]
struct Secret {
    id: String,
    last_four: String,
    created_at: Option<String>,
    expires_at: Option<String>,
    last_used_at: Option<String>,
}

/// A key with the one copy of its secret.
#[derive(Serialize)]
pub(crate) struct Minted {
    key: Key,
    secret: String,
}

impl From<v1::Key> for Key {
    fn from(key: v1::Key) -> Self {
        let mode = if key.mode() == v1::KeyMode::Test {
            Mode::Test
        } else {
            Mode::Live
        };
        let last_four = key.secrets.first().map_or("", |secret| &secret.last_four);
        let shown = PublicId::parse(&key.public_id).map(|id| display(mode, &id, last_four));
        Self {
            display: shown.unwrap_or_default(),
            mode: mode.as_str(),
            state: state(key.state()),
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
            restrictions: key
                .restrictions
                .unwrap_or_default()
                .try_into()
                .unwrap_or_default(),
            secrets: key.secrets.into_iter().map(Secret::from).collect(),
        }
    }
}

impl From<v1::KeySecret> for Secret {
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

fn state(state: v1::KeyState) -> &'static str {
    match state {
        v1::KeyState::Active => "active",
        v1::KeyState::Inactive => "inactive",
        v1::KeyState::Revoked => "revoked",
        v1::KeyState::Expired => "expired",
        v1::KeyState::Unspecified => "unknown",
    }
}

impl Key {
    pub(crate) fn text(&self) -> String {
        let mut text = fields([
            ("name", self.name.clone()),
            ("key", self.display.clone()),
            ("id", self.id.clone()),
            ("mode", self.mode.to_owned()),
            ("state", self.state_text()),
            ("owner", self.owner_name.clone()),
            ("policies", list(&self.policies)),
            ("plan", self.plan.clone().unwrap_or_default()),
            ("created", moment(self.created_at.as_ref(), "-")),
            ("expires", moment(self.expires_at.as_ref(), "never")),
            ("last used", self.last_used()),
        ]);
        self.add_restrictions(&mut text);
        // Writing to a string cannot fail.
        for secret in &self.secrets {
            let ends = moment(secret.expires_at.as_ref(), "with the key");
            let used = moment(secret.last_used_at.as_ref(), "never");
            let _ = write!(
                text,
                "\nsecret        …{}, ends {ends}, last used {used}",
                secret.last_four
            );
        }
        text
    }
}

impl Key {
    fn state_text(&self) -> String {
        match &self.idle_since {
            Some(since) => format!(
                "{}, because nobody used it since {}",
                self.state,
                moment(Some(since), "-")
            ),
            None => self.state.to_owned(),
        }
    }

    fn last_used(&self) -> String {
        let mut text = moment(self.last_used_at.as_ref(), "never");
        // Writing to a string cannot fail.
        if let Some(address) = &self.last_used_address {
            let _ = write!(text, " from {address}");
        }
        if let Some(client) = &self.last_used_client {
            let _ = write!(text, " by {client}");
        }
        text
    }

    fn add_restrictions(&self, text: &mut String) {
        let held = &self.restrictions;
        if let Some(rules) = &held.rules {
            let rules = serde_json::json!(rules);
            let _ = write!(text, "\nown rules     {rules}");
        }
        if !held.limits.is_none() {
            let limits = Limits::from(v1::Limits::from(held.limits)).text();
            let _ = write!(text, "\nown limits    {limits}");
        }
        if !held.networks.is_empty() {
            let networks: Vec<_> = held.networks.iter().map(ToString::to_string).collect();
            let _ = write!(text, "\nfrom          {}", networks.join(", "));
        }
        if let Some(window) = &held.window {
            let _ = write!(text, "\nonly          {window} UTC");
        }
    }
}

impl Minted {
    pub(crate) fn new(key: Option<v1::Key>, secret: String) -> Result<Self, Failure> {
        let key = key.ok_or_else(|| Failure::new("control answered without a key"))?;
        Ok(Self {
            key: key.into(),
            secret,
        })
    }

    pub(crate) fn text(&self) -> String {
        format!(
            "{}\n\n{}\n\nThis is the only time the whole key is shown.",
            self.key.text(),
            self.secret
        )
    }
}

pub(crate) fn table(keys: &[Key]) -> String {
    let heading = [
        "NAME",
        "KEY",
        "STATE",
        "OWNER",
        "POLICIES",
        "EXPIRES",
        "LAST USED",
    ];
    let rows = keys.iter().map(|key| {
        [
            key.name.clone(),
            key.display.clone(),
            key.state.to_owned(),
            key.owner_name.clone(),
            list(&key.policies),
            moment(key.expires_at.as_ref(), "never"),
            moment(key.last_used_at.as_ref(), "never"),
        ]
    });
    Table::new(heading, "no keys; make one with `ostia keys create`")
        .rows(rows)
        .text()
}
