//! Where a user is told by mail: who says it, who sees it, and who does not.

use super::fixture::{Fixture, assert_refused, start};
use ostia_domain::code::Code;
use ostia_proto::{ControlClient, v1};
use tonic::Code as Grpc;

const ONE: &str = "carol@example.org";
const OTHER: &str = "carol@example.com";

async fn sign_in(control: &Fixture, email: Option<&str>, renewed: bool) -> v1::User {
    let told = v1::SignInRequest {
        issuer: "https://login.example.org".to_owned(),
        subject: "4711".to_owned(),
        provider: "company".to_owned(),
        name: "carol".to_owned(),
        email: email.map(str::to_owned),
        renewed,
        ..v1::SignInRequest::default()
    };
    let user = control.client.identity().sign_in(told).await;
    user.expect("a user").into_inner()
}

async fn give(client: &ControlClient, email: &str) -> Result<v1::User, tonic::Status> {
    let request = v1::UpdateUserRequest {
        user: "carol".to_owned(),
        email: Some(email.to_owned()),
        ..v1::UpdateUserRequest::default()
    };
    Ok(client.identity().update_user(request).await?.into_inner())
}

/// What the user of this client sees of carol.
async fn seen(client: &ControlClient) -> Option<String> {
    let user = "carol".to_owned();
    let user = client
        .identity()
        .get_user(v1::GetUserRequest { user })
        .await;
    user.expect("carol").into_inner().email
}

#[tokio::test]
async fn a_provider_says_it_with_every_word() {
    let control = start().await;
    assert_eq!(
        sign_in(&control, Some(ONE), false).await.email.as_deref(),
        Some(ONE)
    );
    // When it is asked again while somebody is signed in, too; nothing that changed is no event.
    let before = control.events().await.len();
    let same = sign_in(&control, Some(ONE), true).await;
    assert_eq!(control.events().await.len(), before);
    let other = sign_in(&control, Some(OTHER), true).await;
    assert_eq!(other.email.as_deref(), Some(OTHER));
    assert_ne!(same.etag, other.etag);
    assert_eq!(control.events().await.len(), before + 1);
    // Whatever somebody wrote meanwhile.
    give(&control.client, ONE).await.expect("carol");
    assert_eq!(sign_in(&control, None, false).await.email, None);
    for none in [
        "",
        "carol",
        "a@b.c\r\nBcc: d@e.f",
        &"x".repeat(10_000),
        "a\0@b.c",
    ] {
        assert_eq!(
            sign_in(&control, Some(none), false).await.email,
            None,
            "{none:?}"
        );
    }
}

#[tokio::test]
async fn an_administrator_gives_and_takes_it() {
    let control = start().await;
    control.user("carol", v1::Role::Member, &[]).await;
    let given = give(&control.client, ONE).await.expect("carol");
    assert_eq!(given.email.as_deref(), Some(ONE));
    // What names something else leaves it.
    let request = v1::UpdateUserRequest {
        user: "carol".to_owned(),
        role: v1::Role::Auditor.into(),
        ..v1::UpdateUserRequest::default()
    };
    let changed = control.client.identity().update_user(request).await;
    assert_eq!(
        changed.expect("carol").into_inner().email.as_deref(),
        Some(ONE)
    );
    for wrong in ["carol", "a@b.c\r\nBcc: d@e.f", "a@b.c, d@e.f", "a\0@b.c"] {
        let refused = give(&control.client, wrong).await;
        let said = assert_refused(refused, Grpc::InvalidArgument, Code::InvalidArgument);
        assert!(said.contains("email"), "{said}");
    }
    assert_eq!(seen(&control.client).await.as_deref(), Some(ONE));
    assert_eq!(give(&control.client, "").await.expect("carol").email, None);
    assert_eq!(seen(&control.client).await, None);
}

#[tokio::test]
async fn administrators_and_the_user_see_it_and_audit_does_not_have_it() {
    let control = start().await;
    let carol = control.user("carol", v1::Role::Member, &[]).await;
    give(&control.client, ONE).await.expect("carol");
    give(&control.client, OTHER).await.expect("carol");
    let mut users = vec![(carol, true)];
    for (role, sees) in [
        (v1::Role::Administrator, true),
        (v1::Role::Operator, false),
        (v1::Role::Auditor, false),
    ] {
        users.push((control.user(role.as_str_name(), role, &[]).await, sees));
    }
    for (user, sees) in users {
        let client = control.client.on_behalf_of(user.id.parse().expect("an id"));
        let shown = sees.then_some(OTHER);
        assert_eq!(seen(&client).await.as_deref(), shown, "{}", user.name);
        if user.name == "carol" {
            continue;
        }
        let listed = client.identity().list_users(v1::ListUsersRequest {}).await;
        let listed = listed.expect("users").into_inner().users;
        let carol = listed.into_iter().find(|user| user.name == "carol");
        assert_eq!(
            carol.expect("carol").email.as_deref(),
            shown,
            "{}",
            user.name
        );
    }
    // That it is another one is there.
    let events = control.events().await.into_iter();
    let changes: Vec<_> = events
        .filter(|event| event.action == "identity.update_user")
        .map(|event| event.detail)
        .collect();
    assert_eq!(changes.len(), 2, "{changes:#?}");
    assert!(
        changes.iter().all(|detail| !detail.contains("example")),
        "{changes:#?}"
    );
    let marks = changes.iter().map(|detail| {
        let detail: serde_json::Value = serde_json::from_str(detail).expect("JSON");
        detail["after"]["email"]
            .as_str()
            .expect("a mark")
            .to_owned()
    });
    let marks: Vec<_> = marks.collect();
    assert_ne!(marks[0], marks[1]);
}
