//! Everybody's keys.

use super::{operators::refused, visitor::Visitor};
use crate::harness::{ostia::Ostia, wait::until};
use std::time::Duration;

async fn create(ostia: &Ostia, args: &[&str]) -> String {
    let create = [&["keys", "create"][..], args].concat();
    let made = ostia.cli(&create).await.ok().json();
    made["key"]["id"].as_str().expect("an id").to_owned()
}

async fn operator(ostia: &Ostia) -> Visitor {
    let create = ["users", "create", "olga", "--role", "operator"];
    ostia.cli(&create).await.ok();
    Visitor::signed_in(ostia, "olga").await
}

#[tokio::test]
async fn keys_worth_a_look_are_found_whoever_has_them() {
    let ostia = Ostia::start().await;
    let olga = operator(&ostia).await;
    create(
        &ostia,
        &["endless", "--policy", "read-only", "--never-expires"],
    )
    .await;
    create(
        &ostia,
        &["<script>alert(1)</script>", "--policy", "read-only"],
    )
    .await;
    let all = olga.open("/all-keys").await.body;
    assert!(
        all.contains("endless") && all.contains("&lt;script&gt;alert(1)"),
        "{all}"
    );
    assert!(!all.contains("<script>alert"), "{all}");
    let endless = olga.open("/all-keys?concern=endless").await.body;
    assert!(endless.contains(">endless<"), "{endless}");
    assert!(!endless.contains("&lt;script&gt;alert(1)"), "{endless}");
    let nobody = olga.open("/all-keys?owner=olga").await.body;
    assert!(nobody.contains("No such keys here"), "{nobody}");
    let mistyped = olga.open("/all-keys?owner=nobody").await;
    refused(&mistyped, "owner", "there is no such user");
}

#[tokio::test]
async fn several_are_revoked_at_once_and_only_when_that_is_meant() {
    let ostia = Ostia::start().await;
    let olga = operator(&ostia).await;
    let mut keys = Vec::new();
    for name in ["one", "two", "three"] {
        keys.push(create(&ostia, &[name, "--policy", "read-only"]).await);
    }
    let state = async |key: &str| {
        let shown = ostia.cli(&["keys", "show", key]).await.ok().json();
        shown["state"].as_str().expect("a state").to_owned()
    };
    let chosen = [("key", keys[0].as_str()), ("key", keys[1].as_str())];
    let ask = olga.submit("/all-keys/revoke", &chosen).await;
    assert_eq!(ask.status, 200, "{}", ask.body);
    assert!(ask.body.contains("Revoke 2 keys"), "{}", ask.body);
    let wrong = [&chosen[..], &[("confirm", "yes")]].concat();
    let refused = olga.submit("/all-keys/revoke", &wrong).await;
    assert_eq!(refused.status, 422);
    assert_eq!(state(&keys[0]).await, "active");

    let confirmed = [&chosen[..], &[("confirm", "revoke")]].concat();
    let told = olga.submit("/all-keys/revoke", &confirmed).await;
    assert!(told.body.contains("2 keys revoked"), "{}", told.body);
    assert_eq!(state(&keys[0]).await, "revoked");
    assert_eq!(state(&keys[1]).await, "revoked");
    assert_eq!(state(&keys[2]).await, "active");

    let auditor = ["users", "create", "ann", "--role", "auditor"];
    ostia.cli(&auditor).await.ok();
    let ann = Visitor::signed_in(&ostia, "ann").await;
    let fields = [("key", keys[2].as_str()), ("confirm", "revoke")];
    assert_eq!(ann.submit("/all-keys/revoke", &fields).await.status, 404);
    assert_eq!(state(&keys[2]).await, "active");
}

#[tokio::test]
async fn several_are_given_an_end_and_none_a_later_one() {
    let ostia = Ostia::start().await;
    let olga = operator(&ostia).await;
    let endless = create(
        &ostia,
        &["endless", "--policy", "read-only", "--never-expires"],
    )
    .await;
    let short = create(
        &ostia,
        &["short", "--policy", "read-only", "--expires-in", "1d"],
    )
    .await;
    let end = async |key: &str| {
        let shown = ostia.cli(&["keys", "show", key]).await.ok().json();
        shown["expires_at"].as_str().map(str::to_owned)
    };
    let before = end(&short).await.expect("an end");
    let chosen = [("key", endless.as_str()), ("key", short.as_str())];
    let ask = olga.submit("/all-keys/end", &chosen).await;
    ask.shows("Have 2 keys end");
    ask.shows("value=\"7\" selected");
    let odd = [&chosen[..], &[("days", "400")]].concat();
    refused(
        &olga.submit("/all-keys/end", &odd).await,
        "days",
        "is none of these",
    );
    assert_eq!(end(&endless).await, None);

    let in_a_week = [&chosen[..], &[("days", "7")]].concat();
    let told = olga.submit("/all-keys/end", &in_a_week).await;
    told.shows("2 keys given an end");
    assert!(end(&endless).await.expect("an end") > before);
    assert_eq!(end(&short).await, Some(before));

    let at_once = [&chosen[..1], &[("days", "0")]].concat();
    olga.submit("/all-keys/end", &at_once)
        .await
        .shows("1 key given an end");
    let ended = until(Duration::from_secs(20), "it has ended", || async {
        let shown = ostia.cli(&["keys", "show", &endless]).await.ok().json();
        if shown["state"] == "expired" {
            Ok(())
        } else {
            Err(shown)
        }
    });
    ended.await;
}
