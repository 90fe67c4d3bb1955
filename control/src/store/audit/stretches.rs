//! What is there of a chain, in few words that somebody else can keep.
//!
//! Rows say which events retention took, and rows can be made. What nobody can make is an event of a certain hash, and
//! so of everything before it without a gap. Whoever noted from where to where there was none, and of which day that was,
//! needs no row to know what must be there.

use super::AuditEvent;
use chrono::{DateTime, NaiveTime};
use ostia_domain::clock::Timestamp;
use uuid::Uuid;

/// Events one after the other in a chain, with ids of the same day.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) writer: Uuid,
    pub(crate) first: i64,
    pub(crate) last: i64,
    /// Of the last one.
    pub(crate) hash: Vec<u8>,
    /// Its beginning, UTC.
    pub(crate) day: Timestamp,
}

impl Stretch {
    /// Of events in the order of their chain. What has no hash is in no stretch.
    pub(super) fn of(events: &[AuditEvent]) -> Vec<Self> {
        let mut stretches: Vec<Self> = Vec::new();
        for event in events {
            let (Some(writer), Some(seq), Some(hash)) = (event.writer, event.seq, &event.hash)
            else {
                continue;
            };
            let day = day(event.id);
            match stretches.last_mut() {
                Some(last) if last.last + 1 == seq && last.day == day && last.writer == writer => {
                    last.last = seq;
                    last.hash.clone_from(hash);
                }
                _ => stretches.push(Self {
                    writer,
                    first: seq,
                    last: seq,
                    hash: hash.clone(),
                    day,
                }),
            }
        }
        stretches
    }
}

/// Of the time in a `UUIDv7`, which is what events are removed by.
fn day(id: Uuid) -> Timestamp {
    let milliseconds = i64::try_from(id.as_u128() >> 80).unwrap_or(i64::MAX);
    let at = DateTime::from_timestamp_millis(milliseconds).unwrap_or_default();
    at.date_naive().and_time(NaiveTime::MIN).and_utc()
}
