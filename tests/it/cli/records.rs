//! `ostia usage` and `ostia audit`.

use super::texts;
use crate::harness::{
    command::command,
    database, environment,
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

/// All lines are there, whatever the size of a page.
#[tokio::test]
async fn exports_have_every_row_in_the_form_that_was_asked_for() {
    let ostia = Ostia::start().await;
    for _ in 0..3 {
        call(&ostia).await;
    }
    let events = |format: &'static str| {
        let ostia = &ostia;
        async move {
            let args = [
                "audit",
                "export",
                "--action",
                "tools/call",
                "--format",
                format,
            ];
            ostia.cli(&args).await.ok().stdout
        }
    };
    let exported = wait::until(Duration::from_secs(10), "the calls are written", || async {
        let lines = events("jsonl").await;
        if lines.lines().count() == 3 {
            Ok(lines)
        } else {
            Err(lines)
        }
    });
    let (lines, _) = exported.await;
    let read = |line: &str| serde_json::from_str::<Value>(line).expect("an object per line");
    let objects: Vec<Value> = lines.lines().map(read).collect();
    let ids: Vec<_> = objects
        .iter()
        .filter_map(|event| event["id"].as_str())
        .collect();
    assert!(ids.is_sorted(), "oldest first: {ids:?}");
    assert_eq!(objects[0]["target"], "demo.echo");

    let csv = events("csv").await;
    let mut rows = csv.lines();
    let heading = rows.next().expect("a heading");
    assert!(heading.starts_with("id,at,request_id,actor,"), "{heading}");
    let columns = heading.split(',').count();
    for (row, id) in rows.by_ref().zip(&ids) {
        assert!(row.starts_with(id), "{row}");
        assert_eq!(row.split(',').count(), columns, "{row}");
    }

    let tool = ["--tool", "demo.echo", "--from", "1h"];
    let args = [&["usage", "export", "--format", "json"][..], &tool[..]].concat();
    let usage: Value = serde_json::from_str(&ostia.cli(&args).await.ok().stdout).expect("JSON");
    assert_eq!(texts(&usage, "id"), ids);
    let nothing = ["usage", "export", "--format", "json", "--to", "2020-01-01"];
    let nothing = ostia.cli(&nothing).await.ok().stdout;
    assert_eq!(
        serde_json::from_str::<Value>(&nothing).expect("JSON"),
        json!([])
    );
    let csv = ostia.cli(&["usage", "export"]).await.ok().stdout;
    assert_eq!(csv.lines().count(), 4);
}

#[tokio::test]
async fn events_are_listed_by_what_they_say() {
    let ostia = Ostia::start().await;
    let create = ["policies", "create", "p", "--preset", "everything"];
    ostia.cli(&create).await.ok();
    let listed = ["audit", "list", "--action", "policies.*", "--limit", "1"];
    let listed = ostia.cli(&listed).await.ok().json();
    assert_eq!(texts(&listed, "target"), ["p"]);
    let wrong = ["audit", "list", "--outcome", "great"];
    assert_eq!(ostia.cli(&wrong).await.code, super::FAILED);
    let wrong = ["usage", "list", "--from", "yesterday"];
    assert_eq!(ostia.cli(&wrong).await.code, super::USAGE);
}

#[tokio::test]
async fn chains_are_verified_and_compared_with_what_was_noted() {
    let ostia = Ostia::start().await;
    let first = ostia.cli(&["audit", "verify"]).await.ok();
    let report = first.json();
    assert_eq!(report["intact"], true);
    assert_eq!(report["chains"][0]["kind"], "changes");
    let noted = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(noted.path(), &first.stdout).expect("written");
    let path = noted.path().to_str().expect("a path");
    let again = ["audit", "verify", "--known", path];
    ostia.cli(&again).await.ok();

    let hash = report["chains"][0]["hash"].as_str().expect("a hash");
    let other = first.stdout.replace(hash, &"0".repeat(64));
    std::fs::write(noted.path(), other).expect("written");
    let finished = ostia.cli(&again).await;
    assert_eq!(finished.code, super::FAILED);
    let problem = &finished.json()["problems"][0]["problem"];
    assert_eq!(problem, "is not what was noted earlier");
    std::fs::write(noted.path(), "no report").expect("written");
    assert_eq!(ostia.cli(&again).await.code, super::USAGE);
}

/// Whoever can write to the database can write there, too, that retention removed something.
#[tokio::test]
async fn what_was_noted_cannot_be_called_removed_while_it_is_young() {
    let ostia = Ostia::start().await;
    let first = ostia.cli(&["audit", "verify"]).await.ok();
    let noted = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(noted.path(), &first.stdout).expect("written");
    let path = noted.path().to_str().expect("a path");
    let known = ["audit", "verify", "--known", path];
    ostia.cli(&known).await.ok();

    let sql = |statements: [&'static str; 2]| {
        let url = ostia.database_url();
        async move {
            for statement in statements {
                database::execute(&url, statement).await;
            }
        }
    };
    let one = sql([
        "INSERT INTO audit_pruned (writer, first_seq, last_seq, last_hash) \
            SELECT writer, seq, seq, hash FROM audit_events WHERE kind = 1 AND seq = 1",
        "DELETE FROM audit_events WHERE kind = 1 AND seq = 1",
    ]);
    one.await;
    // Without a note there is only what the database says.
    ostia.cli(&["audit", "verify"]).await.ok();
    let finished = ostia.cli(&known).await;
    assert_eq!(finished.code, super::FAILED);
    let problem = finished.json()["problems"][0]["problem"].to_string();
    assert!(
        problem.contains("not old enough to be removed"),
        "{problem}"
    );

    let all = sql([
        "DELETE FROM audit_pruned",
        "INSERT INTO audit_pruned (writer, first_seq, last_seq, last_hash) \
            SELECT id, 1, head_seq, head_hash FROM audit_writers WHERE kind = 1",
    ]);
    all.await;
    sql(["DELETE FROM audit_events WHERE kind = 1", "SELECT 1"]).await;
    ostia.cli(&["audit", "verify"]).await.ok();
    assert_eq!(ostia.cli(&known).await.code, super::FAILED);
}

#[tokio::test]
async fn summaries_say_what_calls_cost() {
    let ostia = Ostia::start().await;
    ostia
        .cli(&["prices", "set", "demo.*", "0.25", "EUR"])
        .await
        .ok();
    for _ in 0..2 {
        call(&ostia).await;
    }
    let by = ["usage", "summary", "--by", "key,tool", "--bucket", "day"];
    let summed = wait::until(Duration::from_secs(10), "the calls are summed", || async {
        let summary = ostia.cli(&by).await.ok().json();
        if summary["rows"][0]["calls"] == 2 {
            Ok(summary)
        } else {
            Err(summary)
        }
    });
    let (summary, _) = summed.await;
    let row = &summary["rows"][0];
    assert_eq!(row["key_name"], "demo");
    assert_eq!(
        (&row["upstream"], &row["tool"]),
        (&json!("demo"), &json!("echo"))
    );
    assert_eq!(
        row["costs"],
        json!([{ "currency": "EUR", "micros": 500_000 }])
    );

    let mut people = command(environment::OSTIA);
    people.args(by).arg("--data-dir").arg(ostia.data_dir());
    let table = crate::harness::command::run(people).await.ok().stdout;
    let heading = table.lines().next().unwrap_or_default();
    assert!(heading.starts_with("FROM"), "{table}");
    assert!(
        table.contains("demo.echo") && table.contains("0.5 EUR"),
        "{table}"
    );

    let prices = ostia.cli(&["prices", "list"]).await.ok().json();
    assert_eq!(texts(&prices, "tools"), ["demo.*"]);
    ostia
        .cli(&["prices", "delete", "demo.*", "--yes"])
        .await
        .ok();
    let again = ostia.cli(&["prices", "delete", "demo.*", "--yes"]).await;
    assert_eq!(again.code, super::NOT_FOUND);
}

#[tokio::test]
async fn nothing_that_matches_is_not_nothing_at_all() {
    let ostia = Ostia::start().await;
    let said = async |args: &[&str]| {
        let mut people = command(environment::OSTIA);
        people.args(args).arg("--data-dir").arg(ostia.data_dir());
        crate::harness::command::run(people).await.ok().stdout
    };
    for args in [
        &["audit", "list", "--outcome", "denied"][..],
        &["audit", "tail", "--action", "keys.revoke"],
        &["usage", "list", "--tool", "a.b"],
        &["usage", "summary", "--by", "tool", "--tool", "a.b"],
    ] {
        assert_eq!(said(args).await, "nothing matches\n", "{args:?}");
    }
    assert_eq!(said(&["usage", "list"]).await, "no calls yet\n");
    let events = said(&["audit", "list"]).await;
    assert!(events.starts_with("AT "), "{events}");
}
