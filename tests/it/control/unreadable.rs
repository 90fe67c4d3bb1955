//! A policy that a newer version wrote, or that was damaged.

use super::{
    access::upstream,
    fixture::{Fixture, assert_refused, snapshot, start},
};
use crate::harness::{control::everything_of, wait};
use ostia_domain::code::Code;
use ostia_proto::v1;
use std::time::Duration;
use tonic::Code as Grpc;

const FROM_LATER: &str = r#"{"upstreams": ["*"], "allow": ["*"], "of_a_later_version": true}"#;

/// Policies `all` and `odd`; nobody can read the second, and not the first version of `all`.
async fn with_an_unreadable_policy() -> Fixture {
    let control = start().await;
    control.policy("odd").await;
    control
        .sql(&format!(
            "UPDATE policies SET rules = '{FROM_LATER}' WHERE name = 'odd'"
        ))
        .await;
    control
        .sql("UPDATE policy_versions SET rules = '[]' WHERE version = 1")
        .await;
    // Edges are told what there is.
    update(&control, "all", &["*", "demo"]).await;
    control
}

async fn update(control: &Fixture, policy: &str, upstreams: &[&str]) -> v1::Policy {
    let request = v1::UpdatePolicyRequest {
        policy: policy.to_owned(),
        rules: Some(everything_of(upstreams)),
    };
    let updated = control.client.policies().update_policy(request).await;
    updated.expect("updated").into_inner()
}

async fn list(control: &Fixture) -> Vec<(String, bool)> {
    let request = v1::ListPoliciesRequest {};
    let listed = control.client.policies().list_policies(request).await;
    let policies = listed.expect("policies").into_inner().policies.into_iter();
    let readable = policies.map(|policy| (policy.name, policy.rules.is_some()));
    readable.collect()
}

async fn edges_have(control: &Fixture, expected: &[&str]) {
    let sent = wait::until(Duration::from_secs(10), "edges are told", || async {
        let sent = snapshot(&control.client).await.policies.into_iter();
        let mut names: Vec<_> = sent.map(|policy| policy.name).collect();
        names.sort();
        if names == expected {
            Ok(())
        } else {
            Err(names)
        }
    });
    sent.await;
}

#[tokio::test]
async fn it_hides_no_other_policy_and_can_be_put_right() {
    let control = with_an_unreadable_policy().await;
    let found = [("all".to_owned(), true), ("odd".to_owned(), false)];
    assert_eq!(list(&control).await, found);
    let get = v1::GetPolicyRequest {
        policy: "odd".to_owned(),
    };
    let odd = control.client.policies().get_policy(get).await;
    let odd = odd.expect("a policy").into_inner();
    assert_eq!((odd.rules, odd.version), (None, 1));
    // Edges are not sent what they would judge by in another way.
    edges_have(&control, &["all"]).await;

    let versions = v1::ListPolicyVersionsRequest {
        policy: "all".to_owned(),
    };
    let versions = control
        .client
        .policies()
        .list_policy_versions(versions)
        .await;
    let versions = versions
        .expect("versions")
        .into_inner()
        .versions
        .into_iter();
    let readable = versions.map(|version| {
        let compared = version.changed.is_some() || version.restoring.is_some();
        (version.version, version.rules.is_some(), compared)
    });
    assert_eq!(
        readable.collect::<Vec<_>>(),
        [(2, true, false), (1, false, false)]
    );
    let compare = v1::GetPolicyDifferenceRequest {
        policy: "all".to_owned(),
        from: None,
        to: None,
    };
    let mut policies = control.client.policies();
    let compared = policies.get_policy_difference(compare).await;
    assert_refused(compared, Grpc::FailedPrecondition, Code::Conflict);
    let restore = v1::RestorePolicyRequest {
        policy: "all".to_owned(),
        version: 1,
    };
    let restored = control.client.policies().restore_policy(restore).await;
    assert_refused(restored, Grpc::FailedPrecondition, Code::Conflict);
    // Applied with `prune` it would remove what it does not name.
    let export = v1::ExportManifestRequest {};
    let exported = control.client.manifest().export_manifest(export).await;
    let said = assert_refused(exported, Grpc::FailedPrecondition, Code::Conflict);
    assert!(said.contains("\"odd\""), "{said}");

    let odd = update(&control, "odd", &["*"]).await;
    assert_eq!((odd.rules.is_some(), odd.version), (true, 2));
    edges_have(&control, &["all", "odd"]).await;
}

#[tokio::test]
async fn it_can_be_deleted_and_permits_nothing() {
    let control = with_an_unreadable_policy().await;
    upstream(&control, "github").await;
    let test = |key: String| v1::TestAccessRequest {
        key,
        tool: "github.get".to_owned(),
        ..v1::TestAccessRequest::default()
    };
    let mut key = super::fixture::new_key("both");
    key.policies.push("odd".to_owned());
    let key = control.create_key(key).await.expect("a key");
    let key = key.key.expect("a key").id;
    let tested = control
        .client
        .policies()
        .test_access(test(key.clone()))
        .await;
    let tested = tested.expect("an answer").into_inner();
    assert!(!tested.allowed, "{tested:?}");
    assert!(tested.rule.contains("could not be read"), "{tested:?}");
    control.delete(&key).await;
    let delete = v1::DeletePolicyRequest {
        policy: "odd".to_owned(),
    };
    let deleted = control.client.policies().delete_policy(delete).await;
    deleted.expect("deleted");
    assert_eq!(list(&control).await, [("all".to_owned(), true)]);
}

/// Serde reads these, and an edge would not: both ask the same function.
#[tokio::test]
async fn what_an_edge_would_refuse_is_not_read_here_either() {
    let control = start().await;
    let rules = |part: &str| format!(r#"{{"upstreams": ["*"], "allow": ["*"], {part}}}"#);
    let patterns = vec![r#""a.b""#; 1_001].join(",");
    for (odd, upstreams) in [
        (
            rules(r#""arguments": [{"tools": ["*"], "argument": "/path"}]"#),
            ["*", "a"],
        ),
        (rules(r#""constraints": [{"tools": ["*"]}]"#), ["*", "b"]),
        (rules(&format!(r#""deny": [{patterns}]"#)), ["*", "c"]),
    ] {
        control.policy("odd").await;
        edges_have(&control, &["all", "odd"]).await;
        control
            .sql(&format!(
                "UPDATE policies SET rules = '{odd}' WHERE name = 'odd'"
            ))
            .await;
        update(&control, "all", &upstreams).await;
        edges_have(&control, &["all"]).await;
        let found = [("all".to_owned(), true), ("odd".to_owned(), false)];
        assert_eq!(list(&control).await, found);
        let delete = v1::DeletePolicyRequest {
            policy: "odd".to_owned(),
        };
        let deleted = control.client.policies().delete_policy(delete).await;
        deleted.expect("deleted");
    }
}

/// Nor does anything else keep the rest from the edges.
#[tokio::test]
async fn other_objects_that_cannot_be_read_are_left_out_as_well() {
    let control = start().await;
    for name in ["even", "odd"] {
        upstream(&control, name).await;
        let plan = v1::Plan {
            name: name.to_owned(),
            limits: Some(v1::Limits {
                max_in_flight: Some(1),
                ..v1::Limits::default()
            }),
            ..v1::Plan::default()
        };
        let request = v1::CreatePlanRequest { plan: Some(plan) };
        let made = control.client.plans().create_plan(request).await;
        made.expect("a plan");
    }
    for odd in [
        "UPDATE upstreams SET isolation = 'of a later version' WHERE name = 'odd'",
        "UPDATE plans SET max_in_flight = 0 WHERE name = 'odd'",
    ] {
        control.sql(odd).await;
    }
    control.policy("newer").await;
    edges_have(&control, &["all", "newer"]).await;
    let sent = snapshot(&control.client).await;
    let upstreams = sent.upstreams.into_iter();
    let upstreams: Vec<_> = upstreams
        .map(|upstream| upstream.definition.expect("a definition").name)
        .collect();
    assert_eq!(upstreams, ["even"]);
    let plans: Vec<_> = sent.plans.into_iter().map(|plan| plan.name).collect();
    assert_eq!(plans, ["even"]);
}
