//! What a member reaches of what belongs to others.

use super::fixture::{assert_refused, new_key, owned, start};
use ostia_domain::code::Code;
use ostia_proto::{ControlClient, v1};
use tonic::Code as Grpc;
use uuid::Uuid;

/// What belongs to others is not forbidden to members: it is not there.
#[tokio::test]
async fn a_member_reaches_their_own_keys_alone() {
    let control = start().await;
    control.policy("more").await;
    let user = async |name: &str| {
        let user = control.user(name, v1::Role::Member, &["all"]).await;
        let id = Uuid::parse_str(&user.id).expect("an id");
        (user.id, control.client.on_behalf_of(id))
    };
    let (_, bob) = user("bob").await;
    let (eves_id, eve) = user("eve").await;
    let make = async |client: &ControlClient, request| client.keys().create_key(request).await;
    let key = make(&bob, new_key("build"))
        .await
        .expect("a key")
        .into_inner();
    let key = key.key.expect("a key");
    assert_eq!(key.owner_name, "bob");
    let id = || key.id.clone();

    // Nobody makes keys for others, with policies of others, or chooses a plan.
    let plan = v1::Plan {
        name: "vast".to_owned(),
        ..v1::Plan::default()
    };
    let request = v1::CreatePlanRequest { plan: Some(plan) };
    control
        .client
        .plans()
        .create_plan(request)
        .await
        .expect("a plan");
    for (request, grpc, code) in [
        (
            v1::CreateKeyRequest {
                owner: Some(eves_id.clone()),
                ..new_key("theirs")
            },
            Grpc::NotFound,
            Code::NoSuchObject,
        ),
        (
            v1::CreateKeyRequest {
                policies: owned(&["more"]),
                ..new_key("wide")
            },
            Grpc::NotFound,
            Code::NoSuchObject,
        ),
        (
            v1::CreateKeyRequest {
                plan: Some("vast".to_owned()),
                ..new_key("vast")
            },
            Grpc::InvalidArgument,
            Code::InvalidArgument,
        ),
    ] {
        assert_refused(make(&bob, request).await, grpc, code);
    }

    let mut keys = eve.keys();
    let listed = keys.list_keys(v1::ListKeysRequest::default()).await;
    assert!(listed.expect("keys").into_inner().keys.is_empty());
    let asked_for = v1::ListKeysRequest {
        owner: Some("bob".to_owned()),
        ..v1::ListKeysRequest::default()
    };
    let refused = keys.list_keys(asked_for).await;
    assert_refused(refused, Grpc::NotFound, Code::NoSuchObject);
    let gone = |answer: Result<_, tonic::Status>| {
        assert_refused(answer, Grpc::NotFound, Code::NoSuchObject);
    };
    gone(
        keys.get_key(v1::GetKeyRequest {
            key: id(),
            owner: None,
        })
        .await
        .map(drop),
    );
    gone(
        keys.revoke_key(v1::RevokeKeyRequest { key: id() })
            .await
            .map(drop),
    );
    gone(
        keys.delete_key(v1::DeleteKeyRequest { key: id() })
            .await
            .map(drop),
    );
    gone(
        keys.activate_key(v1::ActivateKeyRequest { key: id() })
            .await
            .map(drop),
    );
    gone(
        keys.inactivate_key(v1::InactivateKeyRequest { key: id() })
            .await
            .map(drop),
    );
    let rotate = v1::RotateKeyRequest {
        key: id(),
        overlap_seconds: 0,
    };
    gone(keys.rotate_key(rotate).await.map(drop));
    let update = v1::UpdateKeyRequest {
        key: id(),
        name: Some("mine".to_owned()),
        ..v1::UpdateKeyRequest::default()
    };
    gone(keys.update_key(update).await.map(drop));
    let test = v1::TestAccessRequest {
        key: id(),
        tool: "a.b".to_owned(),
        ..v1::TestAccessRequest::default()
    };
    gone(eve.policies().test_access(test).await.map(drop));
    let user = "bob".to_owned();
    gone(
        eve.identity()
            .get_user(v1::GetUserRequest { user })
            .await
            .map(drop),
    );
    let user = "eve".to_owned();
    let herself = eve.identity().get_user(v1::GetUserRequest { user }).await;
    assert_eq!(herself.expect("eve").into_inner().id, eves_id);

    // Audit names who did it.
    let rotate = v1::RotateKeyRequest {
        key: id(),
        overlap_seconds: 0,
    };
    bob.keys().rotate_key(rotate).await.expect("rotated");
    let event = control.events().await.pop().expect("an event");
    assert_eq!((&*event.actor, &*event.action), ("user:bob", "keys.rotate"));
}

/// What may not be used is told apart from what is not there by nobody it does not concern.
#[tokio::test]
async fn a_member_who_tests_a_key_learns_no_more_than_an_edge_tells() {
    let control = start().await;
    let user = control.user("bob", v1::Role::Member, &["all"]).await;
    let bob = Uuid::parse_str(&user.id).expect("an id");
    let bob = control.client.on_behalf_of(bob);
    let key = bob.keys().create_key(new_key("build")).await;
    let key = key.expect("a key").into_inner().key.expect("a key").id;
    let upstream = control
        .add_upstream("github", &[])
        .await
        .expect("an upstream");
    let tool = v1::Tool {
        name: "get_me".to_owned(),
        definition: r#"{"name":"get_me"}"#.to_owned(),
        ..v1::Tool::default()
    };
    let report = v1::ReportCatalogueRequest {
        catalogue: Some(v1::Catalogue {
            upstream_id: upstream.id.clone(),
            upstream_version: upstream.version,
            era: v1::Era::Legacy.into(),
            server_info: "{}".to_owned(),
            capabilities: "{}".to_owned(),
            tools: vec![tool],
            ..v1::Catalogue::default()
        }),
        upstream_id: upstream.id,
        upstream_version: upstream.version,
        problem: None,
        listing: 0,
        ..v1::ReportCatalogueRequest::default()
    };
    control
        .client
        .sync()
        .report_catalogue(report)
        .await
        .expect("a report");
    let nothing = v1::UpdatePolicyRequest {
        policy: "all".to_owned(),
        rules: Some(v1::Rules::default()),
    };
    control
        .client
        .policies()
        .update_policy(nothing)
        .await
        .expect("nothing is allowed");
    let test = async |client: &ControlClient, tool: &str| {
        let test = v1::TestAccessRequest {
            key: key.clone(),
            tool: tool.to_owned(),
            ..v1::TestAccessRequest::default()
        };
        let access = client.policies().test_access(test).await;
        let access = access.expect("an answer").into_inner();
        (access.allowed, access.rule)
    };
    let (there, not_there) = (
        test(&bob, "github.get_me").await,
        test(&bob, "github.none").await,
    );
    assert_eq!(there, not_there);
    assert_ne!(
        test(&control.client, "github.get_me").await,
        test(&control.client, "github.none").await
    );
}
