//! Owners are told by mail of keys that will be made inactive, through a mail server that others wrote.

mod over_tls;
mod server;

use self::server::{PASSWORD, Server, USER};
use crate::{
    control::fixture::{Fixture, config, new_key, start},
    harness::wait::until,
};
use chrono::TimeDelta;
use ostia_control::{Config, Control, Mail, Mailer, MaxKeyIdle};
use ostia_domain::{
    clock,
    key::{Mode, PublicId, Secret, display},
};
use ostia_proto::v1::{self, KeyState};
use serde_json::{Value, json};
use std::time::Duration;

const MAX_DAYS: u32 = 30;
const PATIENCE: Duration = Duration::from_secs(60);
const FROM: &str = "Ostia <ostia@example.com>";

/// Another control of the same database, which tells and makes inactive.
async fn watchful(control: &Fixture, server: &Server) -> Control {
    let url = format!("smtp://{USER}:{}@127.0.0.1:{}", PASSWORD.0, server.port);
    let config = Config {
        max_key_idle: Some(MaxKeyIdle {
            idle: MAX_DAYS * Duration::from_secs(86_400),
            every: Duration::from_millis(50),
        }),
        mail: Some(Mail {
            server: Mailer::new(&Secret::new(url), FROM).expect("a server"),
            keys_page: Some("https://ostia.example/keys".to_owned()),
        }),
        ..config(&control.database)
    };
    Control::open(config).await.expect("a control")
}

async fn user(control: &Fixture, name: &str, email: &str) {
    let request = v1::CreateUserRequest {
        name: name.to_owned(),
        policies: vec!["all".to_owned()],
        email: Some(email.to_owned()),
        ..v1::CreateUserRequest::default()
    };
    let made = control.client.identity().create_user(request).await;
    made.expect("a user");
}

/// Both databases read it: SQLite keeps times as text.
fn ago(column: &str, days: i64) -> String {
    let at = clock::now() - TimeDelta::days(days);
    format!("{column} = '{}'", at.format("%Y-%m-%d %H:%M:%S%.6f+00:00"))
}

/// A key of which something was so many days ago.
async fn key(control: &Fixture, owner: &str, name: &str, past: &[(&str, i64)]) -> v1::Key {
    let request = v1::CreateKeyRequest {
        owner: Some(owner.to_owned()),
        ..new_key(name)
    };
    let key = control.create_key(request).await.expect("a key");
    let key = key.key.expect("a key");
    let past: Vec<_> = past
        .iter()
        .map(|(column, days)| ago(column, *days))
        .collect();
    let past = past.join(", ");
    let id = &key.public_id;
    let change = format!("UPDATE api_keys SET {past} WHERE public_id = '{id}'");
    control.sql(&change).await;
    key
}

/// Which day it was.
fn days_ago(days: i64) -> String {
    let day = clock::now() - TimeDelta::days(days);
    day.format("%Y-%m-%d").to_string()
}

fn shown(key: &v1::Key) -> String {
    let id = PublicId::parse(&key.public_id).expect("an id");
    display(Mode::Live, &id, &key.secrets[0].last_four)
}

/// What audit has of what control did by itself, once it is there so often: keys and details.
async fn told(control: &Fixture, action: &str, times: usize) -> Vec<(String, Value)> {
    let found = until(PATIENCE, action, || async {
        let events = control.events().await.into_iter();
        let events = events.filter(|event| event.action == action && event.actor == "control");
        let found: Vec<_> = events
            .map(|event| {
                let detail = serde_json::from_str(&event.detail).expect("JSON");
                (event.target, detail)
            })
            .collect();
        if found.len() < times {
            Err(found)
        } else {
            Ok(found)
        }
    });
    found.await.0
}

fn label(key: &v1::Key) -> String {
    format!("ost_live_{}", key.public_id)
}

/// By two controls, and by a server that does not take it at first.
#[tokio::test]
async fn an_owner_is_told_once_of_all_their_keys() {
    let control = start().await;
    user(&control, "Zoë", "zoe@example.org").await;
    let idle = [("created_at", 25)];
    let reports = key(&control, "Zoë", "reports", &idle).await;
    let used = [("created_at", 90), ("last_used_at", 24)];
    let weekly = key(&control, "Zoë", "weekly", &used).await;
    key(&control, "Zoë", "not for long", &[("created_at", 22)]).await;
    key(
        &control,
        "Zoë",
        "used",
        &[("created_at", 90), ("last_used_at", 1)],
    )
    .await;
    let off = key(&control, "Zoë", "off", &idle).await;
    control.inactivate(&off.id).await;
    // Nobody knows where to tell ada.
    key(&control, "ada", "of ada", &idle).await;
    user(&control, "dan", "dan@example.org").await;
    key(&control, "dan", "of dan", &idle).await;
    let disabled = v1::UpdateUserRequest {
        user: "dan".to_owned(),
        enabled: Some(false),
        ..v1::UpdateUserRequest::default()
    };
    let disabled = control.client.identity().update_user(disabled).await;
    disabled.expect("dan");

    let mut server = Server::start(json!({ "refuses": true })).await;
    let both = [
        watchful(&control, &server).await,
        watchful(&control, &server).await,
    ];
    // It is tried again.
    for _ in 0..2 {
        assert_eq!(server.refused().await, "zoe@example.org");
    }
    assert_eq!(told(&control, "keys.warn_idle", 0).await, []);
    server.takes_all().await;
    let mail = server.mail().await;
    mail.assert_is_to("zoe@example.org");
    assert_eq!(mail.header("from"), FROM);
    assert_eq!(mail.header("to"), "Zoë <zoe@example.org>");
    assert_eq!(mail.header("auto-submitted"), "auto-generated");
    assert!(mail.header("subject").contains("API keys"), "{mail:?}");
    let text = mail.text();
    for line in [
        "Hello Zoë,\n".to_owned(),
        format!("  reports\n    key:           {}\n", shown(&reports)),
        "    last used:     never\n".to_owned(),
        format!("    switched off:  {} ", days_ago(25 - i64::from(MAX_DAYS))),
        format!("  weekly\n    key:           {}\n", shown(&weekly)),
        format!("    last used:     {} ", days_ago(24)),
        format!("    switched off:  {} ", days_ago(24 - i64::from(MAX_DAYS))),
        "\n  https://ostia.example/keys\n".to_owned(),
    ] {
        assert!(text.contains(&line), "{line:?} is not in {text}");
    }
    assert_eq!(text.matches("ost_live_").count(), 2, "{text}");
    let mut expected = [label(&reports), label(&weekly)];
    expected.sort();
    let mut events = told(&control, "keys.warn_idle", 2).await;
    events.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!([&events[0].0, &events[1].0], [&expected[0], &expected[1]]);
    assert!(events[0].1["inactive_at"].is_string(), "{events:?}");

    // What was told before it was used is another time. Owners are told in the order in which they were made, so
    // Zoë would have been told again before this.
    user(&control, "carol", "carol@example.org").await;
    let past = [("created_at", 90), ("last_used_at", 25)];
    let again = [&past[..], &[("idle_told_at", 60)]].concat();
    let told_already = [&past[..], &[("idle_told_at", 24)]].concat();
    let told_already = key(&control, "carol", "told already", &told_already).await;
    let again = key(&control, "carol", "again", &again).await;
    let mail = server.mail().await;
    mail.assert_is_to("carol@example.org");
    assert!(mail.header("subject").starts_with("An API key"), "{mail:?}");
    let text = mail.text();
    assert!(text.contains(&shown(&again)), "{text}");
    assert!(!text.contains(&shown(&told_already)), "{text}");
    let events = told(&control, "keys.warn_idle", 3).await;
    assert_eq!(events.len(), 3, "{events:#?}");
    assert_eq!(events[2].0, label(&again));
    // It is too early for that.
    assert_eq!(told(&control, "keys.inactivate", 0).await, []);
    for control in both {
        control.close().await;
    }
}

async fn inactive(control: &Fixture, key: &v1::Key) {
    let inactive = until(PATIENCE, "it is inactive", || async {
        match control.get_key(&key.id).await.expect("the key").state() {
            KeyState::Inactive => Ok(()),
            state => Err(state),
        }
    });
    inactive.await;
}

#[tokio::test]
async fn a_mail_server_that_takes_nothing_keeps_no_key_alive() {
    let control = start().await;
    user(&control, "bob", "bob@example.org").await;
    let untold = key(&control, "bob", "untold", &[("created_at", 40)]).await;
    let mut server = Server::start(json!({ "refuses": true })).await;
    let watchful = watchful(&control, &server).await;
    assert_eq!(server.refused().await, "bob@example.org");
    inactive(&control, &untold).await;
    watchful.close().await;
    server.takes_all().await;
    let late = key(&control, "bob", "late", &[("created_at", 41)]).await;
    let watchful = self::watchful(&control, &server).await;
    let mail = server.mail().await;
    let text = mail.text();
    assert!(
        text.contains("  late\n") && !text.contains("untold"),
        "{text}"
    );
    assert!(text.contains("    switched off:  now\n"), "{text}");
    inactive(&control, &late).await;
    let events = told(&control, "keys.inactivate", 2).await;
    let events: Vec<_> = events
        .iter()
        .map(|(key, detail)| (key.clone(), detail["owner_told"].clone()))
        .collect();
    let expected = [(label(&untold), json!(false)), (label(&late), json!(true))];
    assert_eq!(events, expected);
    watchful.close().await;
}
