//! `ostia plans`.

use super::{FAILED, error};
use crate::harness::ostia::Ostia;
use serde_json::{Value, json};

/// `ostia plans update small <args>`, and the limits that it leaves.
async fn update(ostia: &Ostia, args: &[&str]) -> Value {
    let args = [&["plans", "update", "small"], args].concat();
    let plan = ostia.cli(&args).await.ok().json();
    json!([
        plan["calls_per_minute"],
        plan["burst"],
        plan["max_in_flight"],
        plan["calls_per_day"],
        plan["calls_per_month"]
    ])
}

#[tokio::test]
async fn a_limit_that_is_not_named_stays() {
    let ostia = Ostia::start().await;
    let args = ["plans", "create", "small", "--calls-per-minute", "2"];
    ostia
        .cli(&[&args[..], &["--max-in-flight", "4"]].concat())
        .await
        .ok();
    let limits = update(&ostia, &["--calls-per-month", "3"]).await;
    assert_eq!(limits, json!([2, null, 4, null, 3]));
    let limits = update(&ostia, &["--calls-per-day", "1"]).await;
    assert_eq!(limits, json!([2, null, 4, 1, 3]));
    let limits = update(&ostia, &["--burst", "9", "--without", "calls-per-month"]).await;
    assert_eq!(limits, json!([2, 9, 4, 1, null]));
    let limits = update(&ostia, &["--without", "calls-per-day"]).await;
    assert_eq!(limits, json!([2, 9, 4, null, null]));
    let limits = update(&ostia, &["--without", "calls-per-minute,max-in-flight"]).await;
    assert_eq!(limits, json!([null, null, null, null, null]));

    let args = ["plans", "update", "small", "--burst", "5"];
    let refused = ostia.cli(&args).await;
    let message = error(&refused)["message"].to_string();
    assert_eq!(refused.code, FAILED, "{refused:#?}");
    assert!(message.contains("calls_per_minute"), "{message}");
}

/// As with plans.
#[tokio::test]
async fn a_keys_own_limit_that_is_not_named_stays() {
    let ostia = Ostia::start().await;
    let made = ["keys", "create", "ci", "--policy", "read-only"];
    let made = [&made[..], &["--calls-per-minute", "2"]].concat();
    ostia.cli(&made).await.ok();
    let args = ["keys", "update", "ci", "--calls-per-month", "3"];
    let key = ostia.cli(&args).await.ok().json();
    let limits = &key["restrictions"]["limits"];
    assert_eq!(
        (&limits["calls_per_minute"], &limits["calls_per_month"]),
        (&json!(2), &json!(3))
    );
}
