//! Writing calls down: the one place where the database is under load.
//!
//! A batch becomes a few statements with a fixed number of rows each, so that a database prepares them
//! once ([`insert`]); everything in them that is not a number travels in one value ([`rows`]). An id that
//! is there already is left alone ([`known`]), so a batch may come again.

mod insert;
mod known;
mod presented;
pub(super) mod rollup;
mod rows;
mod turn;

use self::{
    insert::{Column, Insert, Kind},
    presented::Presented,
    rows::Rows,
    turn::Turn,
};
use super::{
    Error, Store, Tx,
    audit::arguments::{KEPT, hash},
    cells::Cells,
    chain::{self, Appender, Canonical, Form, Place},
};
use ostia_domain::audit::CallRecord;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::LazyLock,
};
use uuid::Uuid;

/// Only calls of tools are usage; everything is audit.
const COUNTED: &str = "tools/call";
const MOST: i64 = 1 << 40;

static USAGE: LazyLock<Insert> = LazyLock::new(|| Insert::new("usage_records", &USAGE_COLUMNS));
static ARGUMENTS: LazyLock<Insert> =
    LazyLock::new(|| Insert::new("audit_arguments", &ARGUMENTS_COLUMNS));
static AUDIT: LazyLock<Insert> = LazyLock::new(|| Insert::new("audit_events", &AUDIT_COLUMNS));

/// The least ids that are still written: what went because it was too old must not come again.
#[derive(Clone, Copy)]
pub(crate) struct Oldest {
    pub(crate) audit: Uuid,
    pub(crate) usage: Uuid,
}

/// Writes what is not there yet and not too old. `sealed` has the arguments that are to be kept, by record.
pub(crate) async fn write(
    store: &Store,
    records: &[CallRecord],
    sealed: &HashMap<Uuid, Vec<u8>>,
    oldest: Oldest,
) -> Result<(), Error> {
    // In one order everywhere, so that two controls with the same records never wait for each other.
    let mut records: Vec<_> = records.iter().collect();
    records.sort_unstable_by_key(|record| record.id);
    records.dedup_by_key(|record| record.id);
    if records.is_empty() {
        return Ok(());
    }
    match attempt(store, &records, sealed, oldest, Turn::Shared).await {
        // Another control was faster with one of them.
        Err(Error::Taken) => attempt(store, &records, sealed, oldest, Turn::Alone).await,
        written => written,
    }
}

async fn attempt(
    store: &Store,
    records: &[&CallRecord],
    sealed: &HashMap<Uuid, Vec<u8>>,
    oldest: Oldest,
    turn: Turn,
) -> Result<(), Error> {
    let kept = |least: Uuid| &records[records.partition_point(|record| record.id < least)..];
    let (write, mut appender) = store.write_calls().await?;
    turn.take(write.tx()).await?;
    count(write.tx(), kept(oldest.usage)).await?;
    append(write.tx(), &mut appender, kept(oldest.audit), sealed).await?;
    write.commit().await?;
    appender.committed();
    Ok(())
}

async fn count(tx: &Tx, records: &[&CallRecord]) -> Result<(), Error> {
    let counted = records.iter().filter(|record| record.method == COUNTED);
    let counted = new(tx, "usage_records", counted.copied()).await?;
    USAGE
        .run(tx, &counted, |row, record| usage(row, record))
        .await?;
    rollup::add(tx, &counted).await
}

async fn append(
    tx: &Tx,
    appender: &mut Appender,
    records: &[&CallRecord],
    sealed: &HashMap<Uuid, Vec<u8>>,
) -> Result<(), Error> {
    let new = new(tx, "audit_events", records.iter().copied()).await?;
    let presented = Presented::of(tx, &new).await?;
    let mut canonical = Canonical::default();
    let place = |record| {
        let event = Event {
            record,
            ids: presented.ids(record),
        };
        canonical.clear();
        event.write(&mut canonical);
        (event, appender.place(Form::Sized, &canonical))
    };
    let placed: Vec<(Event<'_>, Place)> = new.into_iter().map(place).collect();
    AUDIT.run(tx, &placed, audit).await?;
    let kept = placed.iter().filter_map(|(event, _)| {
        let CallRecord { id, arguments, .. } = event.record;
        Some((*id, arguments.as_ref()?.cut, sealed.get(id)?))
    });
    let kept: Vec<_> = kept.collect();
    ARGUMENTS.run(tx, &kept, arguments).await?;
    appender.save(tx).await
}

/// In the order of [`arguments`].
const ARGUMENTS_COLUMNS: [Column; 4] = [
    Column("event_id", Kind::Uuid),
    Column("arguments", Kind::Text),
    Column("cut", Kind::Flag),
    Column("sealed", Kind::Bytes),
];

fn arguments(row: &mut Rows, (event, cut, sealed): &(Uuid, bool, &Vec<u8>)) {
    row.uuid(Some(*event));
    row.text(Some(""));
    row.number((*cut).into());
    row.bytes(sealed);
}

/// Those that the table has not.
async fn new<'a>(
    tx: &Tx,
    table: &'static str,
    records: impl Iterator<Item = &'a CallRecord>,
) -> Result<Vec<&'a CallRecord>, Error> {
    let records: Vec<_> = records.collect();
    if records.is_empty() {
        return Ok(records);
    }
    let ids: Vec<Uuid> = records.iter().map(|record| record.id).collect();
    let known: HashSet<Uuid> = known::ids(tx, table, &ids).await?;
    let new = records
        .into_iter()
        .filter(|record| !known.contains(&record.id));
    Ok(new.collect())
}

/// In the order of [`usage`].
const USAGE_COLUMNS: [Column; 12] = [
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
    Column("cached", Kind::Flag),
];

fn usage(row: &mut impl Cells, record: &CallRecord) {
    let caller = record.caller.as_ref();
    row.uuid(Some(record.id));
    row.number(record.at.timestamp_micros());
    row.uuid(caller.map(|caller| caller.key_id));
    row.text(caller.map(|caller| caller.key_name.as_str()));
    row.uuid(caller.map(|caller| caller.owner_id));
    row.text(record.upstream.as_deref());
    row.text(record.tool.as_deref());
    row.text(Some(record.outcome.as_str()));
    row.number(capped(record.duration_us));
    row.number(capped(record.request_bytes));
    row.number(capped(record.result_bytes));
    row.number(record.cached.into());
}

/// In the order of [`audit`].
const AUDIT_COLUMNS: [Column; 24] = [
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
    Column("kind", Kind::Number),
    Column("request_bytes", Kind::Number),
    Column("result_bytes", Kind::Number),
    Column("upstream_status", Kind::Number),
    Column("writer", Kind::Uuid),
    Column("seq", Kind::Number),
    Column("previous", Kind::Bytes),
    Column("hash", Kind::Bytes),
];

fn audit(row: &mut Rows, (event, place): &(Event<'_>, Place)) {
    event.write(row);
    row.uuid(Some(place.writer));
    row.number(place.seq);
    row.bytes(&place.previous);
    row.bytes(&place.hash);
}

/// A record, and the key and owner that it is of.
struct Event<'a> {
    record: &'a CallRecord,
    ids: Option<(Uuid, Uuid)>,
}

impl Event<'_> {
    /// What of it its hash covers.
    fn write(&self, row: &mut impl Cells) {
        let Self { record, ids } = self;
        row.uuid(Some(record.id));
        row.number(record.at.timestamp_micros());
        row.uuid(Some(record.request_id));
        match &record.caller {
            Some(caller) => row.texts(&["key:", &caller.key_name]),
            None => row.text(Some("anonymous")),
        }
        row.uuid(ids.map(|(key, _)| key));
        row.uuid(ids.map(|(_, owner)| owner));
        row.text(Some(&record.method));
        match (&record.upstream, &record.tool) {
            (Some(upstream), Some(tool)) => row.texts(&[upstream, ".", tool]),
            // A name that belongs to no upstream is told of as it was called.
            (upstream, tool) => row.text(upstream.as_deref().or(tool.as_deref())),
        }
        row.text(Some(record.outcome.as_str()));
        row.text(record.error);
        row.text(record.rule.as_deref());
        row.optional_bytes(record.arguments_digest.as_ref().map(AsRef::as_ref));
        row.number(capped(record.duration_us));
        row.text(record.remote_address.as_deref());
        row.text(record.client.as_deref());
        row.text(detail(record).as_deref());
        row.number(chain::Kind::Call.number().into());
        row.number(capped(record.request_bytes));
        row.number(capped(record.result_bytes));
        row.optional_number(record.upstream_status.map(Into::into));
    }
}

/// Which key was presented and refused: it is no actor, because nobody proved to have it. And what is kept
/// elsewhere, so that it cannot be changed there unseen.
fn detail(record: &CallRecord) -> Option<String> {
    let presented = record.presented_key.clone();
    let presented = presented.map(|key| ("presented_key", key));
    let kept = record.arguments.as_ref();
    let kept = kept.map(|kept| (KEPT, hash(&kept.json)));
    let detail: BTreeMap<_, _> = presented.into_iter().chain(kept).collect();
    (!detail.is_empty()).then(|| serde_json::json!(detail).to_string())
}

/// Far beyond what any call takes, and far below where sums would end.
fn capped(value: u64) -> i64 {
    i64::try_from(value).map_or(MOST, |value| value.min(MOST))
}
