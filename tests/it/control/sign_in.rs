//! What a provider decides about a user, and what it does not.

use super::fixture::{Fixture, bare, start};
use ostia_proto::v1;
use serde_json::Value;

async fn sign_in(control: &Fixture, role: v1::Role, renewed: bool) -> v1::User {
    let told = v1::SignInRequest {
        issuer: "https://login.example.org".to_owned(),
        subject: "4711".to_owned(),
        provider: "company".to_owned(),
        name: "carol".to_owned(),
        role: role.into(),
        renewed,
        ..v1::SignInRequest::default()
    };
    let user = control.client.identity().sign_in(told).await;
    user.expect("a user").into_inner()
}

/// The roles that audit says a provider named and nobody got, oldest first.
async fn not_taken_over(control: &Fixture) -> Vec<Value> {
    let events = control.events().await.into_iter();
    let details = events
        .filter(|event| event.action == "identity.sign_in")
        .map(|event| serde_json::from_str::<Value>(&event.detail).expect("JSON"));
    details
        .map(|detail| detail["role_not_taken_over"].clone())
        .collect()
}

/// A mapping that loses its group would lock everybody out, and nobody could put it right.
#[tokio::test]
async fn a_provider_does_not_take_the_role_of_the_last_administrator() {
    let control = bare().await;
    let carol = sign_in(&control, v1::Role::Administrator, false).await;
    assert_eq!(carol.role(), v1::Role::Administrator);
    for renewed in [false, true] {
        let carol = sign_in(&control, v1::Role::Member, renewed).await;
        assert_eq!(carol.role(), v1::Role::Administrator);
    }
    let member = Value::from("member");
    let expected = [Value::Null, member.clone(), member];
    assert_eq!(not_taken_over(&control).await, expected);
    // Nobody signs in as a program.
    let service = v1::CreateUserRequest {
        name: "robot".to_owned(),
        role: v1::Role::Administrator.into(),
        kind: v1::UserKind::Service.into(),
        ..v1::CreateUserRequest::default()
    };
    let robot = control.client.identity().create_user(service).await;
    robot.expect("robot");
    let carol = sign_in(&control, v1::Role::Member, false).await;
    assert_eq!(carol.role(), v1::Role::Administrator);
    // As soon as somebody else may do everything, its word holds.
    control.user("ada", v1::Role::Administrator, &[]).await;
    let carol = sign_in(&control, v1::Role::Member, true).await;
    assert_eq!(carol.role(), v1::Role::Member);
    assert_eq!(not_taken_over(&control).await.last(), Some(&Value::Null));
}

#[tokio::test]
async fn a_user_who_is_signed_out_has_no_sessions_and_may_sign_in_again() {
    let control = start().await;
    let carol = sign_in(&control, v1::Role::Unspecified, false).await;
    let mut sessions = control.client.browser_sessions();
    for id in [1, 2] {
        let session = v1::CreateBrowserSessionRequest {
            id_hash: vec![id; 32],
            user_id: Some(carol.id.clone()),
            data: Vec::new(),
            idle_seconds: 60,
            max_seconds: 60,
        };
        let begun = sessions.create_browser_session(session).await;
        begun.expect("a session");
    }
    let request = v1::SignOutUserRequest {
        user: "carol".to_owned(),
    };
    let ended = control.client.identity().sign_out_user(request).await;
    assert_eq!(ended.expect("signed out").into_inner().ended, 2);
    for id in [1, 2] {
        let id_hash = vec![id; 32];
        let request = v1::GetBrowserSessionRequest { id_hash };
        let gone = sessions.get_browser_session(request).await;
        assert_eq!(gone.expect_err("ended").code(), tonic::Code::NotFound);
    }
    assert_eq!(
        sign_in(&control, v1::Role::Unspecified, false).await.id,
        carol.id
    );
}
