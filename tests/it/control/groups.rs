//! Groups of users.

use super::fixture::{Fixture, assert_refused, new_key, owned, start};
use ostia_domain::code::Code;
use ostia_proto::v1;
use tonic::{Code as Grpc, Status};

fn named(name: &str) -> v1::CreateGroupRequest {
    v1::CreateGroupRequest {
        name: name.to_owned(),
        ..v1::CreateGroupRequest::default()
    }
}

async fn create(control: &Fixture, request: v1::CreateGroupRequest) -> Result<v1::Group, Status> {
    let group = control.client.groups().create_group(request).await?;
    Ok(group.into_inner())
}

async fn update(control: &Fixture, request: v1::UpdateGroupRequest) -> v1::Group {
    let group = control.client.groups().update_group(request).await;
    group.expect("the group").into_inner()
}

/// A user `bob` who may use nothing by himself, with a key.
async fn bob(control: &Fixture) -> String {
    control.user("bob", v1::Role::Member, &[]).await;
    let request = v1::CreateKeyRequest {
        owner: Some("bob".to_owned()),
        ..new_key("build")
    };
    control.create_key(request).await.expect("a key").secret
}

async fn scope(control: &Fixture, key: &str) -> Vec<String> {
    let principal = control.authenticate(key).await.expect("bob");
    principal.owner_scope.expect("a scope").policy_ids
}

#[tokio::test]
async fn a_group_comes_back_as_it_was_written() {
    let control = start().await;
    let request = v1::CreateGroupRequest {
        policies: owned(&["all"]),
        members: owned(&["ada"]),
        ..named("team")
    };
    let created = create(&control, request).await.expect("a group");
    assert_eq!(created.policies, ["all"]);
    assert_eq!(created.members, ["ada"]);
    for group in ["team".to_owned(), created.id.clone()] {
        let found = control
            .client
            .groups()
            .get_group(v1::GetGroupRequest { group })
            .await;
        assert_eq!(found.expect("the group").into_inner(), created);
    }
    let listed = control
        .client
        .groups()
        .list_groups(v1::ListGroupsRequest {})
        .await;
    assert_eq!(listed.expect("groups").into_inner().groups, [created]);
    let taken = create(&control, named("team")).await;
    assert_refused(taken, Grpc::AlreadyExists, Code::AlreadyExists);
    let nobody = v1::CreateGroupRequest {
        members: owned(&["nobody"]),
        ..named("other")
    };
    assert_refused(
        create(&control, nobody).await,
        Grpc::NotFound,
        Code::NoSuchObject,
    );
    let bad = create(&control, named("")).await;
    assert_refused(bad, Grpc::InvalidArgument, Code::InvalidArgument);
}

/// Whoever is in a group may do what it may, from the next call on, and not a call longer.
#[tokio::test]
async fn members_may_do_what_their_group_may() {
    let control = start().await;
    let all = control.policy("more").await.id;
    let key = bob(&control).await;
    assert!(scope(&control, &key).await.is_empty());
    let request = v1::CreateGroupRequest {
        policies: owned(&["more"]),
        members: owned(&["bob"]),
        ..named("team")
    };
    create(&control, request).await.expect("a group");
    assert_eq!(scope(&control, &key).await, [all]);
    let in_use = v1::DeletePolicyRequest {
        policy: "more".to_owned(),
    };
    let refused = control.client.policies().delete_policy(in_use).await;
    assert_refused(refused, Grpc::FailedPrecondition, Code::Conflict);
    let group = update(
        &control,
        v1::UpdateGroupRequest {
            group: "team".to_owned(),
            members: Some(v1::GroupMembers { names: Vec::new() }),
            ..v1::UpdateGroupRequest::default()
        },
    );
    let group = group.await;
    assert!(group.members.is_empty());
    assert_eq!(group.policies, ["more"], "what was not named stays");
    assert!(scope(&control, &key).await.is_empty());
}

/// A group's plan counts each member with all their keys, once however many groups give it.
#[tokio::test]
async fn members_have_the_plan_of_their_group() {
    let control = start().await;
    let plan = v1::Plan {
        name: "team".to_owned(),
        limits: Some(v1::Limits {
            calls_per_month: Some(10),
            ..v1::Limits::default()
        }),
        ..v1::Plan::default()
    };
    let request = v1::CreatePlanRequest { plan: Some(plan) };
    let plan = control.client.plans().create_plan(request).await;
    let plan = plan.expect("a plan").into_inner().id;
    let key = bob(&control).await;
    for name in ["one", "two"] {
        let request = v1::CreateGroupRequest {
            plan: Some("team".to_owned()),
            members: owned(&["bob"]),
            ..named(name)
        };
        create(&control, request).await.expect("a group");
    }
    let principal = control.authenticate(&key).await.expect("bob");
    let limited = v1::Limited {
        subject_id: principal.owner_id.clone(),
        by: Some(v1::limited::By::PlanId(plan)),
    };
    assert_eq!(principal.limits, [limited]);
}
