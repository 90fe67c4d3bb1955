//! What a verification tells of what is there, for whoever keeps it elsewhere.

use super::verify;
use crate::control::{
    fixture::{config, start},
    records::{call, made_at, record},
};
use chrono::{DateTime, TimeDelta};
use ostia_control::{Config, Control, Retention};
use ostia_domain::clock;
use ostia_proto::{
    convert::{from_timestamp, timestamp},
    v1,
};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn events_of_one_day_without_a_gap_are_a_stretch() {
    let control = start().await;
    let midnight = DateTime::from_timestamp(1_794_182_400, 0).expect("a time");
    let at = |hours: i64| made_at(midnight + TimeDelta::hours(hours), call("github", "x"));
    // One that came late is among those of the day after.
    for hour in [1, 2, 25, 3, 26, 27] {
        record(&control, vec![at(hour)]).await.expect("recorded");
    }
    let gone = "DELETE FROM audit_events WHERE kind = 0 AND seq = 5";
    control.sql(gone).await;
    let verified = verify(&control.client, Vec::new()).await;
    let calls = verified.chains.iter().find(|chain| chain.kind == "calls");
    let calls = calls.expect("a chain");
    let mut stretches = verified.stretches;
    stretches.retain(|stretch| stretch.writer == calls.writer);
    let told: Vec<_> = stretches
        .iter()
        .map(|one| (one.first_sequence, one.last_sequence, one.day))
        .collect();
    let day = |days| Some(timestamp(midnight + TimeDelta::days(days)));
    let expected = [
        (1, 2, day(0)),
        (3, 3, day(1)),
        (4, 4, day(0)),
        (6, 6, day(1)),
    ];
    assert_eq!(told, expected);
    assert_eq!(stretches[3].last_hash, calls.hash);
    let events = control.events().await;
    let second = events
        .iter()
        .find(|event| event.writer == calls.writer && event.sequence == 2);
    assert_eq!(stretches[0].last_hash, second.expect("the second").hash);
}

#[tokio::test]
async fn it_says_since_when_nothing_is_old_enough() {
    let control = start().await;
    let for_ever = verify(&control.client, Vec::new()).await;
    assert_eq!(for_ever.calls_kept_since, None);
    assert_eq!(for_ever.changes_kept_since, None);
    let keeping = Config {
        retention: Some(Retention {
            audit_calls: Some(90 * DAY),
            audit_changes: None,
            usage_records: None,
            usage_hours: None,
            usage_days: None,
            every: DAY,
        }),
        ..config(&control.database)
    };
    let keeper = Control::open(keeping).await.expect("a control");
    let before = clock::now() - TimeDelta::days(90);
    let verified = verify(&keeper.client(), Vec::new()).await;
    let after = clock::now() - TimeDelta::days(90);
    let since = from_timestamp("since", verified.calls_kept_since.expect("a time"));
    let since = since.expect("a time");
    assert!(before <= since && since <= after, "{since}");
    assert_eq!(verified.changes_kept_since, None);
    let stretches: Vec<v1::ChainStretch> = verified.stretches;
    assert_eq!(stretches, for_ever.stretches);
    keeper.close().await;
}
