//! What runs of upstreams now.

use super::Api;
use crate::harness::wait;
use serde_json::json;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_program_that_cannot_be_started_opens_its_breaker() {
    let api = Api::start().await;
    let command = json!({"name": "broken", "transport": "stdio", "program": "/nowhere/at-all"});
    api.post("/api/v1/upstreams", command).await.ok(201);
    let told = wait::until(SOON, "the breaker is open", || async {
        let pools = api.get("/api/v1/upstreams/broken/pools").await.ok(200);
        let pool = &pools["items"][0];
        if pool["breaker"] == "open" && pool["problem_stage"] == "start" {
            Ok(pool.clone())
        } else {
            Err(pools)
        }
    });
    let pool = told.await.0;
    assert_eq!(pool["workers"], 0, "{pool:#}");
    let all = api.get("/api/v1/pools").await.ok(200)["items"].take();
    let names = all.as_array().expect("a list").iter();
    let names: Vec<_> = names.map(|pool| pool["upstream"].clone()).collect();
    assert_eq!(names, ["broken", "demo"]);
    let found = api.get("/api/v1/upstreams/broken").await.ok(200);
    assert_eq!(found["problem_stage"], "start", "{found:#}");
    assert!(found["problem_since"].is_string(), "{found:#}");
}
