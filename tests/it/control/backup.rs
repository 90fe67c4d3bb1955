//! All of a database in one text, and back, also into the other database.

use super::{
    chain::intact,
    fixture::{Fixture, assert_refused, config, definition, new_key, owned, snapshot, start},
    manifest::export,
    records::{call, record},
    vault::CANARY,
};
use crate::harness::database::{self, Database};
use ostia_control::{
    Config, Control, Refilled,
    backup::{Summary, inspect},
    error::Error,
    restore,
};
use ostia_domain::{code::Code, key::Secret};
use ostia_proto::v1;
use std::io::Cursor;
use tonic::{Code as Grpc, Status};

/// More than are read, or written, together.
const MANY: usize = 1_203;

async fn backup(control: &Fixture) -> Result<Vec<u8>, Status> {
    let request = v1::CreateBackupRequest {};
    let parts = control.client.backup().create_backup(request).await?;
    let mut parts = parts.into_inner();
    let mut text = Vec::new();
    while let Some(part) = parts.message().await? {
        text.extend(part.text);
    }
    Ok(text)
}

async fn restored(text: &[u8], config: &Config, refilled: Refilled) -> Result<Summary, Error> {
    restore(config, Cursor::new(text), refilled, "cli:test").await
}

/// Something in every table that people fill.
async fn full() -> (Fixture, String) {
    let control = start().await;
    let variables: Vec<_> = (0..MANY).map(|n| format!("V{n}")).collect();
    let variables: Vec<_> = variables
        .iter()
        .map(|name| (name.as_str(), CANARY))
        .collect();
    control
        .add_upstream("github", &variables)
        .await
        .expect("an upstream");
    let manifest = v1::Manifest {
        upstreams: vec![definition("files", &[("TOKEN", CANARY)])],
        plans: vec![v1::ManifestPlan {
            name: "team".to_owned(),
            limits: None,
        }],
        groups: vec![v1::ManifestGroup {
            name: "staff".to_owned(),
            policies: owned(&["all"]),
            plan: Some("team".to_owned()),
            members: Some(v1::GroupMembers {
                names: owned(&["ada"]),
            }),
        }],
        prices: vec![v1::ManifestPrice {
            tools: "*".to_owned(),
            micros: 7,
            currency: "EUR".to_owned(),
        }],
        ..v1::Manifest::default()
    };
    super::manifest::applied(&control, manifest).await;
    let request = v1::CreateKeyRequest {
        restrictions: Some(v1::KeyRestrictions {
            rules: Some(v1::Rules {
                allow: owned(&["a.*"]),
                ..v1::Rules::default()
            }),
            ..v1::KeyRestrictions::default()
        }),
        ..new_key("build")
    };
    let key = control.create_key(request).await.expect("a key").secret;
    let link = v1::CreateLoginLinkRequest {
        user: "ada".to_owned(),
        valid_seconds: 0,
    };
    let mut identity = control.client.identity();
    identity.create_login_link(link).await.expect("a link");
    let odd = ["search", "é\" \n\t{}", "x"];
    let calls: Vec<_> = (0..MANY)
        .map(|n| call("github", odd[n % odd.len()]))
        .collect();
    for calls in calls.chunks(500) {
        record(&control, calls.to_vec()).await.expect("recorded");
    }
    (control, key)
}

/// What people can see, but for what goes on with every operation.
#[derive(Debug, PartialEq)]
struct Seen {
    manifest: v1::Manifest,
    keys: Vec<v1::Key>,
    users: Vec<v1::User>,
    usage: Vec<v1::UsageRecord>,
    calls: Vec<v1::UsageSummary>,
    upstreams: Vec<v1::Upstream>,
}

async fn seen(control: &Fixture) -> Seen {
    let client = &control.client;
    let keys = client
        .keys()
        .list_keys(v1::ListKeysRequest::default())
        .await;
    let users = client.identity().list_users(v1::ListUsersRequest {}).await;
    let sums = v1::SummarizeUsageRequest::default();
    let sums = client.usage().summarize_usage(sums).await;
    let mut upstreams = snapshot(client).await.upstreams;
    upstreams.sort_by(|a, b| a.id.cmp(&b.id));
    Seen {
        manifest: export(control).await,
        keys: keys.expect("keys").into_inner().keys,
        users: users.expect("users").into_inner().users,
        usage: control.usage().await,
        calls: sums.expect("sums").into_inner().rows,
        upstreams,
    }
}

/// In a run of the tests on Postgres this goes from there to SQLite and back; else between two files.
#[tokio::test]
async fn a_backup_is_everything_in_one_database_and_in_the_other() {
    let (first, key) = full().await;
    let expected = seen(&first).await;
    let events = first.events().await;
    let text = backup(&first).await.expect("a backup");
    let summary = inspect(Cursor::new(&text)).expect("whole");
    let of = |name: &str| {
        let mut tables = summary.tables.iter();
        tables.find(|table| table.table == name).map(|one| one.rows)
    };
    assert_eq!(of("upstream_env"), Some(MANY as u64 + 1));
    assert_eq!(of("usage_records"), Some(MANY as u64));
    assert_eq!(of("seaql_migrations"), None);
    // What is sealed stays sealed, and what is hashed hashed.
    let plain = String::from_utf8(text.clone()).expect("UTF-8");
    assert!(!plain.contains(CANARY) && !plain.contains(&key));

    let sqlite = database::fresh_sqlite().await;
    restored(&text, &config(&sqlite), Refilled::OnlyIfEmpty)
        .await
        .expect("restored");
    let second = Fixture::of(sqlite).await;
    assert_eq!(seen(&second).await, expected);
    assert_eq!(
        second.authenticate(&key).await.expect("a key").key_name,
        "build"
    );
    // It would be written between what is seen and what is backed up.
    second.noted().await;
    let checked = intact(&second).await.checked;
    assert!(checked > MANY as u64, "{checked}");
    let now = second.events().await;
    let last = |n: usize| now.iter().rev().nth(n).map(|event| event.action.as_str());
    assert_eq!(
        (last(1), last(0)),
        (Some("backup.create"), Some("backup.restore"))
    );
    // A control that goes on does so in chains of its own.
    second.policy("later").await;
    intact(&second).await;
    // Of both the newest thousand are there.
    let mut both = events.iter().skip(10);
    assert!(both.all(|event| now.contains(event)));

    let expected = seen(&second).await;
    let text = backup(&second).await.expect("a backup");
    let back = database::fresh().await;
    restored(&text, &config(&back), Refilled::OnlyIfEmpty)
        .await
        .expect("restored");
    let third = Fixture::of(back).await;
    assert_eq!(seen(&third).await, expected);
    assert_eq!(
        third.authenticate(&key).await.expect("a key").key_name,
        "build"
    );
    intact(&third).await;
}

#[tokio::test]
async fn a_backup_is_of_one_moment_while_others_write() {
    let control = start().await;
    let (mut policies, stop) = (0, tokio::sync::Notify::new());
    let writing = async {
        loop {
            let name = format!("p{policies}");
            tokio::select! {
                biased;
                () = stop.notified() => break policies,
                _ = control.policy(&name) => policies += 1,
            }
            record(&control, vec![call("a", "b")])
                .await
                .expect("written");
        }
    };
    let reading = async {
        let mut texts = Vec::new();
        for _ in 0..5 {
            texts.push(backup(&control).await.expect("a backup"));
        }
        stop.notify_one();
        texts
    };
    let (written, texts) = tokio::join!(writing, reading);
    assert!(written > 0);
    let mut before = 0;
    for text in texts {
        let database = database::fresh().await;
        restored(&text, &config(&database), Refilled::OnlyIfEmpty)
            .await
            .expect("restored");
        let copy = Fixture::of(database).await;
        // Every policy has its version, and every change its event.
        intact(&copy).await;
        let policies = export(&copy).await.policies.len();
        let events = copy.events().await;
        let made = events
            .iter()
            .filter(|event| event.action == "policies.create");
        assert_eq!(made.count(), policies);
        assert!(policies >= before);
        before = policies;
    }
}

#[tokio::test]
async fn one_backup_is_made_at_a_time() {
    let control = start().await;
    let request = v1::CreateBackupRequest {};
    let first = control.client.backup().create_backup(request).await;
    let mut first = first.expect("a backup").into_inner();
    let refused = backup(&control).await;
    assert_refused(refused, Grpc::FailedPrecondition, Code::Conflict);
    while first.message().await.expect("a part").is_some() {}
    drop(first);
    backup(&control).await.expect("the next one");
}

async fn is_empty(database: &Database) -> bool {
    let control = Control::open(config(database)).await.expect("a control");
    let users = control
        .client()
        .identity()
        .list_users(v1::ListUsersRequest {})
        .await;
    control.close().await;
    users.expect("users").into_inner().users.is_empty()
}

#[tokio::test]
async fn a_damaged_backup_is_refused_before_anything_is_written() {
    let (control, _) = full().await;
    let text = backup(&control).await.expect("a backup");
    let target = database::fresh().await;
    let at = |line: &str| {
        let found = text
            .windows(line.len())
            .position(|part| part == line.as_bytes());
        found.expect("a table")
    };
    let mut flipped = text.clone();
    let usage = at("{\"table\":\"usage_records\"") + 2_000;
    // One digit or letter for another: only a hash tells.
    let letter = (usage..text.len())
        .find(|at| text[*at].is_ascii_alphanumeric())
        .expect("one");
    flipped[letter] = if text[letter] == b'1' { b'2' } else { b'1' };
    let mut without = text.clone();
    let users = at("{\"table\":\"users\"");
    let row = users
        + text[users..]
            .iter()
            .position(|byte| *byte == b'\n')
            .expect("a line")
        + 1;
    let end = row
        + text[row..]
            .iter()
            .position(|byte| *byte == b'\n')
            .expect("a line")
        + 1;
    without.drain(row..end);
    for (damaged, place) in [
        (flipped, "in the table usage_records"),
        (without, "in the table users"),
        (text[..text.len() / 2].to_vec(), "the file ends here"),
        (b"not a backup\n".to_vec(), "line 1: "),
    ] {
        let refused = restored(&damaged, &config(&target), Refilled::OnlyIfEmpty).await;
        let error = refused.expect_err("refused");
        assert_eq!(error.code(), Code::BackupInvalid);
        assert!(error.to_string().contains(place), "{error}");
    }
    assert!(is_empty(&target).await);
}

#[tokio::test]
async fn what_the_backup_needs_is_named_when_it_is_missing() {
    let (control, _) = full().await;
    let text = backup(&control).await.expect("a backup");
    let summary = inspect(Cursor::new(&text)).expect("whole");
    let target = database::fresh().await;
    let other_key = Config {
        master_keys: vec![Secret::new("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")],
        ..config(&target)
    };
    let other_pepper = Config {
        key_pepper: Secret::new("another"),
        ..config(&target)
    };
    for (config, named) in [
        (other_key, summary.header.master_keys[0].as_str()),
        (other_pepper, "pepper"),
    ] {
        let error = restored(&text, &config, Refilled::OnlyIfEmpty)
            .await
            .expect_err("refused");
        assert_eq!(error.code(), Code::RestoreRefused);
        assert!(error.to_string().contains(named), "{error}");
    }
    // Another schema has other tables.
    let newer = String::from_utf8(text.clone()).expect("UTF-8");
    let newer = newer.replacen(&summary.header.schema, "m20991231_000001_later", 1);
    let error = restored(newer.as_bytes(), &config(&target), Refilled::OnlyIfEmpty)
        .await
        .expect_err("refused");
    assert_eq!(error.code(), Code::BackupInvalid);
    assert!(is_empty(&target).await);
}

#[tokio::test]
async fn a_database_that_holds_something_is_only_replaced_when_that_is_wanted() {
    let (first, _) = full().await;
    let text = backup(&first).await.expect("a backup");
    let expected = seen(&first).await;
    let other = start().await;
    other.policy("mine").await;
    other.control.close().await;
    let Fixture { database, .. } = other;
    let refused = restored(&text, &config(&database), Refilled::OnlyIfEmpty).await;
    let error = refused.expect_err("refused");
    assert_eq!(error.code(), Code::RestoreRefused);
    assert!(error.to_string().contains("--replace"), "{error}");
    let kept = Fixture::of(database).await;
    let policies = export(&kept).await.policies;
    assert!(policies.iter().any(|policy| policy.name == "mine"));
    kept.control.close().await;
    restored(&text, &config(&kept.database), Refilled::Always)
        .await
        .expect("restored");
    let replaced = Fixture::of(kept.database).await;
    assert_eq!(seen(&replaced).await, expected);
    intact(&replaced).await;
}

/// SQLite does not say who has it open; there the command line holds the lock that `ostia run` takes.
#[tokio::test]
async fn a_control_that_runs_is_not_restored_under() {
    let control = start().await;
    let text = backup(&control).await.expect("a backup");
    let target = super::fixture::bare().await;
    let refused = restored(&text, &config(&target.database), Refilled::Always).await;
    if target.database.url.starts_with("postgres:") {
        let error = refused.expect_err("refused");
        assert_eq!(error.code(), Code::RestoreRefused);
        assert!(error.to_string().contains("stop it first"), "{error}");
    } else {
        refused.expect("restored");
    }
}
