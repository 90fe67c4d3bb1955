//! `ostia usage` and `ostia audit`.

use super::texts;
use crate::harness::{
    command::command,
    environment,
    mcp::{Endpoint, modern},
    ostia::Ostia,
    wait,
};
use serde_json::{Value, json};
use std::{process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    time::timeout,
};

async fn call(ostia: &Ostia) {
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let arguments = json!({ "message": "x" });
    modern::call(&endpoint, "demo__echo", &arguments)
        .send()
        .await
        .result();
}

#[tokio::test]
async fn calls_are_listed_newest_first() {
    let ostia = Ostia::start().await;
    for _ in 0..3 {
        call(&ostia).await;
    }
    let listed = wait::until(Duration::from_secs(10), "the calls are written", || async {
        let usage = ostia.cli(&["usage", "list"]).await.ok().json();
        let count = usage.as_array().map_or(0, Vec::len);
        if count == 3 { Ok(usage) } else { Err(usage) }
    });
    let (usage, _) = listed.await;
    assert_eq!(usage[0]["tool"], "echo");
    assert_eq!(usage[0]["outcome"], "ok");
    assert_eq!(usage[0]["key_name"], "demo");
    let ids = texts(&usage, "id");
    assert!(ids.is_sorted_by(|newer, older| newer > older), "{ids:?}");

    let two = ostia
        .cli(&["usage", "list", "--limit", "2"])
        .await
        .ok()
        .json();
    assert_eq!(texts(&two, "id"), ids[..2]);
}

#[tokio::test]
async fn a_tail_is_oldest_first_and_names_who_did_what() {
    let ostia = Ostia::start().await;
    ostia
        .cli(&["policies", "create", "p", "--preset", "everything"])
        .await
        .ok();
    let events = ostia.cli(&["audit", "tail"]).await.ok().json();
    let ids = texts(&events, "id");
    assert!(ids.is_sorted(), "{ids:?}");
    let last = events
        .as_array()
        .and_then(|events| events.last())
        .expect("an event");
    assert_eq!(last["action"], "policies.create");
    assert!(
        last["actor"]
            .as_str()
            .is_some_and(|actor| actor.starts_with("cli:")),
        "{last}"
    );
}

#[tokio::test]
async fn following_prints_what_happens_next() {
    let ostia = Ostia::options().sqlite().start().await;
    let mut tail = command(environment::OSTIA);
    tail.args([
        "audit",
        "tail",
        "--follow",
        "--json",
        "-n",
        "1",
        "--data-dir",
    ])
    .arg(ostia.data_dir())
    .stdout(Stdio::piped())
    .stderr(Stdio::null());
    let mut child = tail.spawn().expect("ostia audit");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut next = async || -> Value {
        let line = timeout(Duration::from_secs(20), lines.next_line()).await;
        let line = line.expect("in time").expect("stdout").expect("a line");
        serde_json::from_str(&line).expect("one object per line")
    };
    // What there was at the start, then what comes.
    next().await;
    call(&ostia).await;
    let event = next().await;
    assert_eq!(event["action"], "tools/call");
    assert_eq!(event["target"], "demo.echo");
}
