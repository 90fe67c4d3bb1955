//! Keys that nobody used for long are made inactive, where that is set.

use crate::{
    control::fixture::{Fixture, config, start},
    harness::wait::until,
};
use chrono::TimeDelta;
use ostia_control::{Config, Control, MaxKeyIdle};
use ostia_domain::clock;
use ostia_proto::v1::{self, KeyState};
use std::time::Duration;

const MAX_DAYS: u32 = 30;

/// Another control of the same database, which looks for keys that are idle.
async fn watchful(control: &Fixture) -> Control {
    let config = Config {
        max_key_idle: Some(MaxKeyIdle {
            idle: MAX_DAYS * Duration::from_secs(86_400),
            every: Duration::from_millis(50),
        }),
        ..config(&control.database)
    };
    Control::open(config).await.expect("a control")
}

/// A key of which something was so many days ago.
async fn key(control: &Fixture, name: &str, ago: &[(&str, i64)]) -> v1::Key {
    let key = control.key(name).await.key.expect("a key");
    for (column, days) in ago {
        // Both databases read it: SQLite keeps times as text.
        let at = (clock::now() - TimeDelta::days(*days)).format("%Y-%m-%d %H:%M:%S%.6f+00:00");
        let change = format!(
            "UPDATE api_keys SET {column} = '{at}' WHERE public_id = '{}'",
            key.public_id
        );
        control.sql(&change).await;
    }
    key
}

async fn idle(control: &Fixture, key: &v1::Key) -> v1::Key {
    let made = until(Duration::from_secs(20), "it is inactive", || async {
        let key = control.get_key(&key.id).await.expect("the key");
        match key.state() {
            KeyState::Inactive => Ok(key),
            state => Err(state),
        }
    });
    made.await.0
}

async fn state(control: &Fixture, key: &v1::Key) -> KeyState {
    control.get_key(&key.id).await.expect("the key").state()
}

#[tokio::test]
async fn a_key_that_nobody_used_for_long_is_made_inactive() {
    let control = start().await;
    let never = key(&control, "never", &[("created_at", 40)]).await;
    let long_ago = key(
        &control,
        "long ago",
        &[("created_at", 90), ("last_used_at", 31)],
    )
    .await;
    let new = key(&control, "new", &[("created_at", 29)]).await;
    let lately = key(
        &control,
        "lately",
        &[("created_at", 90), ("last_used_at", 29)],
    )
    .await;
    let back = key(
        &control,
        "back",
        &[("created_at", 90), ("activated_at", 29)],
    )
    .await;
    let ended = key(&control, "ended", &[("created_at", 90), ("expires_at", 1)]).await;
    let gone = key(&control, "gone", &[("created_at", 90)]).await;
    control.revoke(&gone.id).await;
    let ada = v1::UpdateUserRequest {
        user: "ada".to_owned(),
        email: Some("ada@example.org".to_owned()),
        ..v1::UpdateUserRequest::default()
    };
    let ada = control.client.identity().update_user(ada).await;
    ada.expect("an address");
    let watchful = watchful(&control).await;

    let days = |key: &v1::Key| {
        let since = key.idle_since.expect("why").seconds;
        (clock::now().timestamp() - since) / 86_400
    };
    assert_eq!(days(&idle(&control, &never).await), 40);
    assert_eq!(days(&idle(&control, &long_ago).await), 31);
    // Looked at after those, which is another look at all of them.
    let later = key(&control, "later", &[("created_at", 50)]).await;
    idle(&control, &later).await;
    for (key, expected) in [
        (&new, KeyState::Active),
        (&lately, KeyState::Active),
        (&back, KeyState::Active),
        (&ended, KeyState::Expired),
        (&gone, KeyState::Revoked),
    ] {
        assert_eq!(state(&control, key).await, expected, "{}", key.name);
    }

    let events = control.events().await;
    let told: Vec<_> = events
        .iter()
        .filter(|event| event.action == "keys.inactivate")
        .collect();
    assert_eq!(told.len(), 3, "once each: {told:#?}");
    assert!(
        told.iter().all(|event| event.actor == "control"),
        "{told:#?}"
    );
    assert!(
        told.iter().all(|event| event.detail.contains("idle_since")),
        "{told:#?}"
    );
    // Without a mail server nobody was, though there is an address.
    let untold = r#""owner_told":false"#;
    let untold = told.iter().filter(|event| event.detail.contains(untold));
    assert_eq!(untold.count(), told.len(), "{told:#?}");
    let warned = events.iter().any(|event| event.action == "keys.warn_idle");
    assert!(!warned, "{events:#?}");
    watchful.close().await;
}

/// It has as long as it had at first.
#[tokio::test]
async fn a_key_that_is_switched_on_again_is_not_idle() {
    let control = start().await;
    let first = key(&control, "first", &[("created_at", 40)]).await;
    let watchful = watchful(&control).await;
    idle(&control, &first).await;
    let active = control.activate(&first.id).await;
    assert_eq!(
        (active.state(), active.idle_since),
        (KeyState::Active, None)
    );
    let second = key(&control, "second", &[("created_at", 40)]).await;
    idle(&control, &second).await;
    assert_eq!(state(&control, &first).await, KeyState::Active);
    // Somebody who switches it off is no reason that is told.
    let off = control.inactivate(&first.id).await;
    assert_eq!((off.state(), off.idle_since), (KeyState::Inactive, None));
    // Nor does it say why another key is revoked.
    let revoked = control.revoke(&second.id).await;
    assert_eq!(
        (revoked.state(), revoked.idle_since),
        (KeyState::Revoked, None)
    );
    watchful.close().await;
}

#[tokio::test]
async fn edges_refuse_it_like_any_that_is_inactive() {
    let control = start().await;
    let made = control.key("build").await;
    control.authenticate(&made.secret).await.expect("it works");
    control.noted().await;
    let key = made.key.expect("a key");
    let at = (clock::now() - TimeDelta::days(31)).format("%Y-%m-%d %H:%M:%S%.6f+00:00");
    control
        .sql(&format!(
            "UPDATE api_keys SET created_at = '{at}', last_used_at = '{at}'"
        ))
        .await;
    let watchful = watchful(&control).await;
    idle(&control, &key).await;
    assert!(control.authenticate(&made.secret).await.is_err());
    watchful.close().await;
}
