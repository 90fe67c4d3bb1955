//! Hash chains of audit events: whole as they are written, and telling of every change behind their back.

mod sizes;
mod stretches;

use super::{
    fixture::{Fixture, assert_refused, start},
    records::{call, record},
};
use futures_util::future::join_all;
use ostia_domain::code::Code;
use ostia_proto::{ControlClient, v1};
use sea_orm::{ConnectionTrait as _, Statement};
use tonic::Code as Grpc;

/// All pages of a verification as one.
async fn verify(client: &ControlClient, known: Vec<v1::ChainEnd>) -> v1::VerifyEventsResponse {
    let mut all = v1::VerifyEventsResponse::default();
    let mut request = v1::VerifyEventsRequest {
        page_token: String::new(),
        known,
    };
    loop {
        let page = client.audit().verify_events(request).await;
        let page = page.expect("a page").into_inner();
        all.checked += page.checked;
        all.unchained += page.unchained;
        all.problems.extend(page.problems);
        all.chains.extend(page.chains);
        all.stretches.extend(page.stretches);
        all.calls_kept_since = page.calls_kept_since;
        all.changes_kept_since = page.changes_kept_since;
        if page.next_page_token.is_empty() {
            return all;
        }
        request = v1::VerifyEventsRequest {
            page_token: page.next_page_token,
            known: Vec::new(),
        };
    }
}

pub(super) async fn intact(control: &Fixture) -> v1::VerifyEventsResponse {
    let verified = verify(&control.client, Vec::new()).await;
    assert_eq!(verified.problems, []);
    verified
}

/// Number and text of every problem.
async fn problems(control: &Fixture) -> Vec<(u64, String)> {
    let verified = verify(&control.client, Vec::new()).await;
    let problems = verified.problems.into_iter();
    problems.map(|p| (p.sequence, p.problem)).collect()
}

const CHANGED: &str = "was changed, or moved from another place";
const REWRITTEN: &str = "was written anew after the event that follows it";

fn told(problems: &[(u64, &str)]) -> Vec<(u64, String)> {
    let problems = problems.iter();
    problems.map(|(n, text)| (*n, (*text).to_owned())).collect()
}

/// A chain of ten calls, in two batches.
async fn ten_calls() -> Fixture {
    let control = start().await;
    for _ in 0..2 {
        let batch = (0..5).map(|n| call("github", &n.to_string())).collect();
        record(&control, batch).await.expect("recorded");
    }
    intact(&control).await;
    control
}

fn nth(n: u32) -> String {
    format!("kind = 0 AND seq = {n}")
}

#[tokio::test]
async fn calls_and_changes_are_two_chains_of_every_control() {
    let control = start().await;
    let again = control.replica().await;
    record(&control, vec![call("github", "a"), call("github", "b")])
        .await
        .expect("recorded");
    let records = vec![call("github", "c")];
    let request = v1::RecordRequest { records };
    again
        .client()
        .sync()
        .record(request)
        .await
        .expect("recorded");
    let verified = intact(&control).await;
    let chains: Vec<_> = verified
        .chains
        .iter()
        .map(|c| (c.kind.as_str(), c.sequence))
        .collect();
    assert_eq!(chains, [("changes", 2), ("calls", 2), ("calls", 1)]);
    assert_eq!(verified.checked, 5);

    let events = control.events().await;
    let chained = |writer: &str| -> Vec<_> {
        let of_writer = events.iter().filter(|event| event.writer == writer);
        of_writer
            .map(|e| (e.sequence, e.previous_hash.clone(), e.hash.clone()))
            .collect()
    };
    let zeros = "0".repeat(64);
    for chain in &verified.chains {
        let events = chained(&chain.writer);
        let mut before = zeros.clone();
        for (sequence, (number, previous, hash)) in (1..).zip(events) {
            assert_eq!((number, &previous), (sequence, &before));
            before = hash;
        }
        assert_eq!(before, chain.hash, "the end of the chain");
    }
}

#[tokio::test]
async fn what_comes_again_or_from_several_sides_at_once_is_in_one_chain() {
    let control = start().await;
    let again = control.replica().await;
    let records: Vec<_> = (0..60).map(|n| call("github", &n.to_string())).collect();
    let clients = [control.client.clone(), again.client()];
    // Every batch overlaps with others, and both controls get all of them.
    let batches = records.windows(20).step_by(5).flat_map(|batch| {
        let send = |client: &ControlClient| {
            let mut sync = client.sync();
            let records = batch.to_vec();
            async move { sync.record(v1::RecordRequest { records }).await }
        };
        clients.each_ref().map(send)
    });
    for sent in join_all(batches.collect::<Vec<_>>()).await {
        sent.expect("recorded");
    }
    let changes = (0..20).map(|n| {
        let client = &clients[n % 2];
        let plan = Some(v1::Plan {
            name: format!("plan {n}"),
            ..v1::Plan::default()
        });
        let mut plans = client.plans();
        async move { plans.create_plan(v1::CreatePlanRequest { plan }).await }
    });
    for made in join_all(changes).await {
        made.expect("a plan");
    }
    let verified = intact(&control).await;
    // 20 plans, and the user and the policy of the fixture.
    assert_eq!(verified.checked, 60 + 22);
    assert_eq!(control.usage().await.len(), 60);
}

#[tokio::test]
async fn an_event_that_was_changed_is_named() {
    for change in [
        "outcome = 'denied'",
        "target = NULL",
        "at_us = at_us + 1",
        "kind = kind, actor = 'key:other'",
        "result_bytes = 21",
        "upstream_status = 200",
        "request_bytes = NULL, result_bytes = NULL",
        "previous = hash",
        "hash = previous",
    ] {
        let control = ten_calls().await;
        let update = format!("UPDATE audit_events SET {change} WHERE {}", nth(4));
        control.sql(&update).await;
        assert_eq!(problems(&control).await, told(&[(4, CHANGED)]), "{change}");
    }
}

#[tokio::test]
async fn events_that_are_missing_are_named() {
    let control = ten_calls().await;
    let delete = |n| format!("DELETE FROM audit_events WHERE {}", nth(n));
    control.sql(&delete(3)).await;
    assert_eq!(problems(&control).await, told(&[(3, "is missing")]));
    control.sql(&delete(4)).await;
    let both = (3, "is missing, and all others up to 4");
    assert_eq!(problems(&control).await, told(&[both]));
    // Nothing follows the last one, but the chain knows where it ends.
    control.sql(&delete(10)).await;
    assert_eq!(problems(&control).await, told(&[both, (10, "is missing")]));
    control.sql(&delete(1)).await;
    let all = [(1, "is missing"), both, (10, "is missing")];
    assert_eq!(problems(&control).await, told(&all));
}

#[tokio::test]
async fn events_that_were_moved_are_named() {
    let control = ten_calls().await;
    let swap = format!(
        "UPDATE audit_events SET seq = CASE seq WHEN 2 THEN 7 ELSE 2 END WHERE {} OR {}",
        nth(2),
        nth(7)
    );
    control.sql(&swap).await;
    assert_eq!(
        problems(&control).await,
        told(&[(2, CHANGED), (7, CHANGED)])
    );
}

/// What somebody does who knows how hashes are made.
#[tokio::test]
async fn a_place_that_is_given_to_another_event_shows() {
    let control = ten_calls().await;
    // The sixth event is gone, and what was the end of the chain is made of the fifth.
    let cut = format!(
        "DELETE FROM audit_events WHERE {} OR seq > 6 AND kind = 0",
        nth(6)
    );
    control.sql(&cut).await;
    let end = "UPDATE audit_writers SET head_seq = 5 WHERE kind = 0";
    control.sql(end).await;
    assert_eq!(problems(&control).await, told(&[(5, REWRITTEN)]));

    let control = ten_calls().await;
    let columns = "at_us, request_id, actor, action, target, outcome, duration_us, kind, writer, seq, \
        previous, hash";
    let id = uuid::Uuid::now_v7();
    let copy = format!(
        "INSERT INTO audit_events (id, {columns}) SELECT {id}, {columns} FROM audit_events WHERE {}",
        nth(10),
        id = literal(&control, id),
    );
    control.sql(&copy).await;
    let twice = "is in the place of another event";
    assert_eq!(problems(&control).await, told(&[(10, twice)]));
    let shorter = "UPDATE audit_writers SET head_seq = 9 WHERE kind = 0";
    control.sql(shorter).await;
    let texts: Vec<_> = problems(&control)
        .await
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    assert!(
        texts.contains(&"comes after the end of its chain".to_owned()),
        "{texts:?}"
    );
}

#[tokio::test]
async fn an_event_in_no_chain_or_in_one_of_nobody_is_named() {
    let control = ten_calls().await;
    let out = format!("UPDATE audit_events SET writer = NULL WHERE {}", nth(10));
    control.sql(&out).await;
    let texts: Vec<_> = problems(&control)
        .await
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    assert_eq!(
        texts,
        [
            "is missing",
            "is in no chain, though there were chains already"
        ]
    );

    let control = ten_calls().await;
    control
        .sql("DELETE FROM audit_writers WHERE kind = 0")
        .await;
    assert_eq!(
        problems(&control).await,
        told(&[(0, "no control has begun this chain")])
    );
}

#[tokio::test]
async fn what_was_noted_earlier_must_still_be_there() {
    let control = ten_calls().await;
    let noted = intact(&control).await.chains;
    record(&control, vec![call("github", "later")])
        .await
        .expect("recorded");
    let verified = verify(&control.client, noted.clone()).await;
    assert_eq!(verified.problems, [], "chains that went on");

    // Everything that tells of the calls is made to fit.
    control.sql("DELETE FROM audit_events WHERE kind = 0").await;
    control
        .sql("DELETE FROM audit_writers WHERE kind = 0")
        .await;
    intact(&control).await;
    let verified = verify(&control.client, noted).await;
    let texts: Vec<_> = verified
        .problems
        .iter()
        .map(|p| p.problem.as_str())
        .collect();
    assert_eq!(texts, ["is not what was noted earlier"]);

    let wrong = v1::ChainEnd {
        writer: uuid::Uuid::nil().to_string(),
        hash: "xyz".to_owned(),
        ..v1::ChainEnd::default()
    };
    let request = v1::VerifyEventsRequest {
        page_token: String::new(),
        known: vec![wrong],
    };
    let answer = control.client.audit().verify_events(request).await;
    assert_refused(answer, Grpc::InvalidArgument, Code::InvalidArgument);
    let request = v1::VerifyEventsRequest {
        page_token: "not one".to_owned(),
        known: Vec::new(),
    };
    let answer = control.client.audit().verify_events(request).await;
    assert_refused(answer, Grpc::InvalidArgument, Code::InvalidArgument);
}

/// More than one answer of a verification is about.
#[tokio::test]
async fn a_long_chain_is_read_page_by_page() {
    let control = start().await;
    for _ in 0..12 {
        let batch = (0..1_000).map(|n| call("github", &n.to_string())).collect();
        record(&control, batch).await.expect("recorded");
    }
    assert_eq!(intact(&control).await.checked, 12_000 + 2);
    // One before the end of a page, one after it, and one in the middle.
    for n in [4_998, 4_999, 10_000] {
        let change = format!("UPDATE audit_events SET outcome = 'busy' WHERE {}", nth(n));
        control.sql(&change).await;
    }
    let expected = told(&[(4_998, CHANGED), (4_999, CHANGED), (10_000, CHANGED)]);
    assert_eq!(problems(&control).await, expected);
}

#[tokio::test]
async fn a_chain_outlives_a_change_that_was_not_made() {
    let control = start().await;
    let taken = v1::CreatePolicyRequest {
        name: "all".to_owned(),
        source: Some(v1::create_policy_request::Source::Preset(
            "everything".to_owned(),
        )),
    };
    let answer = control.client.policies().create_policy(taken).await;
    assert_refused(answer, Grpc::AlreadyExists, Code::AlreadyExists);
    control.policy("another").await;
    let verified = intact(&control).await;
    assert_eq!(verified.chains.len(), 1, "{:?}", verified.chains);
    assert_eq!(verified.chains[0].sequence, 3);
}

/// A UUID as SQL.
pub(super) fn literal(control: &Fixture, id: uuid::Uuid) -> String {
    if control.database.url.starts_with("sqlite:") {
        format!("x'{}'", id.simple())
    } else {
        format!("'{id}'")
    }
}

/// Events of before there were chains are kept, counted and no problem.
#[tokio::test]
async fn events_of_before_there_were_chains_are_kept() {
    use ostia_migrations::{Migrator, MigratorTrait as _};
    let control = ten_calls().await;
    let before = control.events().await;
    control.control.close().await;
    let db = sea_orm::Database::connect(&control.database.url)
        .await
        .expect("db");
    let steps = super::schema::since("m20261121_000008_audit_chain");
    Migrator::down(&db, Some(steps)).await.expect("back");
    Migrator::up(&db, None).await.expect("and forth");
    let kinds = "SELECT COUNT(*) AS n FROM audit_events WHERE kind = 1";
    let kinds = Statement::from_string(db.get_database_backend(), kinds);
    let row = db
        .query_one_raw(kinds)
        .await
        .expect("a row")
        .expect("a row");
    assert_eq!(row.try_get::<i64>("", "n").expect("a number"), 2, "changes");
    db.close().await.expect("close");

    let control = Fixture::of(control.database).await;
    let ids = |events: Vec<v1::AuditEvent>| events.into_iter().map(|e| e.id).collect::<Vec<_>>();
    assert_eq!(ids(control.events().await), ids(before));
    assert_eq!(intact(&control).await.unchained, 12);
    record(&control, vec![call("github", "later")])
        .await
        .expect("recorded");
    let verified = intact(&control).await;
    assert_eq!((verified.checked, verified.unchained), (1, 12));
}
