//! How upstreams did lately, on their list and on the page of each.

use super::{
    audit::{call, record},
    visitor::Visitor,
};
use crate::harness::{control, ostia::Ostia, upstreams};
use chrono::TimeDelta;
use ostia_domain::clock;
use ostia_proto::v1;
use uuid::{ContextV7, Timestamp, Uuid};

/// A call of the demo that began so long ago.
fn called(hours_ago: i64, outcome: &str, duration_ms: u64) -> v1::CallRecord {
    let at = clock::now() - TimeDelta::hours(hours_ago);
    let seconds = u64::try_from(at.timestamp()).expect("after 1970");
    let moment = Timestamp::from_unix(ContextV7::new(), seconds, at.timestamp_subsec_nanos());
    v1::CallRecord {
        id: Uuid::new_v7(moment).as_bytes().to_vec(),
        at_us: at.timestamp_micros(),
        upstream: Some("demo".to_owned()),
        outcome: outcome.to_owned(),
        duration_us: duration_ms * 1_000,
        ..call("echo")
    }
}

#[tokio::test]
async fn an_upstream_is_slow_or_fails_by_what_it_did_itself() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    upstreams::script("idle", "lister.py", &["{}"])
        .add(&control)
        .await;
    let mut calls: Vec<_> = (0..8).map(|_| called(0, "ok", 20)).collect();
    calls.push(called(0, "timeout", 30_000));
    calls.push(called(0, "upstream_unavailable", 0));
    // Ostia refused these, which is quick, and no fault of the upstream.
    calls.extend((0..40).map(|_| called(0, "denied", 0)));
    calls.extend((0..5).map(|_| called(5, "ok", 20)));
    record(&control, calls).await;

    let admin = Visitor::signed_in(&ostia, "admin").await;
    let list = admin.open("/upstreams").await;
    for (label, failed) in [
        ("Last hour", "20 % of 10 failed"),
        ("24 hours", "13 % of 15 failed"),
    ] {
        let column = format!("data-label=\"{label}\"");
        let found = list.body.split(&column).skip(1);
        let found: Vec<_> = found
            .filter_map(|cell| cell.split("</td>").next())
            .collect();
        // By name: the demo, then the one that nobody called.
        assert_eq!(found.len(), 2, "{label}");
        assert!(found[0].contains(failed), "{label}: {}", found[0]);
        let (half, most) = found[0].split_once("p95").expect("both");
        assert!(half.contains("p50 ≈ ") && half.contains(" ms"), "{half}");
        assert!(most.contains(" s<"), "{most}");
        assert!(found[1].contains("no calls"), "{}", found[1]);
    }
    let page = admin.open("/upstreams/demo").await;
    for shown in [
        "Lately",
        "20 %",
        "13 %",
        "2 calls",
        "data-label=\"p50\"",
        "data-label=\"p95\"",
    ] {
        page.shows(shown);
    }
    let idle = admin.open("/upstreams/idle").await;
    idle.shows("there were no calls");
    idle.shows("0 calls");
}
