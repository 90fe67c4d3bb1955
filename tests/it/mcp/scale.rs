//! R27: a change reaches an edge that has 10,000 keys, 1,000 policies and 5,000 tools. It is sent the change alone,
//! nothing else of what it has changes, and calls are answered all the time. How long it takes is in
//! docs/benchmarks.md.

use crate::harness::{
    control::{self, Control},
    interpreter,
    mcp::{Endpoint, modern},
    ostia::Ostia,
    split, upstreams, wait,
};
use ostia_proto::v1::{self, create_policy_request::Source};
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};
use std::{
    pin::pin,
    sync::{Arc, Mutex},
    time::Duration,
};

const KEYS: u32 = 10_000;
const POLICIES: usize = 1_000;
const UPSTREAMS: usize = 10;
const TOOLS: usize = 500;

async fn populate(ostia: &Ostia, control: &Control) {
    let tools: Vec<Value> = (0..TOOLS)
        .map(|n| json!({"name": format!("tool-{n}"), "inputSchema": {"type": "object"}}))
        .collect();
    let offer = json!({ "tools": [tools] }).to_string();
    for n in 0..UPSTREAMS {
        let name = format!("u{n}");
        upstreams::script(&name, "lister.py", &[&offer])
            .define(control)
            .await;
    }
    for n in 0..POLICIES {
        let request = v1::CreatePolicyRequest {
            name: format!("policy-{n}"),
            source: Some(Source::Preset("everything".to_owned())),
        };
        let made = control.policies().create_policy(request).await;
        made.expect("a policy");
    }
    // One by one they would take most of a minute.
    let db = sea_orm::Database::connect(ostia.database_url()).await;
    let db = db.expect("the database");
    let (id, numbers) = match db.get_database_backend() {
        sea_orm::DbBackend::Postgres => (
            "gen_random_uuid()",
            format!("SELECT generate_series(1, {KEYS}) AS n"),
        ),
        _ => (
            "randomblob(16)",
            format!(
                "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {KEYS}) \
                 SELECT n FROM c"
            ),
        ),
    };
    let keys = format!(
        "INSERT INTO api_keys (id, public_id, name, mode, owner_id, active, created_at, expires_at) \
         SELECT {id}, 'public-' || n, 'key-' || n, mode, owner_id, active, created_at, expires_at \
         FROM api_keys, ({numbers}) numbers WHERE name = 'agent'"
    );
    let made = db.execute_unprepared(&keys).await.expect("keys");
    assert_eq!(made.rows_affected(), u64::from(KEYS));
    db.close().await.expect("close");
}

async fn listed(endpoint: &Endpoint) -> usize {
    modern::tools(endpoint).await.len()
}

/// How many objects the edge was sent with each message.
#[derive(Clone, Default)]
struct Sent(Arc<Mutex<Vec<usize>>>);

impl Sent {
    fn note(&self, snapshot: &v1::Snapshot) {
        let objects = snapshot.upstreams.len()
            + snapshot.catalogues.len()
            + snapshot.policies.len()
            + snapshot.plans.len()
            + snapshot.bundles.len();
        self.0.lock().expect("numbers").push(objects);
    }

    /// Since this was asked last.
    fn objects(&self) -> usize {
        std::mem::take(&mut *self.0.lock().expect("numbers"))
            .iter()
            .sum()
    }
}

/// How many calls are answered until something is done; none of them is refused.
async fn answered_during(endpoint: &Endpoint, done: impl Future<Output = ()>) -> usize {
    let mut done = pin!(done);
    let mut answered = 0;
    loop {
        let call = modern::call(endpoint, "u3__tool-499", &json!({}));
        tokio::select! {
            () = &mut done => return answered,
            answer = call.send() => assert_eq!(answer.first_text(), "tool-499"),
        }
        answered += 1;
    }
}

#[tokio::test]
async fn a_change_reaches_an_edge_that_has_much_of_everything() {
    let apart = Ostia::options().roles(&["control"]).start().await;
    let sent = Sent::default();
    let url = interpreter::of(&apart, {
        let sent = sent.clone();
        move |snapshot| sent.note(snapshot)
    });
    let edge = split::edge_over(&apart, &url, Ostia::options()).await;
    let control = control::between(&apart, &edge);
    let some = control::everything_of(&["u3"]);
    let key = control::key(&control, "agent", some.clone()).await.secret;
    populate(&apart, &control).await;
    let all = control::everything_of(&["u*"]);
    let all = control::key(&control, "all", all).await.secret;
    let (some_of_it, all_of_it) = (
        Endpoint::new(&edge.mcp_url, &key),
        Endpoint::new(&edge.mcp_url, &all),
    );
    let everything = wait::until(Duration::from_secs(60), "all tools are known", || async {
        let known = listed(&all_of_it).await;
        if known == UPSTREAMS * TOOLS {
            Ok(())
        } else {
            Err(known)
        }
    });
    everything.await;
    control.settled().await;
    assert_eq!(listed(&some_of_it).await, TOOLS);
    assert!(sent.objects() > POLICIES);

    let fewer = v1::Rules {
        allow: vec!["u3.tool-1*".to_owned()],
        ..some
    };
    let request = v1::UpdatePolicyRequest {
        policy: "agent".to_owned(),
        rules: Some(fewer),
    };
    control
        .policies()
        .update_policy(request)
        .await
        .expect("updated");
    // From when it is so until it is served, nobody waits for it.
    assert!(answered_during(&all_of_it, control.settled()).await > 0);
    // 1, 10 to 19, 100 to 199.
    assert_eq!(listed(&some_of_it).await, 111);
    assert_eq!(listed(&all_of_it).await, UPSTREAMS * TOOLS);
    // It, and what `settled` makes to know it by.
    assert_eq!(sent.objects(), 2);

    // What an upstream offers changes with it, and all others stay.
    let request = v1::RemoveUpstreamRequest {
        upstream: "u7".to_owned(),
    };
    control
        .upstreams()
        .remove_upstream(request)
        .await
        .expect("removed");
    assert!(answered_during(&all_of_it, control.settled()).await > 0);
    assert_eq!(listed(&all_of_it).await, (UPSTREAMS - 1) * TOOLS);
    assert_eq!(sent.objects(), 1);
    let called = modern::call(&all_of_it, "u3__tool-499", &json!({}))
        .send()
        .await;
    assert_eq!(called.first_text(), "tool-499");
    let gone = modern::call(&all_of_it, "u7__tool-1", &json!({}))
        .send()
        .await;
    assert_eq!(gone.refusal().2, "tool-unavailable");
}
