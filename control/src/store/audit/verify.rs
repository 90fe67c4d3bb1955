//! Whether the chains of audit events are whole.
//!
//! A page at a time and without anything in memory between two: where to go on is the last event of the
//! page, which the next page continues from.

use super::{AuditEvent, cells, stretches::Stretch};
use crate::store::{
    Error, Tx,
    chain::{Canonical, Hash, Kind, NOTHING, hash},
    entity::{
        audit_events::{Column, Entity},
        audit_pruned, audit_writers,
    },
    narrow::first_id,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::DateTime;
use ostia_domain::clock::Timestamp;
use sea_orm::{EntityTrait, PaginatorTrait as _, QueryFilter, QueryOrder, QuerySelect, prelude::*};
use std::fmt;

/// Of one chain: how far it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) writer: Uuid,
    pub(crate) seq: i64,
    /// Of the event there; unset when it is missing or changed.
    pub(crate) hash: Option<Hash>,
}

impl Progress {
    /// Out of what `to_string` made of one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (writer, rest) = bytes.split_first_chunk::<16>()?;
        let (seq, rest) = rest.split_first_chunk::<8>()?;
        let hash = match rest {
            [] => None,
            hash => Some(hash.try_into().ok()?),
        };
        Some(Self {
            writer: Uuid::from_bytes(*writer),
            seq: i64::from_be_bytes(*seq),
            hash,
        })
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.writer.as_bytes().to_vec();
        bytes.extend_from_slice(&self.seq.to_be_bytes());
        bytes.extend_from_slice(self.hash.as_ref().map_or(&[], Hash::as_slice));
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// The end of a chain as somebody noted it earlier.
pub(crate) struct Known {
    pub(crate) writer: Uuid,
    pub(crate) seq: i64,
    pub(crate) hash: Hash,
}

/// A chain that was read to its end.
pub(crate) struct Writer {
    pub(crate) id: Uuid,
    pub(crate) kind: Kind,
    pub(crate) started_at: Timestamp,
    pub(crate) seq: i64,
    pub(crate) hash: Vec<u8>,
    /// Events that retention took.
    pub(crate) pruned: i64,
}

pub(crate) struct Problem {
    /// Unset: the event is in no chain.
    pub(crate) writer: Option<Uuid>,
    /// 0 where there is none.
    pub(crate) seq: i64,
    /// Unset when it is missing.
    pub(crate) event: Option<Uuid>,
    pub(crate) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// It is not what was written, or not where it was.
    Changed,
    /// Its hash is another than the one that the next event continues from.
    Rewritten,
    /// It is not there, nor are those until before this one.
    Missing { until: i64 },
    /// Another event is in its place, too.
    Twice,
    /// The chain ends before it.
    AfterTheEnd,
    /// No control says that it began this chain.
    UnknownWriter,
    /// It was written when events were in chains already.
    InNoChain,
    /// It is another one than was noted earlier, or gone.
    NotAsKnown,
}

#[derive(Default)]
pub(crate) struct Verified {
    /// Events that were read.
    pub(crate) checked: u64,
    pub(crate) problems: Vec<Problem>,
    pub(crate) writers: Vec<Writer>,
    /// Events of before there were chains; only on the last page.
    pub(crate) unchained: u64,
    /// Unset: this was all.
    pub(crate) next: Option<Progress>,
    /// What was read.
    pub(crate) stretches: Vec<Stretch>,
}

/// The next `limit` events or fewer. `from` is what the page before gave.
pub(crate) async fn verify(tx: &Tx, from: Option<Progress>, limit: u64) -> Result<Verified, Error> {
    let mut verified = Verified::default();
    let mut at = match from {
        Some(progress) => Some(progress),
        None => begin(tx, Uuid::nil()).await?,
    };
    while let Some(progress) = at {
        if verified.checked >= limit {
            verified.next = Some(progress);
            return Ok(verified);
        }
        at = chain(tx, progress, limit - verified.checked, &mut verified).await?;
    }
    outside(tx, limit, &mut verified).await?;
    Ok(verified)
}

/// What was noted earlier must still be there, or have been pruned. That it was is taken from the database: whoever
/// noted it has its stretches to tell whether it could have been.
pub(crate) async fn compare(tx: &Tx, known: &[Known]) -> Result<Vec<Problem>, Error> {
    let mut problems = Vec::new();
    for known in known {
        let found = Entity::find()
            .filter(Column::Writer.eq(known.writer))
            .filter(Column::Seq.eq(known.seq))
            .one(tx)
            .await?;
        let as_known = match &found {
            Some(event) => event.hash.as_deref() == Some(&known.hash[..]),
            None => was_pruned(tx, known).await?,
        };
        if !as_known {
            problems.push(Problem {
                writer: Some(known.writer),
                seq: known.seq,
                event: found.map(|event| event.id),
                what: What::NotAsKnown,
            });
        }
    }
    Ok(problems)
}

async fn was_pruned(tx: &Tx, known: &Known) -> Result<bool, Error> {
    use audit_pruned::{Column, Entity};
    let run = Entity::find()
        .filter(Column::Writer.eq(known.writer))
        .filter(Column::FirstSeq.lte(known.seq))
        .filter(Column::LastSeq.gte(known.seq))
        .one(tx)
        .await?;
    Ok(run.is_some_and(|run| run.last_seq > known.seq || run.last_hash == known.hash))
}

/// The beginning of the chain after this one, in the order of their ids.
async fn begin(tx: &Tx, after: Uuid) -> Result<Option<Progress>, Error> {
    let known = audit_writers::Entity::find()
        .filter(audit_writers::Column::Id.gt(after))
        .order_by_asc(audit_writers::Column::Id)
        .one(tx)
        .await?;
    // Events may name one that is not known.
    let named = Entity::find()
        .filter(Column::Writer.gt(after))
        .order_by_asc(Column::Writer)
        .one(tx)
        .await?;
    let known = known.map(|writer| writer.id);
    let named = named.and_then(|event| event.writer);
    let next = match (known, named) {
        (Some(known), Some(named)) => Some(known.min(named)),
        (known, named) => known.or(named),
    };
    Ok(next.map(|writer| Progress {
        writer,
        seq: 0,
        hash: Some(NOTHING),
    }))
}

/// Reads on in one chain, and says where to go on.
async fn chain(
    tx: &Tx,
    from: Progress,
    limit: u64,
    verified: &mut Verified,
) -> Result<Option<Progress>, Error> {
    let id = from.writer;
    let Some(writer) = audit_writers::Entity::find_by_id(id).one(tx).await? else {
        verified.problems.push(Problem {
            writer: Some(id),
            seq: 0,
            event: None,
            what: What::UnknownWriter,
        });
        return begin(tx, id).await;
    };
    let pruned = audit_pruned::Entity::find()
        .filter(audit_pruned::Column::Writer.eq(id))
        .order_by_asc(audit_pruned::Column::FirstSeq)
        .all(tx)
        .await?;
    let events = events(tx, &from, limit).await?;
    let ended = (events.len() as u64) < limit;
    verified.checked += events.len() as u64;
    verified.stretches.extend(Stretch::of(&events));
    let mut reader = Reader {
        writer: &writer,
        pruned: &pruned,
        at: from,
        problems: &mut verified.problems,
        canonical: Canonical::default(),
        last: None,
    };
    for event in &events {
        reader.event(event);
    }
    if !ended {
        return Ok(Some(reader.at));
    }
    reader.end();
    verified.writers.push(Writer {
        id,
        kind: Kind::parse(writer.kind)
            .ok_or_else(|| Error::Unreadable(format!("the audit writer {id}")))?,
        started_at: DateTime::from_timestamp_micros(writer.started_at_us).unwrap_or_default(),
        seq: writer.head_seq,
        hash: writer.head_hash,
        pruned: pruned
            .iter()
            .map(|run| run.last_seq - run.first_seq + 1)
            .sum(),
    });
    begin(tx, id).await
}

/// The next ones in the order of the chain. All that share a sequence number are on one page.
async fn events(tx: &Tx, from: &Progress, limit: u64) -> Result<Vec<AuditEvent>, Error> {
    let of_writer = || Entity::find().filter(Column::Writer.eq(from.writer));
    let query = of_writer()
        .filter(Column::Seq.gt(from.seq))
        .order_by_asc(Column::Seq)
        .order_by_asc(Column::Id)
        .limit(limit);
    let mut events = query.all(tx).await?;
    if let Some(last) = events.last() {
        let beside = of_writer()
            .filter(Column::Seq.eq(last.seq))
            .filter(Column::Id.gt(last.id));
        events.extend(beside.all(tx).await?);
    }
    Ok(events)
}

struct Reader<'a> {
    writer: &'a audit_writers::Model,
    pruned: &'a [audit_pruned::Model],
    at: Progress,
    problems: &'a mut Vec<Problem>,
    canonical: Canonical,
    /// The event at `at`, where this page has it.
    last: Option<Uuid>,
}

impl Reader<'_> {
    fn event(&mut self, event: &AuditEvent) {
        let seq = event.seq.unwrap_or_default();
        if seq <= self.at.seq {
            return self.problem(seq, Some(event.id), What::Twice);
        }
        self.pass_over(seq);
        if seq > self.writer.head_seq {
            self.problem(seq, Some(event.id), What::AfterTheEnd);
        }
        let (previous, own) = (read(event.previous.as_ref()), read(event.hash.as_ref()));
        self.canonical.clear();
        let form = cells(&mut self.canonical, event);
        let written = previous.map(|hash_before| {
            let writer = self.writer.id;
            hash(form, &hash_before, (writer, seq), &self.canonical)
        });
        if own.is_some() && own == written {
            if self.at.hash.is_some() && self.at.hash != previous {
                // This one is as it was written, so it is the one before that is not.
                let before = self.last;
                self.problem(self.at.seq, before, What::Rewritten);
            }
            self.at.hash = own;
        } else {
            self.problem(seq, Some(event.id), What::Changed);
            self.at.hash = None;
        }
        self.at.seq = seq;
        self.last = Some(event.id);
    }

    /// Events before `seq` that are not there: pruned, or missing.
    fn pass_over(&mut self, seq: i64) {
        while self.at.seq + 1 < seq {
            let next = self.at.seq + 1;
            let run = self.pruned.iter().find(|run| run.last_seq >= next);
            self.last = None;
            match run {
                Some(run) if run.first_seq <= next && run.last_seq < seq => {
                    self.at.seq = run.last_seq;
                    self.at.hash = read(Some(&run.last_hash));
                }
                // One that was pruned is here again, and is not told of twice.
                Some(run) if run.first_seq <= next => {
                    self.at.seq = seq - 1;
                    self.at.hash = None;
                }
                run => {
                    let until = run.map_or(seq, |run| run.first_seq.min(seq));
                    self.problem(next, None, What::Missing { until });
                    self.at.seq = until - 1;
                    self.at.hash = None;
                }
            }
        }
    }

    fn end(&mut self) {
        self.pass_over(self.writer.head_seq + 1);
        let head = read(Some(&self.writer.head_hash));
        if self.at.seq == self.writer.head_seq && self.at.hash.is_some() && self.at.hash != head {
            self.problem(self.at.seq, self.last, What::Rewritten);
        }
    }

    fn problem(&mut self, seq: i64, event: Option<Uuid>, what: What) {
        self.problems.push(Problem {
            writer: Some(self.writer.id),
            seq,
            event,
            what,
        });
    }
}

fn read(hash: Option<&Vec<u8>>) -> Option<Hash> {
    hash.and_then(|bytes| bytes.as_slice().try_into().ok())
}

/// Events in no chain: those of before there were any, and those that nobody should have written.
async fn outside(tx: &Tx, limit: u64, verified: &mut Verified) -> Result<(), Error> {
    let unchained = || Entity::find().filter(Column::Writer.is_null());
    let first = audit_writers::Entity::find()
        .order_by_asc(audit_writers::Column::StartedAtUs)
        .one(tx)
        .await?
        .and_then(|writer| DateTime::from_timestamp_micros(writer.started_at_us));
    let Some(first) = first.map(first_id) else {
        verified.unchained = unchained().count(tx).await?;
        return Ok(());
    };
    let before = unchained().filter(Column::Id.lt(first));
    verified.unchained = before.count(tx).await?;
    let since = unchained().filter(Column::Id.gte(first)).limit(limit);
    let since = since.all(tx).await?;
    verified
        .problems
        .extend(since.into_iter().map(|event| Problem {
            writer: None,
            seq: 0,
            event: Some(event.id),
            what: What::InNoChain,
        }));
    Ok(())
}
