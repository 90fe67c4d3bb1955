//! Records as results show them.

use crate::cli::{
    export::Exported,
    show::{milliseconds, moment, optional, timestamp},
    table::Table,
};
use ostia_proto::v1;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Record {
    pub(super) id: String,
    at: Option<String>,
    key_id: Option<String>,
    key_name: Option<String>,
    owner_id: Option<String>,
    upstream: Option<String>,
    tool: Option<String>,
    outcome: String,
    duration_us: u64,
    request_bytes: u64,
    result_bytes: u64,
    cached: bool,
}

impl Exported for Record {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "at",
        "key_id",
        "key_name",
        "owner_id",
        "upstream",
        "tool",
        "outcome",
        "duration_us",
        "request_bytes",
        "result_bytes",
        "cached",
    ];

    fn cells(&self) -> Vec<String> {
        let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
        vec![
            self.id.clone(),
            or_empty(&self.at),
            or_empty(&self.key_id),
            or_empty(&self.key_name),
            or_empty(&self.owner_id),
            or_empty(&self.upstream),
            or_empty(&self.tool),
            self.outcome.clone(),
            self.duration_us.to_string(),
            self.request_bytes.to_string(),
            self.result_bytes.to_string(),
            self.cached.to_string(),
        ]
    }
}

impl From<v1::UsageRecord> for Record {
    fn from(record: v1::UsageRecord) -> Self {
        Self {
            id: record.id,
            at: timestamp(record.at),
            key_id: optional(record.key_id),
            key_name: optional(record.key_name),
            owner_id: optional(record.owner_id),
            upstream: optional(record.upstream),
            tool: optional(record.tool),
            outcome: record.outcome,
            duration_us: record.duration_us,
            request_bytes: record.request_bytes,
            result_bytes: record.result_bytes,
            cached: record.cached,
        }
    }
}

pub(super) fn table(records: &[Record], nothing: &'static str) -> String {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let rows = records.iter().map(|record| {
        [
            moment(record.at.as_ref(), "-"),
            or_dash(&record.key_name),
            or_dash(&record.upstream),
            or_dash(&record.tool),
            record.outcome.clone(),
            milliseconds(record.duration_us),
        ]
    });
    Table::new(
        ["AT", "KEY", "UPSTREAM", "TOOL", "OUTCOME", "TOOK"],
        nothing,
    )
    .rows(rows)
    .text()
}
