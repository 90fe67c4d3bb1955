//! Prices, which are read and changed as everything else is.

use super::{Api, changes::with};
use reqwest::Method;
use serde_json::json;

const PRICES: &str = "/api/v1/prices";
const ONE: &str = "/api/v1/prices/demo.*";

#[tokio::test]
async fn a_price_that_was_changed_meanwhile_is_not_changed() {
    let api = Api::start().await;
    let price =
        |micros| json!({"tools": "demo.*", "micros": micros, "currency": "EUR"}).to_string();
    let set = async |tag: &str, micros: u64| {
        with(&api, Method::PUT, PRICES, ("if-match", tag), &price(micros)).await
    };
    // There is none yet.
    set("*", 1).await.refused(412, "precondition-failed");
    api.get(ONE).await.refused(404, "no-such-object");
    let made = json!({"tools": "demo.*", "micros": 2000, "currency": "EUR"});
    let made = api.write(Method::PUT, PRICES, made).await;
    let first = made.header("etag").to_owned();
    let id = made.ok(200)["id"].as_str().expect("an id").to_owned();
    let read = api.get(ONE).await;
    assert_eq!(read.header("etag"), first);
    let by_id = api.get(&format!("{PRICES}/{id}")).await;
    assert_eq!(by_id.header("etag"), first);
    assert_eq!(by_id.ok(200), read.ok(200));

    let changed = set(&first, 3000).await;
    let second = changed.header("etag").to_owned();
    let changed = changed.ok(200);
    assert_eq!(changed["micros"], 3000);
    assert_ne!(second, first);
    // What it costs already is no change.
    assert_eq!(set(&second, 3000).await.ok(200), changed);
    set(&first, 4000).await.refused(412, "precondition-failed");
    let stale = with(&api, Method::DELETE, ONE, ("if-match", &first), "").await;
    stale.refused(412, "precondition-failed");
    assert_eq!(api.get(ONE).await.ok(200)["micros"], 3000);
    with(&api, Method::DELETE, ONE, ("if-match", &second), "")
        .await
        .ok(204);
    api.get(ONE).await.refused(404, "no-such-object");
}
