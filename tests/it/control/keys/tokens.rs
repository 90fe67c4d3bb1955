//! Access tokens: as long as they say.

use crate::control::fixture::{Fixture, new_key, start};
use ostia_domain::clock;
use ostia_proto::v1;

/// In seconds from now, as whoever exchanged it is told, and as edges are.
async fn lifetimes(control: &Fixture, token: v1::ExchangeKeyResponse) -> (i64, i64) {
    let now = clock::now().timestamp();
    let principal = control.authenticate(&token.access_token).await;
    let principal = principal.expect("a token that works");
    let told = token.expires_at.expect("an end").seconds - now;
    (told, principal.expires_at.expect("an end").seconds - now)
}

async fn exchange(control: &Fixture, secret: &str) -> v1::ExchangeKeyResponse {
    let key = secret.to_owned();
    let request = v1::ExchangeKeyRequest { key };
    let answer = control.client.keys().exchange_key(request).await;
    answer.expect("a token").into_inner()
}

#[tokio::test]
async fn a_token_ends_with_what_ends_first() {
    let control = start().await;
    let request = v1::CreateKeyRequest {
        expires_in_seconds: Some(600),
        ..new_key("short")
    };
    let short = control.create_key(request).await.expect("a key");
    let id = short.key.expect("a key").id;
    let made = exchange(&control, &short.secret).await;
    let (told, holds) = lifetimes(&control, made).await;
    assert_eq!(told, holds);
    assert!((540..=600).contains(&told), "the end of the key: {told}");

    control.rotate(&id, 300).await;
    let made = exchange(&control, &short.secret).await;
    let (told, holds) = lifetimes(&control, made).await;
    assert_eq!(told, holds);
    assert!((240..=300).contains(&told), "the end of the secret: {told}");

    let request = v1::IssueAccessTokenRequest { key: id };
    let issued = control.client.keys().issue_access_token(request).await;
    let (told, holds) = lifetimes(&control, issued.expect("a token").into_inner()).await;
    assert_eq!(told, holds);
    assert!((540..=600).contains(&told), "the end of the key: {told}");

    let long = control.key("long").await;
    let made = exchange(&control, &long.secret).await;
    let (told, holds) = lifetimes(&control, made).await;
    assert_eq!(told, holds);
    assert!((840..=900).contains(&told), "15 minutes: {told}");
}
