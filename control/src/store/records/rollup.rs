//! Usage by the hour and by the day, added up in the transaction that writes the records: what is counted
//! twice or not at all would be there twice or not at all, too.

use super::{
    capped,
    insert::{Column, Insert, Kind},
    rows::Rows,
};
use crate::store::{Error, Tx, cells::Cells};
use ostia_domain::{
    audit::CallRecord,
    usage::{DURATION_CLASSES, duration_class},
};
use std::{borrow::Cow, collections::BTreeMap, sync::LazyLock};
use uuid::Uuid;

const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 86_400;
/// In characters: keys of an index have a limit, and a name longer than this says nothing more.
pub(in crate::store) const LONGEST_NAME: usize = 200;

static HOURS: LazyLock<Insert> = LazyLock::new(|| add_to("usage_hours"));
static DAYS: LazyLock<Insert> = LazyLock::new(|| add_to("usage_days"));

/// What rows are found by, in the order of their columns.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Group<'a> {
    start_s: i64,
    key_id: Uuid,
    owner_id: Uuid,
    upstream: Cow<'a, str>,
    tool: Cow<'a, str>,
    outcome: &'static str,
}

/// What is added to them.
#[derive(Clone, Copy, Default)]
struct Sums {
    calls: i64,
    cached: i64,
    duration_us: i64,
    request_bytes: i64,
    result_bytes: i64,
    took: [i64; DURATION_CLASSES],
}

/// Adds records that are new.
pub(super) async fn add(tx: &Tx, records: &[&CallRecord]) -> Result<(), Error> {
    let mut hours: BTreeMap<Group<'_>, Sums> = BTreeMap::new();
    for record in records {
        hours.entry(group(record)).or_default().count(record);
    }
    let mut days: BTreeMap<Group<'_>, Sums> = BTreeMap::new();
    for (hour, sums) in &hours {
        let day = Group {
            start_s: beginning(hour.start_s, DAY_S),
            ..hour.clone()
        };
        days.entry(day).or_default().add(sums);
    }
    // In the order of their keys, so that no two controls wait for each other.
    for (table, sums) in [(&HOURS, hours), (&DAYS, days)] {
        let rows: Vec<_> = sums.into_iter().collect();
        table.run(tx, &rows, row).await?;
    }
    Ok(())
}

fn group(record: &CallRecord) -> Group<'_> {
    let caller = record.caller.as_ref();
    let upstream = record.upstream.as_deref();
    Group {
        start_s: beginning(record.at.timestamp(), HOUR_S),
        key_id: caller.map(|caller| caller.key_id).unwrap_or_default(),
        owner_id: caller.map(|caller| caller.owner_id).unwrap_or_default(),
        upstream: name(upstream.unwrap_or_default()),
        // A name that belongs to no upstream is whatever a client called, and every one would be a row.
        tool: name(upstream.and(record.tool.as_deref()).unwrap_or_default()),
        outcome: record.outcome.as_str(),
    }
}

/// Of the bucket that a time is in.
fn beginning(at_s: i64, length_s: i64) -> i64 {
    at_s - at_s.rem_euclid(length_s)
}

/// As it is stored: two names that are stored as one are one here already.
pub(in crate::store) fn name(name: &str) -> Cow<'_, str> {
    let longer = name.char_indices().nth(LONGEST_NAME);
    let name = longer.map_or(name, |(end, _)| &name[..end]);
    if name.contains('\0') {
        Cow::Owned(name.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(name)
    }
}

impl Sums {
    fn count(&mut self, record: &CallRecord) {
        self.calls += 1;
        self.cached += i64::from(record.cached);
        self.duration_us += capped(record.duration_us);
        self.request_bytes += capped(record.request_bytes);
        self.result_bytes += capped(record.result_bytes);
        self.took[duration_class(record.duration_us)] += 1;
    }

    fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.cached += other.cached;
        self.duration_us += other.duration_us;
        self.request_bytes += other.request_bytes;
        self.result_bytes += other.result_bytes;
        for (own, other) in self.took.iter_mut().zip(other.took) {
            *own += other;
        }
    }
}

fn add_to(table: &str) -> Insert {
    let key = [
        Column("start_s", Kind::Number),
        Column("key_id", Kind::Uuid),
        Column("owner_id", Kind::Uuid),
        Column("upstream", Kind::Text),
        Column("tool", Kind::Text),
        Column("outcome", Kind::Text),
    ];
    let took = TOOK.map(|name| Column(name, Kind::Number));
    let sums = [
        Column("calls", Kind::Number),
        Column("cached", Kind::Number),
        Column("duration_us", Kind::Number),
        Column("request_bytes", Kind::Number),
        Column("result_bytes", Kind::Number),
    ];
    let sums: Vec<_> = sums.into_iter().chain(took).collect();
    Insert::adding(table, &key, &sums)
}

/// Calls by how long they took, by class.
pub(in crate::store) const TOOK: [&str; DURATION_CLASSES] = [
    "took_0", "took_1", "took_2", "took_3", "took_4", "took_5", "took_6", "took_7", "took_8",
    "took_9", "took_10",
];

/// In the order of [`add_to`].
fn row(row: &mut Rows, (group, sums): &(Group<'_>, Sums)) {
    row.number(group.start_s);
    row.uuid(Some(group.key_id));
    row.uuid(Some(group.owner_id));
    row.text(Some(&group.upstream));
    row.text(Some(&group.tool));
    row.text(Some(group.outcome));
    let Sums {
        calls,
        cached,
        duration_us,
        request_bytes,
        result_bytes,
        took,
    } = *sums;
    for number in [calls, cached, duration_us, request_bytes, result_bytes] {
        row.number(number);
    }
    for number in took {
        row.number(number);
    }
}
