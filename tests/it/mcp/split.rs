//! Control and edge as two processes, and what the edge does alone.

use super::documented::assert_refused;
use crate::harness::{
    control, http,
    mcp::{Answer, Endpoint, legacy::Session, modern},
    ostia::Ostia,
    split::Split,
    wait,
};
use serde_json::{Value, json};
use std::time::Duration;

async fn echo(endpoint: &Endpoint) -> Answer {
    modern::call(endpoint, "demo__echo", &json!({"message": "x"}))
        .send()
        .await
}

/// In seconds.
async fn snapshot_age(edge: &Ostia) -> u64 {
    let ready = format!("{}/readyz", edge.admin_url);
    let answer = http::client().get(ready).send().await.expect("an answer");
    let health: Value = answer.json().await.expect("JSON");
    let age = &health["snapshot"]["age_seconds"];
    age.as_u64().unwrap_or_else(|| panic!("no age in {health}"))
}

#[tokio::test]
async fn an_edge_serves_on_while_control_is_away() {
    let mut split = Split::start().await;
    let other = control::master_key(&split.services(), "never-seen").await;
    let known = split.endpoint();
    let session = Session::open(&known).await;
    assert_eq!(echo(&known).await.first_text(), "x");

    split.control.kill9().await;
    for _ in 0..5 {
        assert_eq!(echo(&known).await.first_text(), "x");
        assert_eq!(
            session
                .call("demo__add", &json!({"a": 1, "b": 2}))
                .await
                .status,
            200
        );
    }
    // A key that it has never seen cannot be verified; that is not the same as being refused.
    let unverified = echo(&known.with_key(&other)).await;
    assert_refused(&unverified, 503, -31034, "control-unavailable");
    assert!(unverified.header("retry-after").is_some(), "{unverified:?}");

    split.control.start_again().await;
    let verified = wait::until(Duration::from_secs(15), "control is used again", || async {
        let answer = echo(&known.with_key(&other)).await;
        if answer.status == 200 {
            Ok(answer)
        } else {
            Err(answer)
        }
    });
    assert_eq!(verified.await.0.first_text(), "x");

    // What happened meanwhile was kept, and is counted once.
    let services = split.services();
    let arrived = wait::until(Duration::from_secs(15), "all records arrived", || async {
        let usage = control::usage(&services).await;
        let count = |tool: &str| usage.iter().filter(|record| record.tool == tool).count();
        let counts = (count("echo"), count("add"));
        if counts.0 >= 7 && counts.1 >= 5 {
            Ok(counts)
        } else {
            Err(counts)
        }
    });
    // One before, five during, one after; the refused one was nobody's call.
    assert_eq!(arrived.await.0.1, 5);
    let known_calls = control::usage(&services).await;
    let by_demo = known_calls
        .iter()
        .filter(|record| record.key_name == "demo" && record.tool == "echo");
    assert_eq!(by_demo.count(), 6);
}

/// What it knew is on its disk, sealed: a restart while control is away changes nothing for those who called
/// before.
#[tokio::test]
async fn an_edge_starts_without_control_from_what_it_knew() {
    let mut split = Split::start().await;
    let known = split.endpoint();
    assert_eq!(echo(&known).await.first_text(), "x");
    let other = control::master_key(&split.services(), "never-seen").await;
    split.control.kill9().await;
    split.edge.restart().await;
    let served = wait::until(Duration::from_secs(15), "it serves again", || async {
        let answer = echo(&known).await;
        if answer.status == 200 {
            Ok(answer)
        } else {
            Err(answer)
        }
    });
    assert_eq!(served.await.0.first_text(), "x");
    let unverified = echo(&known.with_key(&other)).await;
    assert_refused(&unverified, 503, -31034, "control-unavailable");
    for file in ["edge-snapshot", "edge-heard"] {
        let text = std::fs::read_to_string(split.edge.data_dir().join(file)).expect("a file");
        assert!(!text.contains("demo"), "{file} can be read by anybody");
    }
    // It says how old it is what it serves from.
    let age = wait::until(Duration::from_secs(15), "it grows old", || async {
        let age = snapshot_age(&split.edge).await;
        if age >= 2 { Ok(age) } else { Err(age) }
    });
    let (age, _) = age.await;
    // When control is back, what it says holds.
    split.control.start_again().await;
    let young = wait::until(Duration::from_secs(30), "control is heard of", || async {
        let now = snapshot_age(&split.edge).await;
        if now < age { Ok(()) } else { Err(now) }
    });
    young.await;
    let verified = wait::until(Duration::from_secs(15), "control is used again", || async {
        let answer = echo(&known.with_key(&other)).await;
        if answer.status == 200 {
            Ok(answer)
        } else {
            Err(answer)
        }
    });
    verified.await;
}

/// A revocation may be waiting: what is too old serves nobody.
#[tokio::test]
async fn what_an_edge_knew_too_long_ago_serves_nobody() {
    // The least that is taken.
    let forgetful = Ostia::options().arg("--max-revocation-age-s").arg("10");
    let mut split = Split::start_with(Ostia::options(), forgetful).await;
    let known = split.endpoint();
    assert_eq!(echo(&known).await.first_text(), "x");
    split.control.kill9().await;
    // Not because control is away.
    assert_eq!(echo(&known).await.first_text(), "x");
    let refused = wait::until(
        Duration::from_secs(30),
        "its knowledge is too old",
        || async {
            let answer = echo(&known).await;
            if answer.status == 503 {
                Ok(answer)
            } else {
                Err(answer)
            }
        },
    );
    assert_refused(&refused.await.0, 503, -31034, "control-unavailable");
    assert!(snapshot_age(&split.edge).await >= 10);
    split.edge.restart().await;
    // Not ready, or ready and refusing: it never serves.
    for _ in 0..5 {
        assert_eq!(echo(&known).await.status, 503);
    }
}

/// One number of `/metrics`, without labels. Unset: it was never told.
async fn metric(edge: &Ostia, name: &str) -> Option<u64> {
    let metrics = format!("{}/metrics", edge.admin_url);
    let answer = http::client().get(metrics).send().await.expect("an answer");
    let text = answer.text().await.expect("text");
    let mut lines = text.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    Some(value.parse().expect("a number"))
}

async fn echoes(split: &Split, expected: usize) {
    let services = split.services();
    let counted = wait::until(Duration::from_secs(20), "all calls are counted", || async {
        let usage = control::usage(&services).await;
        match usage.iter().filter(|record| record.tool == "echo").count() {
            count if count >= expected => Ok(count),
            count => Err(count),
        }
    });
    assert_eq!(counted.await.0, expected);
}

/// Control is away and the disk takes nothing: what happened waits for one of them.
#[tokio::test]
async fn calls_that_nothing_takes_down_are_not_forgotten() {
    let mut split = Split::start().await;
    let known = split.endpoint();
    assert_eq!(echo(&known).await.first_text(), "x");
    echoes(&split, 1).await;
    split.control.kill9().await;
    // Even root puts nothing into a file as if it was a folder.
    let spool = split.edge.data_dir().join("spool");
    std::fs::remove_dir(&spool).expect("an empty folder");
    std::fs::write(&spool, "").expect("a file");
    for _ in 0..3 {
        assert_eq!(echo(&known).await.first_text(), "x");
    }
    let held = wait::until(Duration::from_secs(20), "they are held", || async {
        match metric(&split.edge, "ostia_records_held").await {
            Some(3) => Ok(()),
            held => Err(held),
        }
    });
    held.await;
    split.control.start_again().await;
    echoes(&split, 4).await;
    let released = wait::until(Duration::from_secs(20), "none is held", || async {
        match metric(&split.edge, "ostia_records_held").await {
            Some(0) => Ok(()),
            held => Err(held),
        }
    });
    released.await;
    assert_eq!(metric(&split.edge, "ostia_records_lost_total").await, None);
}

#[tokio::test]
async fn an_edge_that_stops_hands_its_records_over() {
    let mut split = Split::start().await;
    for _ in 0..20 {
        assert_eq!(echo(&split.endpoint()).await.first_text(), "x");
    }
    split.edge.stop().await;
    let usage = control::usage(&split.services()).await;
    assert_eq!(
        usage.iter().filter(|record| record.tool == "echo").count(),
        20
    );
}

/// Control gives credentials of upstreams to edges: nobody else may ask.
#[tokio::test]
async fn an_edge_with_a_wrong_token_does_not_start_serving() {
    let control = Ostia::options().roles(&["control"]).start().await;
    let edge = Ostia::options()
        .roles(&["edge"])
        .arg("--control-url")
        .arg(&control.control_url);
    let edge = edge.env("OSTIA_SERVICE_TOKEN", "wrong");
    let started = tokio::time::timeout(Duration::from_secs(3), edge.start()).await;
    assert!(started.is_err(), "it announced that it serves");
}
