//! Following events that may arrive late.
//!
//! An edge makes an event's id when a call begins and hands it over a moment later, so an event can
//! appear before one that was seen already. Each poll therefore begins a little in the past and drops
//! what was printed before.

use ostia_proto::v1;
use std::collections::BTreeMap;

/// How far back, in seconds: longer than an edge holds records while all is well.
const OVERLAP: i64 = 10;

/// What was printed, by id, with the second it happened; ids are ordered by time.
#[derive(Default)]
pub(crate) struct Follower {
    printed: BTreeMap<String, i64>,
}

impl Follower {
    /// Of these events those that were not seen before, in order.
    pub(crate) fn unseen(&mut self, events: Vec<v1::AuditEvent>) -> Vec<v1::AuditEvent> {
        let mut unseen = Vec::new();
        for event in events {
            let at = event.at.map_or(0, |at| at.seconds);
            if self.printed.insert(event.id.clone(), at).is_none() {
                unseen.push(event);
            }
        }
        self.forget();
        unseen
    }

    /// The event to ask from; unset while nothing was seen.
    pub(crate) fn anchor(&self) -> Option<String> {
        self.printed.keys().next().cloned()
    }

    /// Keeps what is within the overlap, and the last one before it: the next anchor.
    fn forget(&mut self) {
        let newest = self.printed.values().max().copied().unwrap_or_default();
        let old: Vec<String> = self
            .printed
            .iter()
            .take_while(|(_, at)| **at < newest - OVERLAP)
            .map(|(id, _)| id.clone())
            .collect();
        for id in old.iter().rev().skip(1) {
            self.printed.remove(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, seconds: i64) -> v1::AuditEvent {
        v1::AuditEvent {
            id: id.to_owned(),
            at: Some(prost_types::Timestamp { seconds, nanos: 0 }),
            ..v1::AuditEvent::default()
        }
    }

    fn ids(events: &[v1::AuditEvent]) -> Vec<&str> {
        events.iter().map(|event| event.id.as_str()).collect()
    }

    #[test]
    fn a_late_event_is_printed_once() {
        let mut follower = Follower::default();
        let seen = follower.unseen(vec![event("a", 0), event("c", 100)]);
        assert_eq!(ids(&seen), ["a", "c"]);
        let seen = follower.unseen(vec![event("b", 99), event("c", 100)]);
        assert_eq!(ids(&seen), ["b"]);
    }

    #[test]
    fn the_anchor_moves_on_and_memory_stays_small() {
        let mut follower = Follower::default();
        assert_eq!(follower.anchor(), None);
        for second in 0..1000 {
            follower.unseen(vec![event(&format!("{second:04}"), second)]);
        }
        assert_eq!(follower.anchor().as_deref(), Some("0988"));
        assert_eq!(follower.printed.len(), 12);
    }
}
