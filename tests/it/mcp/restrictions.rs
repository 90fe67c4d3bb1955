//! What a key is held to besides its policies: where from, when, and less than its owner.

use super::documented::assert_refused;
use crate::harness::{
    control::{self, Control},
    mcp::{Answer, Endpoint, modern},
    ostia::Ostia,
    wait,
};
use chrono::{Datelike as _, Weekday};
use ostia_domain::clock;
use ostia_proto::v1;
use serde_json::json;
use std::time::Duration;

const PROMISE: Duration = Duration::from_secs(2);

async fn key(control: &Control, restrictions: v1::KeyRestrictions) -> v1::CreateKeyResponse {
    let request = v1::CreateKeyRequest {
        policies: vec!["read-only".to_owned()],
        restrictions: Some(restrictions),
        ..control::named("held")
    };
    let made = control::create_key(control, request).await;
    control.settled().await;
    made
}

async fn echo(endpoint: &Endpoint) -> Answer {
    echo_from(endpoint, None).await
}

async fn echo_from(endpoint: &Endpoint, forwarded: Option<&str>) -> Answer {
    let message = json!({"message": "x"});
    let call = modern::call(endpoint, "demo__echo", &message);
    match forwarded {
        Some(address) => call.header("x-forwarded-for", address).send().await,
        None => call.send().await,
    }
}

fn networks(networks: &[&str]) -> v1::KeyRestrictions {
    v1::KeyRestrictions {
        networks: networks.iter().map(ToString::to_string).collect(),
        ..v1::KeyRestrictions::default()
    }
}

#[tokio::test]
async fn a_key_works_from_its_networks_alone() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let made = key(&control, networks(&["10.0.0.0/8", "127.0.0.1"])).await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &made.secret);
    assert_eq!(echo(&endpoint).await.first_text(), "x");
    // Another network, from the next call on.
    let request = v1::UpdateKeyRequest {
        key: made.key.expect("a key").id,
        restrictions: Some(networks(&["10.0.0.0/8"])),
        ..v1::UpdateKeyRequest::default()
    };
    control.keys().update_key(request).await.expect("the key");
    let refused = wait::until(PROMISE, "the change is in force", || async {
        let answer = echo(&endpoint).await;
        if answer.status == 403 {
            Ok(answer)
        } else {
            Err(answer.status)
        }
    });
    let refused = refused.await.0;
    assert_refused(&refused, 403, -31002, "address-forbidden");
    assert!(refused.text().contains("127.0.0.1"), "{refused:?}");
    // Nobody talks their way in.
    let lied = echo_from(&endpoint, Some("10.1.2.3")).await;
    assert_refused(&lied, 403, -31002, "address-forbidden");
}

/// Behind a proxy that the edge was told of, the address is the client's.
#[tokio::test]
async fn a_trusted_proxy_is_believed() {
    let options = Ostia::options().arg("--trusted-proxy").arg("127.0.0.0/8");
    let ostia = options.start().await;
    let control = control::client(&ostia);
    let made = key(&control, networks(&["10.0.0.0/8"])).await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &made.secret);
    let inside = echo_from(&endpoint, Some("192.0.2.1, 10.1.2.3")).await;
    assert_eq!(inside.first_text(), "x");
    let outside = echo_from(&endpoint, Some("10.1.2.3, 192.0.2.1")).await;
    assert_refused(&outside, 403, -31002, "address-forbidden");
    // Audit and the key tell of the client, not of the proxy.
    let used = wait::until(Duration::from_secs(10), "the use is noted", || async {
        let request = v1::GetKeyRequest {
            key: made.key.as_ref().expect("a key").id.clone(),
            owner: None,
        };
        let key = control
            .keys()
            .get_key(request)
            .await
            .expect("it")
            .into_inner();
        if key.last_used_address.is_empty() {
            Err(key)
        } else {
            Ok(key)
        }
    });
    assert_eq!(used.await.0.last_used_address, "10.1.2.3");
}

#[tokio::test]
async fn a_key_works_in_its_hours_alone() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let day = |day: Weekday| day.to_string().to_lowercase();
    // Wide enough that midnight does not fall between the two.
    let today = clock::now().weekday();
    let now = format!("{}-{} 00:00-24:00", day(today.pred()), day(today.succ()));
    let never_now = format!("{} 00:00-24:00", day(today.succ().succ().succ()));
    for (window, works) in [(now, true), (never_now, false)] {
        let made = key(
            &control,
            v1::KeyRestrictions {
                window: Some(window),
                ..v1::KeyRestrictions::default()
            },
        );
        let made = made.await;
        let endpoint = Endpoint::new(&ostia.mcp_url, &made.secret);
        let answer = echo(&endpoint).await;
        if works {
            assert_eq!(answer.first_text(), "x");
        } else {
            assert_refused(&answer, 403, -31002, "hour-forbidden");
        }
        let key = made.key.expect("a key").id;
        control
            .keys()
            .delete_key(v1::DeleteKeyRequest { key })
            .await
            .expect("gone");
    }
}

/// A member makes a key that may do part of what the member may, and never more.
#[tokio::test]
async fn own_rules_are_within_the_owners() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let rules = v1::Rules {
        allow: vec!["demo.echo".to_owned(), "demo.now".to_owned()],
        ..control::everything_of(&["demo"])
    };
    control::policy(&control, "of bob", rules).await;
    let request = v1::CreateUserRequest {
        name: "bob".to_owned(),
        policies: vec!["of bob".to_owned()],
        ..v1::CreateUserRequest::default()
    };
    control.identity().create_user(request).await.expect("bob");
    let request = v1::CreateKeyRequest {
        owner: Some("bob".to_owned()),
        restrictions: Some(v1::KeyRestrictions {
            rules: Some(v1::Rules {
                upstreams: vec!["*".to_owned()],
                allow: vec!["demo.echo".to_owned(), "demo.add".to_owned()],
                ..v1::Rules::default()
            }),
            ..v1::KeyRestrictions::default()
        }),
        ..control::named("held")
    };
    let made = control::create_key(&control, request).await;
    control.settled().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &made.secret);
    let listed = modern::request(&endpoint, 1, "tools/list", &json!({}))
        .send()
        .await;
    let listed = listed.result();
    let names: Vec<_> = listed["tools"].as_array().expect("tools").iter().collect();
    assert_eq!(names.len(), 1, "{listed:#}");
    assert_eq!(names[0]["name"], "demo__echo");
    assert_eq!(echo(&endpoint).await.first_text(), "x");
    for tool in ["demo__now", "demo__add"] {
        let refused = modern::call(&endpoint, tool, &json!({})).send().await;
        assert_refused(&refused, 200, -32602, "tool-unavailable");
    }
}

/// From the command line, and shown as it is.
#[tokio::test]
async fn a_key_is_made_and_changed_on_the_command_line() {
    let ostia = Ostia::start().await;
    let args = [
        "keys",
        "create",
        "narrow",
        "--allow",
        "demo.echo",
        "--calls-per-month",
        "5",
        "--network",
        "127.0.0.0/8",
        "--window",
        "mon-sun 00:00-24:00",
    ];
    let made = ostia.cli(&args).await.ok().json();
    let held = &made["key"]["restrictions"];
    assert_eq!(held["rules"]["allow"], json!(["demo.echo"]));
    assert_eq!(held["limits"], json!({"calls_per_month": 5}));
    assert_eq!(held["networks"], json!(["127.0.0.0/8"]));
    let endpoint = Endpoint::new(&ostia.mcp_url, made["secret"].as_str().expect("a key"));
    assert_eq!(echo(&endpoint).await.first_text(), "x");
    let args = [
        "keys",
        "update",
        "narrow",
        "--name",
        "wide",
        "--without",
        "networks,window",
    ];
    let changed = ostia.cli(&args).await.ok().json();
    assert_eq!(changed["name"], "wide");
    assert_eq!(changed["restrictions"]["networks"], json!(null));
    assert_eq!(
        changed["restrictions"]["limits"],
        json!({"calls_per_month": 5})
    );
}
