//! Where a change came from, over REST and out of the dashboard.

use super::{ids, somebody};
use crate::{
    harness::{http, ostia::Ostia},
    web::operators::taken,
};
use serde_json::{Value, json};

const CLIENT: &str = "terraform/1.9";

async fn newest(ostia: &Ostia, action: &str) -> Value {
    let found = ostia.cli(&["audit", "list", "--action", action]).await;
    found.ok().json()[0].clone()
}

#[tokio::test]
async fn a_change_over_rest_names_the_key_and_the_client() {
    let ostia = Ostia::start().await;
    let admin = somebody(&ostia, "grace", "administrator").await;
    let create = ["users", "create", "ci", "--service", "--role", "operator"];
    ostia.cli(&create).await.ok();
    let made = ostia.cli(&["keys", "create", "ci", "--owner", "ci"]).await;
    let made = made.ok().json();
    let (secret, key) = (&made["secret"], &made["key"]["id"]);
    let plan = http::client()
        .post(format!("{}/api/v1/plans", ostia.web_url))
        .bearer_auth(secret.as_str().expect("a secret"))
        .header("user-agent", CLIENT)
        .body(json!({"name": "gold"}).to_string());
    assert_eq!(plan.send().await.expect("an answer").status(), 201);
    let event = newest(&ostia, "plans.create").await;
    assert_eq!(event["actor"], "service:ci");
    assert_eq!(&event["key_id"], key);
    assert_eq!(event["remote_address"], "127.0.0.1");
    assert_eq!(event["client"], CLIENT);
    let list = admin.open("/audit?action=plans.create").await;
    let [id] = ids(&list).try_into().expect("one event");
    let page = admin.open(&format!("/audit/{id}")).await;
    for shown in ["127.0.0.1", CLIENT, key.as_str().expect("an id")] {
        page.shows(shown);
    }
}

#[tokio::test]
async fn a_change_in_the_dashboard_names_the_address_and_the_browser() {
    let ostia = Ostia::start().await;
    let admin = somebody(&ostia, "grace", "administrator").await;
    let signed_in = newest(&ostia, "identity.redeem_login_link").await;
    assert_eq!(signed_in["remote_address"], "127.0.0.1");
    taken(&admin.submit("/plans/new", &[("name", "gold")]).await);
    let event = newest(&ostia, "plans.create").await;
    assert_eq!(event["actor"], "user:grace");
    assert_eq!(event["remote_address"], "127.0.0.1");
    assert_eq!(event["key_id"], Value::Null);
}
