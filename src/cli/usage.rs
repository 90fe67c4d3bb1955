//! `ostia usage`: tool calls that were made.

use super::{
    show::{milliseconds, moment, optional, timestamp},
    table::Table,
};
use crate::{failure::Failure, output::Output};
use clap::Subcommand;
use ostia_proto::{ControlClient, v1};
use serde::Serialize;

const PAGE: usize = 1000;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List calls, newest first
    List {
        /// Only of this key, by id or public id
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
        /// Only to this upstream
        #[arg(long, value_name = "NAME")]
        upstream: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 100, value_name = "N")]
        limit: usize,
    },
}

#[derive(Serialize)]
struct Record {
    id: String,
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
}

pub(crate) async fn run(
    command: Command,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let Command::List {
        key,
        upstream,
        limit,
    } = command;
    let mut records: Vec<Record> = Vec::new();
    let mut page_token = String::new();
    while records.len() < limit {
        let missing = (limit - records.len()).min(PAGE);
        let request = v1::ListUsageRequest {
            key: key.clone(),
            upstream: upstream.clone(),
            page_size: u32::try_from(missing).unwrap_or_default(),
            page_token,
        };
        let page = control.usage().list_usage(request).await?.into_inner();
        records.extend(page.records.into_iter().map(Record::from));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    output.result(&records, |records| table(records))
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
        }
    }
}

fn table(records: &[Record]) -> String {
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
        ["AT (UTC)", "KEY", "UPSTREAM", "TOOL", "OUTCOME", "TOOK"],
        "no calls yet",
    )
    .rows(rows)
    .text()
}
