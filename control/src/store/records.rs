//! Writing calls down: the one place where the database is under load.
//!
//! A batch becomes a few statements with a fixed number of rows each, so that a database prepares them
//! once ([`insert`]); everything in them that is not a number travels in one value ([`rows`]). An id that
//! is there already is left alone, so a batch may come again.

mod insert;
mod rows;

use self::{
    insert::{Column, Insert, Kind},
    rows::Rows,
};
use super::{Error, Tx};
use ostia_domain::audit::CallRecord;
use std::sync::LazyLock;

/// Only calls of tools are usage; everything is audit.
const COUNTED: &str = "tools/call";

static USAGE: LazyLock<Insert> = LazyLock::new(|| Insert::new("usage_records", &USAGE_COLUMNS));
static AUDIT: LazyLock<Insert> = LazyLock::new(|| Insert::new("audit_events", &AUDIT_COLUMNS));

/// Writes what is not there yet.
pub(crate) async fn insert(tx: &Tx, records: &[CallRecord]) -> Result<(), Error> {
    let counted = records.iter().filter(|record| record.method == COUNTED);
    USAGE.run(tx, &counted.collect::<Vec<_>>(), usage).await?;
    AUDIT
        .run(tx, &records.iter().collect::<Vec<_>>(), audit)
        .await
}

/// In the order of [`usage`].
const USAGE_COLUMNS: [Column; 11] = [
    Column("id", Kind::Uuid),
    Column("at_us", Kind::Number),
    Column("key_id", Kind::Uuid),
    Column("key_name", Kind::Text),
    Column("owner_id", Kind::Uuid),
    Column("upstream", Kind::Text),
    Column("tool", Kind::Text),
    Column("outcome", Kind::Text),
    Column("duration_us", Kind::Number),
    Column("request_bytes", Kind::Number),
    Column("result_bytes", Kind::Number),
];

fn usage(row: &mut Rows, record: &CallRecord) {
    let caller = record.caller.as_ref();
    row.uuid(Some(record.id));
    row.number(record.at.timestamp_micros());
    row.uuid(caller.map(|caller| caller.key_id));
    row.text(caller.map(|caller| caller.key_name.as_str()));
    row.uuid(caller.map(|caller| caller.owner_id));
    row.text(record.upstream.as_deref());
    row.text(record.tool.as_deref());
    row.text(Some(record.outcome.as_str()));
    row.number(saturated(record.duration_us));
    row.number(saturated(record.request_bytes));
    row.number(saturated(record.result_bytes));
}

/// In the order of [`audit`].
const AUDIT_COLUMNS: [Column; 16] = [
    Column("id", Kind::Uuid),
    Column("at_us", Kind::Number),
    Column("request_id", Kind::Uuid),
    Column("actor", Kind::Text),
    Column("key_id", Kind::Uuid),
    Column("user_id", Kind::Uuid),
    Column("action", Kind::Text),
    Column("target", Kind::Text),
    Column("outcome", Kind::Text),
    Column("error", Kind::Text),
    Column("rule", Kind::Text),
    Column("arguments_digest", Kind::Bytes),
    Column("duration_us", Kind::Number),
    Column("remote_address", Kind::Text),
    Column("client", Kind::Text),
    Column("detail", Kind::Text),
];

fn audit(row: &mut Rows, record: &CallRecord) {
    let caller = record.caller.as_ref();
    row.uuid(Some(record.id));
    row.number(record.at.timestamp_micros());
    row.uuid(Some(record.request_id));
    match caller {
        Some(caller) => row.texts(&["key:", &caller.key_name]),
        None => row.text(Some("anonymous")),
    }
    row.uuid(caller.map(|caller| caller.key_id));
    row.uuid(caller.map(|caller| caller.owner_id));
    row.text(Some(&record.method));
    match (&record.upstream, &record.tool) {
        (Some(upstream), Some(tool)) => row.texts(&[upstream, ".", tool]),
        // A name that belongs to no upstream is told of as it was called.
        (upstream, tool) => row.text(upstream.as_deref().or(tool.as_deref())),
    }
    row.text(Some(record.outcome.as_str()));
    row.text(record.error);
    row.text(record.rule.as_deref());
    row.bytes(record.arguments_digest.as_ref().map(AsRef::as_ref));
    row.number(saturated(record.duration_us));
    row.text(record.remote_address.as_deref());
    row.text(record.client.as_deref());
    row.text(detail(record).as_deref());
}

/// Which key was presented and refused. It is no actor: nobody proved to have it.
fn detail(record: &CallRecord) -> Option<String> {
    let presented = record.presented_key.as_ref()?;
    Some(serde_json::json!({ "presented_key": presented }).to_string())
}

fn saturated(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
