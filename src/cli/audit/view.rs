//! Events as results show them.

use crate::{
    cli::{
        export::Exported,
        show::{moment, optional, timestamp},
        table::Table,
    },
    printable,
};
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
    request_bytes: Option<u64>,
    result_bytes: Option<u64>,
    upstream_status: Option<u32>,
    remote_address: Option<String>,
    client: Option<String>,
    /// A change's before and after.
    detail: Option<Box<RawValue>>,
    /// The chain it is in.
    writer: Option<String>,
    sequence: u64,
    previous_hash: Option<String>,
    hash: Option<String>,
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
            request_bytes: event.request_bytes,
            result_bytes: event.result_bytes,
            upstream_status: event.upstream_status,
            remote_address: optional(event.remote_address),
            client: optional(event.client),
            detail: optional(event.detail).and_then(|text| RawValue::from_string(text).ok()),
            writer: optional(event.writer),
            sequence: event.sequence,
            previous_hash: optional(event.previous_hash),
            hash: optional(event.hash),
        }
    }
}

impl Exported for Event {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "at",
        "request_id",
        "actor",
        "key_id",
        "user_id",
        "action",
        "target",
        "outcome",
        "error",
        "rule",
        "arguments_digest",
        "duration_us",
        "request_bytes",
        "result_bytes",
        "upstream_status",
        "remote_address",
        "client",
        "detail",
        "writer",
        "sequence",
        "previous_hash",
        "hash",
    ];

    fn cells(&self) -> Vec<String> {
        let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
        vec![
            self.id.clone(),
            or_empty(&self.at),
            or_empty(&self.request_id),
            self.actor.clone(),
            or_empty(&self.key_id),
            or_empty(&self.user_id),
            self.action.clone(),
            or_empty(&self.target),
            self.outcome.clone(),
            or_empty(&self.error),
            or_empty(&self.rule),
            or_empty(&self.arguments_digest),
            self.duration_us.to_string(),
            number(self.request_bytes),
            number(self.result_bytes),
            number(self.upstream_status.map(u64::from)),
            or_empty(&self.remote_address),
            or_empty(&self.client),
            self.detail
                .as_ref()
                .map(|detail| detail.get().to_owned())
                .unwrap_or_default(),
            or_empty(&self.writer),
            self.sequence.to_string(),
            or_empty(&self.previous_hash),
            or_empty(&self.hash),
        ]
    }
}

fn number(value: Option<u64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// The most telling of each; `--json` and `tail` have all.
pub(crate) fn table(events: &[Event], nothing: &'static str) -> String {
    let or_dash = |text: Option<&String>| text.cloned().unwrap_or_else(|| "-".to_owned());
    let rows = events.iter().map(|event| {
        [
            moment(event.at.as_ref(), "-"),
            event.actor.clone(),
            event.action.clone(),
            or_dash(event.target.as_ref()),
            event.outcome.clone(),
            or_dash(event.error.as_ref().or(event.rule.as_ref())),
        ]
    });
    let heading = ["AT", "ACTOR", "ACTION", "TARGET", "OUTCOME", "WHY"];
    Table::new(heading, nothing).rows(rows).text()
}

impl Event {
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

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
        printable::one_line(&line).into_owned()
    }
}
