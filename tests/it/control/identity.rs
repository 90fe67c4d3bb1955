//! Users and their login links.

use super::fixture::{Fixture, assert_refused, owned, start};
use ostia_domain::code::Code;
use ostia_proto::v1;
use tonic::{Code as Grpc, Status};

async fn link(control: &Fixture) -> String {
    let request = v1::CreateLoginLinkRequest {
        user: "ada".to_owned(),
        valid_seconds: 0,
    };
    let link = control.client.identity().create_login_link(request).await;
    link.expect("a link").into_inner().token
}

async fn inspect(control: &Fixture, token: &str) -> Result<v1::User, Status> {
    let token = token.to_owned();
    let request = v1::InspectLoginLinkRequest { token };
    let user = control
        .client
        .identity()
        .inspect_login_link(request)
        .await?;
    Ok(user.into_inner())
}

async fn redeem(control: &Fixture, token: &str) -> Result<v1::User, Status> {
    let token = token.to_owned();
    let request = v1::RedeemLoginLinkRequest { token };
    let user = control.client.identity().redeem_login_link(request).await?;
    Ok(user.into_inner())
}

#[tokio::test]
async fn users_are_listed_by_name_with_what_bounds_them() {
    let control = start().await;
    let bob = control.user("bob", v1::Role::Member, &["all"]).await;
    let request = v1::ListUsersRequest {};
    let users = control.client.identity().list_users(request).await;
    let users = users.expect("users").into_inner().users;
    let names: Vec<_> = users.iter().map(|user| user.name.as_str()).collect();
    assert_eq!(names, ["ada", "bob"]);
    assert_eq!(users[1], bob);
    assert_eq!((bob.role(), bob.enabled), (v1::Role::Member, true));
    assert_eq!(bob.policies, ["all"]);
}

#[tokio::test]
async fn a_user_needs_a_free_name_and_policies_that_exist() {
    let control = start().await;
    let create = async |name: &str, policies: &[&str]| {
        let request = v1::CreateUserRequest {
            name: name.to_owned(),
            role: v1::Role::Member.into(),
            policies: owned(policies),
            ..v1::CreateUserRequest::default()
        };
        control.client.identity().create_user(request).await
    };
    let taken = create("ada", &[]).await;
    assert_refused(taken, Grpc::AlreadyExists, Code::AlreadyExists);
    let unknown = create("bob", &["nothing"]).await;
    assert_refused(unknown, Grpc::NotFound, Code::NoSuchObject);
}

#[tokio::test]
async fn a_link_says_whose_it_is_as_often_as_asked_and_signs_in_once() {
    let control = start().await;
    let token = link(&control).await;
    for _ in 0..3 {
        assert_eq!(inspect(&control, &token).await.expect("unused").name, "ada");
    }
    assert_eq!(redeem(&control, &token).await.expect("once").name, "ada");
    for answer in [
        redeem(&control, &token).await,
        inspect(&control, &token).await,
    ] {
        assert_refused(answer, Grpc::NotFound, Code::LoginLinkInvalid);
    }
}

#[tokio::test]
async fn of_many_callers_at_once_one_signs_in() {
    let control = start().await;
    let token = link(&control).await;
    let answers = futures_util::future::join_all((0..16).map(|_| redeem(&control, &token))).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
}

#[tokio::test]
async fn a_new_link_ends_those_before_it() {
    let control = start().await;
    let (old, new) = (link(&control).await, link(&control).await);
    assert_refused(
        redeem(&control, &old).await,
        Grpc::NotFound,
        Code::LoginLinkInvalid,
    );
    redeem(&control, &new).await.expect("the new one");
}

#[tokio::test]
async fn a_link_that_has_ended_or_belongs_to_a_disabled_user_is_none() {
    let control = start().await;
    let ended = link(&control).await;
    control
        .sql("UPDATE login_links SET expires_at = created_at")
        .await;
    assert_refused(
        redeem(&control, &ended).await,
        Grpc::NotFound,
        Code::LoginLinkInvalid,
    );
    let disabled = link(&control).await;
    control.sql("UPDATE users SET enabled = false").await;
    assert_refused(
        redeem(&control, &disabled).await,
        Grpc::NotFound,
        Code::LoginLinkInvalid,
    );
    assert_refused(
        redeem(&control, "").await,
        Grpc::NotFound,
        Code::LoginLinkInvalid,
    );
}

#[tokio::test]
async fn a_link_lives_a_day_at_most() {
    let control = start().await;
    let request = v1::CreateLoginLinkRequest {
        user: "ada".to_owned(),
        valid_seconds: 86_401,
    };
    let answer = control.client.identity().create_login_link(request).await;
    assert_refused(answer, Grpc::InvalidArgument, Code::InvalidArgument);
}

async fn update(control: &Fixture, request: v1::UpdateUserRequest) -> Result<v1::User, Status> {
    let user = control.client.identity().update_user(request).await?;
    Ok(user.into_inner())
}

async fn delete(control: &Fixture, user: &str) -> Result<(), Status> {
    let user = user.to_owned();
    let request = v1::DeleteUserRequest { user };
    control.client.identity().delete_user(request).await?;
    Ok(())
}

async fn key_of(control: &Fixture, owner: &str) -> v1::CreateKeyResponse {
    let request = v1::CreateKeyRequest {
        owner: Some(owner.to_owned()),
        ..super::fixture::new_key(&format!("key of {owner}"))
    };
    control.create_key(request).await.expect("a key")
}

/// Whoever leaves takes their keys with them.
#[tokio::test]
async fn keys_die_with_their_owner() {
    let control = start().await;
    control.user("bob", v1::Role::Member, &["all"]).await;
    let secret = key_of(&control, "bob").await.secret;
    control.authenticate(&secret).await.expect("bob");
    for (enabled, refused) in [(false, Some("owner-disabled")), (true, None)] {
        let request = v1::UpdateUserRequest {
            user: "bob".to_owned(),
            enabled: Some(enabled),
            ..v1::UpdateUserRequest::default()
        };
        update(&control, request).await.expect("bob");
        let verdict = control.authenticate(&secret).await;
        assert_eq!(verdict.err().as_deref(), refused);
    }
    delete(&control, "bob").await.expect("nobody");
    let verdict = control.authenticate(&secret).await;
    assert_eq!(verdict.expect_err("refused"), "key-unknown");
    let gone = delete(&control, "bob").await;
    assert_refused(gone, Grpc::NotFound, Code::NoSuchObject);
}

/// Nobody locks everybody out.
#[tokio::test]
async fn the_last_administrator_stays() {
    let control = start().await;
    let demote = || v1::UpdateUserRequest {
        user: "ada".to_owned(),
        role: v1::Role::Operator.into(),
        ..v1::UpdateUserRequest::default()
    };
    let disable = v1::UpdateUserRequest {
        user: "ada".to_owned(),
        enabled: Some(false),
        ..v1::UpdateUserRequest::default()
    };
    for request in [demote(), disable] {
        let refused = update(&control, request).await;
        assert_refused(refused, Grpc::FailedPrecondition, Code::Conflict);
    }
    let refused = delete(&control, "ada").await;
    assert_refused(refused, Grpc::FailedPrecondition, Code::Conflict);
    control.user("eve", v1::Role::Administrator, &[]).await;
    let demoted = update(&control, demote()).await.expect("ada");
    assert_eq!(demoted.role(), v1::Role::Operator);
}

#[tokio::test]
async fn a_user_is_changed_where_it_is_said_and_nowhere_else() {
    let control = start().await;
    let before = control.user("bob", v1::Role::Member, &["all"]).await;
    control.policy("more").await;
    let request = v1::UpdateUserRequest {
        user: "bob".to_owned(),
        name: Some("robert".to_owned()),
        policies: Some(v1::UserPolicies {
            names: owned(&["all", "more"]),
        }),
        ..v1::UpdateUserRequest::default()
    };
    let after = update(&control, request).await.expect("robert");
    let expected = v1::User {
        name: "robert".to_owned(),
        policies: owned(&["all", "more"]),
        etag: after.etag.clone(),
        ..before
    };
    assert_eq!(after, expected);
    let user = "robert".to_owned();
    let found = control
        .client
        .identity()
        .get_user(v1::GetUserRequest { user })
        .await;
    assert_eq!(found.expect("robert").into_inner(), expected);
}

/// A service account has keys and no way to sign in.
#[tokio::test]
async fn nobody_signs_in_as_a_service_account() {
    let control = start().await;
    let request = v1::CreateUserRequest {
        name: "ci".to_owned(),
        role: v1::Role::Operator.into(),
        kind: v1::UserKind::Service.into(),
        ..v1::CreateUserRequest::default()
    };
    let user = control.client.identity().create_user(request).await;
    assert_eq!(
        user.expect("a user").into_inner().kind(),
        v1::UserKind::Service
    );
    let request = v1::CreateLoginLinkRequest {
        user: "ci".to_owned(),
        valid_seconds: 0,
    };
    let refused = control.client.identity().create_login_link(request).await;
    assert_refused(refused, Grpc::FailedPrecondition, Code::Conflict);
    // It needs no policy: it need not call tools.
    let request = v1::CreateKeyRequest {
        owner: Some("ci".to_owned()),
        policies: Vec::new(),
        ..super::fixture::new_key("deploy")
    };
    control.create_key(request).await.expect("a key");
}
