//! What a user may use and how much of it is left, and tokens for keys of one's own.

use super::fixture::{Fixture, assert_refused, new_key, owned, start};
use ostia_domain::{clock, code::Code, period::Period};
use ostia_proto::{ControlClient, convert::timestamp, v1};
use tonic::Code as Grpc;
use uuid::Uuid;

/// A member, acting for themselves.
async fn member(control: &Fixture, name: &str, policies: &[&str]) -> (String, ControlClient) {
    let user = control.user(name, v1::Role::Member, policies).await;
    let id = Uuid::parse_str(&user.id).expect("an id");
    (user.id, control.client.on_behalf_of(id))
}

/// An upstream that offers `get` to read and `drop` to destroy.
pub(super) async fn upstream(control: &Fixture, name: &str) {
    let upstream = control.add_upstream(name, &[]).await.expect("an upstream");
    let tool = |name: &str, tier: v1::Tier| v1::Tool {
        name: name.to_owned(),
        definition: format!(r#"{{"name":"{name}"}}"#),
        tier: tier.into(),
        ..v1::Tool::default()
    };
    let report = v1::ReportCatalogueRequest {
        catalogue: Some(v1::Catalogue {
            upstream_id: upstream.id.clone(),
            upstream_version: upstream.version,
            era: v1::Era::Legacy.into(),
            server_info: "{}".to_owned(),
            capabilities: "{}".to_owned(),
            tools: vec![
                tool("get", v1::Tier::Read),
                tool("drop", v1::Tier::Destructive),
            ],
            ..v1::Catalogue::default()
        }),
        upstream_id: upstream.id,
        upstream_version: upstream.version,
        problem: None,
        listing: 0,
        ..v1::ReportCatalogueRequest::default()
    };
    let reported = control.client.sync().report_catalogue(report).await;
    reported.expect("a report");
}

async fn tools(client: &ControlClient, user: &str) -> Vec<String> {
    let request = v1::ListAccessRequest {
        user: user.to_owned(),
        upstream: None,
        without_definitions: true,
    };
    let access = client.policies().list_access(request).await;
    let upstreams = access.expect("access").into_inner().upstreams;
    let tools = upstreams.into_iter().flat_map(|upstream| upstream.tools);
    let names = tools.map(|tool| tool.tool.expect("a tool").canonical_name);
    names.collect()
}

#[tokio::test]
async fn access_is_what_an_edge_would_list() {
    let control = start().await;
    upstream(&control, "mail").await;
    upstream(&control, "files").await;
    let rules = v1::Rules {
        upstreams: owned(&["mail"]),
        allow: owned(&["*"]),
        max_tier: v1::Tier::Read.into(),
        constraints: vec![v1::Constraint {
            tools: owned(&["*"]),
            timeout_ms: Some(500),
            ..v1::Constraint::default()
        }],
        ..v1::Rules::default()
    };
    let request = v1::CreatePolicyRequest {
        name: "reads".to_owned(),
        source: Some(v1::create_policy_request::Source::Rules(rules)),
    };
    control
        .client
        .policies()
        .create_policy(request)
        .await
        .expect("a policy");
    let (_, bob) = member(&control, "bob", &["reads"]).await;
    assert_eq!(tools(&bob, "bob").await, ["mail.get"]);
    assert_eq!(tools(&control.client, "ada").await.len(), 4);

    let request = v1::ListAccessRequest {
        user: "bob".to_owned(),
        upstream: Some("mail".to_owned()),
        without_definitions: false,
    };
    let access = bob
        .policies()
        .list_access(request)
        .await
        .expect("access")
        .into_inner();
    assert_eq!(
        (access.policies, access.unlimited),
        (owned(&["reads"]), false)
    );
    let tool = &access.upstreams[0].tools[0];
    assert_eq!(
        tool.limits.as_ref().and_then(|limits| limits.timeout_ms),
        Some(500)
    );

    let (_, eve) = member(&control, "eve", &[]).await;
    assert!(tools(&eve, "eve").await.is_empty());
    let request = v1::ListAccessRequest {
        user: "bob".to_owned(),
        upstream: None,
        without_definitions: true,
    };
    let refused = eve.policies().list_access(request).await;
    assert_refused(refused, Grpc::NotFound, Code::NoSuchObject);
}

#[tokio::test]
async fn allowances_say_what_is_gone() {
    let control = start().await;
    let limits = |calls| v1::Limits {
        calls_per_month: Some(calls),
        calls_per_day: Some(calls / 2),
        ..v1::Limits::default()
    };
    let plan = v1::Plan {
        name: "small".to_owned(),
        limits: Some(limits(1_000)),
        ..v1::Plan::default()
    };
    let request = v1::CreatePlanRequest { plan: Some(plan) };
    let plan = control
        .client
        .plans()
        .create_plan(request)
        .await
        .expect("a plan")
        .into_inner();
    let (bobs_id, bob) = member(&control, "bob", &["all"]).await;
    let request = v1::UpdateUserRequest {
        user: "bob".to_owned(),
        plan: Some("small".to_owned()),
        ..v1::UpdateUserRequest::default()
    };
    control
        .client
        .identity()
        .update_user(request)
        .await
        .expect("a plan");
    let request = v1::CreateKeyRequest {
        restrictions: Some(v1::KeyRestrictions {
            limits: Some(limits(100)),
            ..v1::KeyRestrictions::default()
        }),
        ..new_key("build")
    };
    let key = bob
        .keys()
        .create_key(request)
        .await
        .expect("a key")
        .into_inner();
    let key = key.key.expect("a key").id;
    let lease = v1::LeaseQuotaRequest {
        of: Some(v1::QuotaOf {
            subject_id: bobs_id.clone(),
            plan_id: Some(plan.id),
            period: v1::Period::Day.into(),
        }),
    };
    control
        .client
        .sync()
        .lease_quota(lease)
        .await
        .expect("a block");

    let ask = |user: &str, key: &str| v1::ListAllowancesRequest {
        user: Some(user.to_owned()),
        keys: owned(&[key]),
    };
    let listed = bob.plans().list_allowances(ask("bob", &key)).await;
    let listed = listed.expect("allowances").into_inner().allowances;
    let shown: Vec<_> = listed
        .iter()
        .map(|found| {
            let quotas = found.quotas.iter();
            let quotas: Vec<_> = quotas
                .map(|quota| (quota.period(), quota.calls, quota.taken))
                .collect();
            (found.subject_id.clone(), found.plan.clone(), quotas)
        })
        .collect();
    let (month, day) = (v1::Period::Month, v1::Period::Day);
    let small = Some("small".to_owned());
    let expected = [
        (key.clone(), None, vec![(month, 100, 0), (day, 50, 0)]),
        (bobs_id, small, vec![(month, 1_000, 0), (day, 500, 10)]),
    ];
    assert_eq!(shown, expected);
    for found in &listed {
        let now = clock::now();
        let renews = |period: Period| Some(timestamp(period.at(now).ends_at));
        let told: Vec<_> = found.quotas.iter().map(|quota| quota.renews_at).collect();
        assert_eq!(told, [renews(Period::Month), renews(Period::Day)]);
        // As those read it who know only months.
        assert_eq!(found.quota_renews_at, told[0]);
        assert_eq!(found.quota_taken, 0);
    }

    let (_, eve) = member(&control, "eve", &["all"]).await;
    for (user, key) in [("bob", None), ("eve", Some(&key))] {
        let request = v1::ListAllowancesRequest {
            user: Some(user.to_owned()),
            keys: key.into_iter().cloned().collect(),
        };
        let refused = eve.plans().list_allowances(request).await;
        assert_refused(refused, Grpc::NotFound, Code::NoSuchObject);
    }
}

#[tokio::test]
async fn only_the_owner_of_a_key_gets_a_token_without_a_secret() {
    let control = start().await;
    let (_, bob) = member(&control, "bob", &["all"]).await;
    let (_, eve) = member(&control, "eve", &["all"]).await;
    let key = bob
        .keys()
        .create_key(new_key("build"))
        .await
        .expect("a key");
    let key = key.into_inner().key.expect("a key").id;
    let ask = || v1::IssueAccessTokenRequest { key: key.clone() };
    let issued = bob
        .keys()
        .issue_access_token(ask())
        .await
        .expect("a token")
        .into_inner();
    let principal = control
        .authenticate(&issued.access_token)
        .await
        .expect("a principal");
    assert_eq!(principal.key_id, key);
    let event = control.events().await.pop().expect("an event");
    assert_eq!(
        (&*event.actor, &*event.action),
        ("user:bob", "keys.issue_token")
    );
    assert!(
        !event.detail.contains(&issued.access_token),
        "{}",
        event.detail
    );

    let refused = eve.keys().issue_access_token(ask()).await;
    assert_refused(refused, Grpc::NotFound, Code::NoSuchObject);
    let boss = control.user("boss", v1::Role::Administrator, &[]).await;
    let boss = Uuid::parse_str(&boss.id).expect("an id");
    let boss = control.client.on_behalf_of(boss);
    let refused = boss.keys().issue_access_token(ask()).await;
    assert_refused(refused, Grpc::PermissionDenied, Code::Forbidden);

    control.inactivate(&key).await;
    let refused = bob.keys().issue_access_token(ask()).await;
    let said = assert_refused(refused, Grpc::FailedPrecondition, Code::Conflict);
    assert!(said.contains("key-inactive"), "{said}");
    // What was issued ends with its key.
    let ended = control.authenticate(&issued.access_token).await;
    assert_eq!(ended.err().as_deref(), Some("key-inactive"));
}
