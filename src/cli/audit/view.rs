//! Events as results show them.

use super::super::show::{moment, optional, timestamp};
use ostia_proto::v1;
use serde::Serialize;
use serde_json::value::RawValue;
use std::fmt::Write as _;

#[derive(Serialize)]
pub(crate) struct Event {
    id: String,
    at: Option<String>,
    request_id: Option<String>,
    actor: String,
    key_id: Option<String>,
    user_id: Option<String>,
    action: String,
    target: Option<String>,
    outcome: String,
    error: Option<String>,
    rule: Option<String>,
    arguments_digest: Option<String>,
    duration_us: u64,
    remote_address: Option<String>,
    client: Option<String>,
    /// A change's before and after.
    detail: Option<Box<RawValue>>,
}

impl From<v1::AuditEvent> for Event {
    fn from(event: v1::AuditEvent) -> Self {
        Self {
            id: event.id,
            at: timestamp(event.at),
            request_id: optional(event.request_id),
            actor: event.actor,
            key_id: optional(event.key_id),
            user_id: optional(event.user_id),
            action: event.action,
            target: optional(event.target),
            outcome: event.outcome,
            error: optional(event.error),
            rule: optional(event.rule),
            arguments_digest: optional(event.arguments_digest),
            duration_us: event.duration_us,
            remote_address: optional(event.remote_address),
            client: optional(event.client),
            detail: optional(event.detail).and_then(|text| RawValue::from_string(text).ok()),
        }
    }
}

impl Event {
    /// One line for people; what is empty is left out.
    pub(crate) fn line(&self) -> String {
        let mut line = format!(
            "{}  {}  {}",
            moment(self.at.as_ref(), "-"),
            self.actor,
            self.action
        );
        let mut add = |name: &str, value: Option<&String>| {
            if let Some(value) = value {
                let _ = write!(line, "  {name}{value}");
            }
        };
        add("", self.target.as_ref());
        add("", Some(&self.outcome));
        add("", self.error.as_ref());
        add("rule=", self.rule.as_ref());
        add("client=", self.client.as_ref());
        add("from=", self.remote_address.as_ref());
        add("request=", self.request_id.as_ref());
        line
    }
}
