//! Thirty days of calls, the same in every run but for when they were.

use super::keys::Made;
use crate::harness::control::Control;
use chrono::{Datelike as _, TimeDelta, Timelike as _, Weekday};
use ostia_domain::clock;
use ostia_proto::v1;
use uuid::{ContextV7, Timestamp, Uuid};

/// What is called, how it ends, and in how many milliseconds.
type Called = (&'static str, &'static str, &'static str, u64);

const ANSWERED: [Called; 10] = [
    ("github", "search_code", "ok", 420),
    ("github", "get_issue", "ok", 180),
    ("github", "list_issues", "ok", 260),
    ("github", "get_issue", "ok", 95),
    ("docs", "search", "ok", 35),
    ("docs", "read_page", "ok", 12),
    ("docs", "search", "ok", 60),
    ("demo", "echo", "ok", 2),
    ("github", "create_issue", "ok", 640),
    ("docs", "read_page", "ok", 9),
];
const NOT_ANSWERED: [Called; 5] = [
    ("github", "list_issues", "tool_error", 310),
    ("github", "merge_pull_request", "denied", 1),
    ("github", "search_code", "rate_limited", 1),
    ("linear", "list_issues", "upstream_unavailable", 30),
    ("github", "get_issue", "timeout", 30_000),
];
/// One of so many is not answered.
const ANSWERED_OF: usize = 14;
const CLIENTS: [&str; 3] = ["claude-code/2.4.1", "cursor/1.9.0", "codex/0.61.0"];
/// Keys that are used: not those that are switched off.
const USED: [usize; 5] = [0, 1, 2, 5, 6];
/// At most this many in one request.
const BATCH: usize = 500;

/// Numbers that look like chance and are the same in every run (Knuth's MMIX generator).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % bound
    }
}

pub(super) async fn of_calls(control: &Control, keys: &[Made]) {
    let mut chance = Chance(7);
    let mut records = Vec::new();
    let now = clock::now();
    for hour in (1..30 * 24).rev() {
        let at = now - TimeDelta::hours(hour);
        for _ in 0..busy(at, &mut chance) {
            let at = at + TimeDelta::seconds(i64::try_from(chance.below(3_600)).expect("small"));
            records.push(call(at, &mut chance, keys));
        }
    }
    for records in records.chunks(BATCH) {
        let records = records.to_vec();
        let request = v1::RecordRequest { records };
        control.sync().record(request).await.expect("recorded");
    }
}

/// How many calls an hour has: people work by day, builds run at night.
fn busy(at: clock::Timestamp, chance: &mut Chance) -> usize {
    let at_work = (8..18).contains(&at.hour());
    match at.weekday() {
        Weekday::Sat | Weekday::Sun => usize::from(at.hour() == 3),
        _ if at_work => 2 + chance.below(7),
        _ => usize::from(at.hour() == 3) * 3,
    }
}

fn call(at: clock::Timestamp, chance: &mut Chance, keys: &[Made]) -> v1::CallRecord {
    let answered = chance.below(ANSWERED_OF) > 0;
    let called: &[Called] = if answered { &ANSWERED } else { &NOT_ANSWERED };
    let (upstream, tool, outcome, milliseconds) = called[chance.below(called.len())];
    let key = &keys[USED[chance.below(USED.len())]];
    let seconds = u64::try_from(at.timestamp()).expect("after 1970");
    let moment = Timestamp::from_unix(ContextV7::new(), seconds, at.timestamp_subsec_nanos());
    let wiggle = u64::try_from(chance.below(400)).expect("small");
    v1::CallRecord {
        id: Uuid::new_v7(moment).as_bytes().to_vec(),
        at_us: at.timestamp_micros(),
        request_id: Uuid::now_v7().as_bytes().to_vec(),
        caller: Some(v1::RecordedCaller {
            key_id: bytes(&key.id),
            key_name: key.name.clone(),
            owner_id: bytes(&key.owner.0),
            owner_name: key.owner.1.to_owned(),
        }),
        method: "tools/call".to_owned(),
        upstream: Some(upstream.to_owned()),
        tool: Some(tool.to_owned()),
        outcome: outcome.to_owned(),
        rule: Some("triage: allow github.*".to_owned()),
        duration_us: milliseconds * (800 + wiggle),
        request_bytes: 240,
        result_bytes: 1_800,
        remote_address: Some(format!("192.0.2.{}", 10 + chance.below(5))),
        client: Some(CLIENTS[chance.below(CLIENTS.len())].to_owned()),
        ..v1::CallRecord::default()
    }
}

fn bytes(id: &str) -> Vec<u8> {
    let id = Uuid::try_parse(id).expect("a UUID");
    id.as_bytes().to_vec()
}
