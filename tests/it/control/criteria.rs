//! What lists of events and records are narrowed to, and how they go on.

use super::{
    fixture::{Fixture, assert_refused, start},
    records::{call, id, made_at, record},
};
use chrono::{DateTime, TimeDelta};
use ostia_domain::{clock, code::Code};
use ostia_proto::{convert::timestamp, v1};
use tonic::{Code as Grpc, Status};

/// Calls of two keys of two users to two upstreams, at two times.
struct Calls {
    control: Fixture,
    ada: v1::Key,
    bob: v1::Key,
    noon: clock::Timestamp,
}

async fn calls() -> Calls {
    let control = start().await;
    control.user("bob", v1::Role::Member, &["all"]).await;
    let ada = control.key("adas").await.key.expect("a key");
    let request = v1::CreateKeyRequest {
        owner: Some("bob".to_owned()),
        ..super::fixture::new_key("bobs")
    };
    let bob = control.create_key(request).await.expect("a key");
    let bob = bob.key.expect("a key");
    let noon = DateTime::from_timestamp(1_794_139_200, 0).expect("a time");
    let after = |ms| noon + TimeDelta::hours(3) + TimeDelta::milliseconds(ms);
    let records = vec![
        made_at(noon, of(&ada, call("github", "search"))),
        made_at(after(1), of(&ada, call("github", "delete"))),
        v1::CallRecord {
            outcome: "denied".to_owned(),
            ..made_at(after(2), of(&bob, call("git", "search")))
        },
        v1::CallRecord {
            upstream: None,
            outcome: "unknown_tool".to_owned(),
            ..made_at(after(3), of(&bob, call("", "search")))
        },
        v1::CallRecord {
            method: "resources/read".to_owned(),
            ..made_at(after(4), of(&bob, call("github", "file:///a")))
        },
    ];
    record(&control, records).await.expect("recorded");
    Calls {
        control,
        ada,
        bob,
        noon,
    }
}

pub(super) fn of(key: &v1::Key, record: v1::CallRecord) -> v1::CallRecord {
    let caller = v1::RecordedCaller {
        key_id: id(&key.id),
        key_name: key.name.clone(),
        owner_id: id(&key.owner_id),
        owner_name: key.owner_name.clone(),
    };
    v1::CallRecord {
        caller: Some(caller),
        ..record
    }
}

impl Calls {
    /// What was called, oldest first.
    async fn usage(&self, asked: v1::ListUsageRequest) -> Vec<String> {
        let page = self.control.client.usage().list_usage(asked).await;
        let records = page.expect("records").into_inner().records;
        let tools = records.into_iter().rev();
        tools
            .map(|r| format!("{}.{}", r.upstream, r.tool))
            .collect()
    }

    /// What it was done to, oldest first; the time of the making of keys is now.
    async fn audit(&self, asked: v1::ListEventsRequest) -> Vec<String> {
        let page = self.control.client.audit().list_events(asked).await;
        let events = page.expect("events").into_inner().events;
        let targets = events.into_iter().rev();
        targets
            .map(|e| format!("{} {}", e.action, e.target))
            .collect()
    }

    async fn refused(&self, asked: v1::ListEventsRequest) -> Result<(), Status> {
        self.control.client.audit().list_events(asked).await?;
        Ok(())
    }
}

#[tokio::test]
async fn records_are_found_by_all_that_they_say() {
    let calls = calls().await;
    let all = v1::ListUsageRequest::default;
    let some = |text: &str| Some(text.to_owned());
    let tool = |tool| v1::ListUsageRequest {
        tool: some(tool),
        ..all()
    };
    assert_eq!(calls.usage(tool("github.search")).await, ["github.search"]);
    assert_eq!(calls.usage(tool("search")).await, [".search"]);
    for user in ["bob", &calls.bob.owner_id] {
        let of_user = v1::ListUsageRequest {
            user: some(user),
            ..all()
        };
        assert_eq!(calls.usage(of_user).await, ["git.search", ".search"]);
    }
    let denied = v1::ListUsageRequest {
        outcome: some("denied"),
        ..all()
    };
    assert_eq!(calls.usage(denied).await, ["git.search"]);
    let (noon, hour) = (calls.noon, TimeDelta::hours(1));
    let around = v1::ListUsageRequest {
        from: Some(timestamp(noon)),
        to: Some(timestamp(noon + hour)),
        ..all()
    };
    assert_eq!(calls.usage(around).await, ["github.search"]);
    let before = v1::ListUsageRequest {
        to: Some(timestamp(noon)),
        ..all()
    };
    assert!(calls.usage(before).await.is_empty(), "`to` is not included");
    let together = v1::ListUsageRequest {
        key: Some(calls.ada.public_id.clone()),
        upstream: some("github"),
        from: Some(timestamp(noon + hour)),
        ..all()
    };
    assert_eq!(calls.usage(together).await, ["github.delete"]);
}

#[tokio::test]
async fn events_are_found_by_all_that_they_say() {
    let calls = calls().await;
    let all = v1::ListEventsRequest::default;
    let some = |text: &str| Some(text.to_owned());
    let upstream = v1::ListEventsRequest {
        upstream: some("github"),
        ..all()
    };
    let to_github = [
        "tools/call github.search",
        "tools/call github.delete",
        "resources/read github.file:///a",
    ];
    assert_eq!(calls.audit(upstream.clone()).await, to_github);
    // A policy of that name is another thing than the upstream.
    calls.control.policy("github").await;
    calls
        .control
        .add_upstream("github", &[])
        .await
        .expect("add");
    let mut with_the_change = to_github.map(str::to_owned).to_vec();
    with_the_change.push("upstreams.add github".to_owned());
    assert_eq!(calls.audit(upstream).await, with_the_change);

    let tool = v1::ListEventsRequest {
        tool: some("github.search"),
        ..all()
    };
    assert_eq!(calls.audit(tool).await, ["tools/call github.search"]);
    let action = |action| v1::ListEventsRequest {
        action: some(action),
        ..all()
    };
    assert_eq!(
        calls.audit(action("resources/read")).await,
        ["resources/read github.file:///a"]
    );
    assert_eq!(calls.audit(action("keys.*")).await.len(), 2);
    assert!(calls.audit(action("keys.")).await.is_empty());
    // Letters are themselves in both cases.
    assert!(calls.audit(action("KEYS.*")).await.is_empty());

    let of_bob = v1::ListEventsRequest {
        user: some("bob"),
        ..all()
    };
    let his = [
        "tools/call git.search",
        "tools/call search",
        "resources/read github.file:///a",
        "identity.create_user bob",
    ];
    assert_eq!(calls.audit(of_bob.clone()).await, his);
    let client = calls.control.client.acting_as("user:bob");
    let plan = v1::Plan {
        name: "free".to_owned(),
        ..v1::Plan::default()
    };
    let request = v1::CreatePlanRequest { plan: Some(plan) };
    client.plans().create_plan(request).await.expect("a plan");
    let his = calls.audit(of_bob).await;
    assert_eq!(his.last().map(String::as_str), Some("plans.create free"));

    let denied = v1::ListEventsRequest {
        outcome: some("denied"),
        from: Some(timestamp(calls.noon + TimeDelta::hours(1))),
        to: Some(timestamp(calls.noon + TimeDelta::hours(4))),
        ..all()
    };
    assert_eq!(calls.audit(denied).await, ["tools/call git.search"]);
}

#[tokio::test]
async fn what_nobody_can_mean_is_refused_with_its_field() {
    let calls = calls().await;
    let all = v1::ListEventsRequest::default;
    let outcome = v1::ListEventsRequest {
        outcome: Some("great".to_owned()),
        ..all()
    };
    let refused = calls.refused(outcome).await;
    let text = assert_refused(refused, Grpc::InvalidArgument, Code::InvalidArgument);
    assert!(text.starts_with("outcome: "), "{text}");
    let backwards = v1::ListEventsRequest {
        from: Some(timestamp(calls.noon)),
        to: Some(timestamp(calls.noon)),
        ..all()
    };
    let refused = calls.refused(backwards).await;
    let text = assert_refused(refused, Grpc::InvalidArgument, Code::InvalidArgument);
    assert!(text.starts_with("to: "), "{text}");
    for user in ["nobody", "\0"] {
        let of_nobody = v1::ListEventsRequest {
            user: Some(user.to_owned()),
            ..all()
        };
        let refused = calls.refused(of_nobody).await;
        assert_refused(refused, Grpc::NotFound, Code::NoSuchObject);
    }
}

#[tokio::test]
async fn pages_of_a_narrowed_list_have_all_of_it_once() {
    let control = start().await;
    let mut sent = Vec::new();
    for n in 0..50 {
        sent.push(call("github", &n.to_string()));
        sent.push(call("other", &n.to_string()));
    }
    record(&control, sent).await.expect("recorded");
    let expected: Vec<_> = (0..50).map(|n| n.to_string()).collect();
    let asked = v1::ListUsageRequest {
        upstream: Some("github".to_owned()),
        page_size: 7,
        ..v1::ListUsageRequest::default()
    };

    let (mut back, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = v1::ListUsageRequest {
            page_token,
            ..asked.clone()
        };
        let page = control.client.usage().list_usage(request).await;
        let page = page.expect("a page").into_inner();
        back.extend(page.records.into_iter().map(|record| record.tool));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    back.reverse();
    assert_eq!(back, expected);

    let (mut forth, mut after) = (Vec::new(), uuid::Uuid::nil().to_string());
    loop {
        let request = v1::ListUsageRequest {
            after: Some(after.clone()),
            ..asked.clone()
        };
        let page = control.client.usage().list_usage(request).await;
        let records = page.expect("a page").into_inner().records;
        let Some(last) = records.last() else {
            break;
        };
        after.clone_from(&last.id);
        forth.extend(records.into_iter().map(|record| record.tool));
    }
    assert_eq!(forth, expected);
}

/// A member sees what their own keys did; what others did is not there.
#[tokio::test]
async fn members_find_their_own_usage_alone() {
    let calls = calls().await;
    let member = uuid::Uuid::try_parse(&calls.bob.owner_id).expect("an id");
    let member = calls.control.client.on_behalf_of(member);
    let list = async |asked| member.usage().list_usage(asked).await;
    let all = v1::ListUsageRequest::default;
    let found = list(all()).await.expect("records").into_inner().records;
    assert!(
        found
            .iter()
            .all(|record| record.owner_id == calls.bob.owner_id)
    );
    assert_eq!(found.len(), 2);
    let everything = v1::SummarizeUsageRequest::default();
    let sums = member.usage().summarize_usage(everything).await;
    assert_eq!(sums.expect("sums").into_inner().rows[0].calls, 2);
    for (key, user) in [
        (Some(calls.ada.public_id.clone()), None),
        (None, Some("ada".to_owned())),
        (None, Some(calls.ada.owner_id.clone())),
    ] {
        let foreign = v1::ListUsageRequest { key, user, ..all() };
        assert_refused(list(foreign).await, Grpc::NotFound, Code::NoSuchObject);
    }
    // An id finds nothing of others, and as little of a key that is there as of one that is gone or never was.
    let by_id = async |key: String| {
        let key = Some(key);
        list(v1::ListUsageRequest { key, ..all() }).await
    };
    let id = || calls.ada.id.clone();
    let there = by_id(id()).await.expect("an answer").into_inner();
    calls.control.delete(&calls.ada.id).await;
    let gone = by_id(id()).await.expect("an answer").into_inner();
    let never = by_id(uuid::Uuid::new_v4().to_string()).await;
    let never = never.expect("an answer").into_inner();
    assert_eq!((&there, &gone), (&never, &never));
    assert!(never.records.is_empty());
    let own = v1::ListUsageRequest {
        key: Some(calls.bob.public_id.clone()),
        user: Some("bob".to_owned()),
        ..all()
    };
    assert_eq!(
        list(own).await.expect("records").into_inner().records.len(),
        2
    );
}
