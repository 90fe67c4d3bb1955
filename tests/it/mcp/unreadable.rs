//! What control says and an edge cannot read: a newer version wrote it, or it was damaged on its way.

use super::documented::assert_refused;
use crate::harness::{
    control::{self, Control, everything_of},
    http, interpreter,
    mcp::{Answer, Endpoint, modern},
    ostia::{Options, Ostia},
    split, upstreams, wait,
};
use ostia_proto::v1;
use serde_json::{Value, json};
use std::time::Duration;

/// An edge, and a control of which it understands not everything.
struct Apart {
    control: Ostia,
    edge: Ostia,
}

impl Apart {
    async fn start(said: impl Fn(&mut v1::Snapshot) + Send + Sync + 'static) -> Self {
        Self::start_with(Ostia::options(), said).await
    }

    async fn start_with(
        edge: Options,
        said: impl Fn(&mut v1::Snapshot) + Send + Sync + 'static,
    ) -> Self {
        let control = Ostia::options().roles(&["control"]).start().await;
        let url = interpreter::of(&control, said);
        let edge = split::edge_over(&control, &url, edge).await;
        Self { control, edge }
    }

    fn services(&self) -> Control {
        control::between(&self.control, &self.edge)
    }

    fn endpoint(&self, key: &str) -> Endpoint {
        Endpoint::new(&self.edge.mcp_url, key)
    }

    /// `snapshot` of `/readyz`.
    async fn serving(&self) -> Value {
        let ready = format!("{}/readyz", self.edge.admin_url);
        let answer = http::client().get(ready).send().await.expect("an answer");
        let mut health: Value = answer.json().await.expect("JSON");
        health["snapshot"].take()
    }

    /// How many objects it cannot read, when something is wrong what that is, and that metrics agree.
    async fn unreadable(&self) -> (u64, String) {
        let serving = self.serving().await;
        let count = serving["unreadable"].as_u64().expect("a number");
        let metrics = format!("{}/metrics", self.edge.admin_url);
        let metrics = http::client().get(metrics).send().await;
        let metrics = metrics.expect("an answer").text().await.expect("text");
        let line = format!("ostia_snapshot_unreadable_objects {count}");
        assert!(metrics.lines().any(|found| found == line), "{metrics}");
        let problem = serving["problem"].as_str().unwrap_or_default();
        (count, problem.to_owned())
    }
}

async fn echo(endpoint: &Endpoint) -> Answer {
    modern::call(endpoint, "demo__echo", &json!({"message": "x"}))
        .send()
        .await
}

async fn update(control: &Control, policy: &str, rules: v1::Rules) {
    let request = v1::UpdatePolicyRequest {
        policy: policy.to_owned(),
        rules: Some(rules),
    };
    let updated = control.policies().update_policy(request).await;
    updated.expect("updated");
    control.settled().await;
}

/// What this policy says when it is to be unreadable.
const NEW_KIND: &str = "new.kind";

fn with_a_new_kind() -> v1::Rules {
    v1::Rules {
        deny: vec![NEW_KIND.to_owned()],
        ..everything_of(&["demo"])
    }
}

/// A control that knows kinds of rules that this edge does not.
fn newer(snapshot: &mut v1::Snapshot) {
    for policy in &mut snapshot.policies {
        let rules = policy.rules.as_mut().expect("rules");
        if rules.deny == [NEW_KIND] {
            rules.needs = u32::MAX;
        }
    }
}

#[tokio::test]
async fn one_policy_that_cannot_be_read_refuses_what_it_governs_and_nothing_else() {
    let mut apart = Apart::start(newer).await;
    let services = apart.services();
    let mut endpoints = Vec::new();
    for name in ["odd", "other"] {
        let key = control::key(&services, name, everything_of(&["demo"])).await;
        let endpoint = apart.endpoint(&key.secret);
        assert_eq!(echo(&endpoint).await.first_text(), "x");
        endpoints.push(endpoint);
    }
    let [odd, other] = &endpoints[..] else {
        unreachable!("two were made")
    };
    assert_eq!(apart.unreadable().await, (0, String::new()));

    update(&services, "odd", with_a_new_kind()).await;
    assert_eq!(echo(odd).await.refusal().2, "tool-unavailable");
    assert_eq!(modern::tools(odd).await, [""; 0]);
    assert_eq!(echo(other).await.first_text(), "x");
    let (count, problem) = apart.unreadable().await;
    assert_eq!(count, 1);
    assert!(problem.starts_with("policy "), "{problem}");
    assert!(problem.contains("newer version"), "{problem}");

    // What is said of others afterwards arrives.
    update(&services, "other", v1::Rules::default()).await;
    assert_eq!(echo(other).await.refusal().2, "tool-unavailable");
    update(&services, "other", everything_of(&["demo"])).await;
    assert_eq!(echo(other).await.first_text(), "x");
    assert_eq!(apart.unreadable().await.0, 1);

    // A start with all of it at once is no other than the change.
    apart.edge.restart().await;
    services.settled().await;
    assert_eq!(echo(other).await.first_text(), "x");
    assert_eq!(echo(odd).await.refusal().2, "tool-unavailable");
    assert_eq!(apart.unreadable().await.0, 1);

    update(&services, "odd", everything_of(&["demo"])).await;
    assert_eq!(echo(odd).await.first_text(), "x");
    assert_eq!(apart.unreadable().await, (0, String::new()));

    // Audit says why.
    let recorded = wait::until(Duration::from_secs(10), "the records arrive", || async {
        let events = control::audit(&services).await;
        let refused = events
            .into_iter()
            .filter(|event| event.actor == "key:odd" && event.rule.contains("could not be read"));
        match refused.count() {
            2 => Ok(()),
            others => Err(others),
        }
    });
    recorded.await;
}

/// What would keep it apart from others, and what would limit it, is not known: it is not offered, and not let in.
#[tokio::test]
async fn an_upstream_and_a_plan_that_cannot_be_read_serve_nobody() {
    let apart = Apart::start(|snapshot| {
        for upstream in &mut snapshot.upstreams {
            let definition = upstream.definition.as_mut().expect("a definition");
            if definition.name == "odd" {
                definition.isolation = 99;
            }
        }
        for plan in &mut snapshot.plans {
            if plan.name == "odd" {
                plan.limits.as_mut().expect("limits").calls_per_minute = Some(0);
            }
        }
    })
    .await;
    let services = apart.services();
    let offer = json!({"tools": [[{"name": "tool", "inputSchema": {"type": "object"}}]]});
    for name in ["even", "odd"] {
        upstreams::script(name, "lister.py", &[&offer.to_string()])
            .define(&services)
            .await;
    }
    let plan = v1::Plan {
        name: "odd".to_owned(),
        limits: Some(v1::Limits {
            calls_per_minute: Some(1_000),
            ..v1::Limits::default()
        }),
        ..v1::Plan::default()
    };
    let request = v1::CreatePlanRequest { plan: Some(plan) };
    services.plans().create_plan(request).await.expect("a plan");
    let all = apart.endpoint(&control::master_key(&services, "all").await);
    let offered = wait::until(Duration::from_secs(20), "the other is offered", || async {
        let tools = modern::tools(&all).await;
        if tools.contains(&"even__tool".to_owned()) {
            Ok(tools)
        } else {
            Err(tools)
        }
    });
    let (offered, _) = offered.await;
    assert!(!offered.contains(&"odd__tool".to_owned()), "{offered:?}");
    assert_eq!(echo(&all).await.first_text(), "x");

    let limited = v1::CreateKeyRequest {
        plan: Some("odd".to_owned()),
        policies: vec!["all".to_owned()],
        ..control::named("limited")
    };
    let limited = control::create_key(&services, limited).await.secret;
    let refused = echo(&apart.endpoint(&limited)).await;
    assert_eq!(refused.refusal().2, "rate-limited");
    assert_eq!(apart.unreadable().await.0, 2);
}

/// Nobody can tell what to leave out: control might as well be away.
#[tokio::test]
async fn a_snapshot_that_cannot_be_read_at_all_was_not_heard() {
    let forgetful = Ostia::options().arg("--max-revocation-age-s").arg("10");
    let apart = Apart::start_with(forgetful, |snapshot| {
        for policy in &mut snapshot.policies {
            if policy.name == "nameless" {
                policy.id.clear();
            }
        }
    })
    .await;
    let services = apart.services();
    let known = apart.endpoint(&control::master_key(&services, "all").await);
    let never_seen = control::create_key(
        &services,
        v1::CreateKeyRequest {
            policies: vec!["all".to_owned()],
            ..control::named("never-seen")
        },
    );
    let never_seen = apart.endpoint(&never_seen.await.secret);
    assert_eq!(echo(&known).await.first_text(), "x");
    control::policy(&services, "nameless", v1::Rules::default()).await;
    let told = wait::until(Duration::from_secs(10), "it says so", || async {
        let serving = apart.serving().await;
        match serving["problem"].as_str() {
            Some(problem) => Ok(problem.to_owned()),
            None => Err(serving),
        }
    });
    let (problem, _) = told.await;
    assert!(problem.contains("Policy.id"), "{problem}");
    assert!(apart.edge.log().contains("Policy.id"));
    // As long as it may.
    assert_eq!(echo(&known).await.first_text(), "x");
    let refused = wait::until(Duration::from_secs(30), "it is too old", || async {
        let answer = echo(&known).await;
        if answer.status == 503 {
            Ok(answer)
        } else {
            Err(answer)
        }
    });
    assert_refused(&refused.await.0, 503, -31034, "control-unavailable");
    let age = apart.serving().await["age_seconds"].as_u64();
    assert!(age >= Some(10), "{age:?}");
    // Control would answer for it; but what it may do is not known.
    let unknown = echo(&never_seen).await;
    assert_refused(&unknown, 503, -31034, "control-unavailable");

    let delete = v1::DeletePolicyRequest {
        policy: "nameless".to_owned(),
    };
    let deleted = services.policies().delete_policy(delete).await;
    deleted.expect("deleted");
    let served = wait::until(Duration::from_secs(20), "it is understood", || async {
        let answer = echo(&known).await;
        if answer.status == 200 {
            Ok(())
        } else {
            Err(answer)
        }
    });
    served.await;
    assert_eq!(apart.unreadable().await, (0, String::new()));
}
