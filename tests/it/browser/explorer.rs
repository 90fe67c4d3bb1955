//! The API, tried from its own page.

use super::chromium::driver;
use crate::harness::{command, ostia::Ostia};

#[tokio::test]
async fn an_operation_is_tried_with_a_key() {
    let ostia = Ostia::start().await;
    let mut walk = driver("explorer.mjs", &ostia);
    walk.env("KEY", &ostia.key);
    let walked = command::run(walk).await.ok();
    assert!(walked.stdout.contains("/v1/me: 200"), "{walked:#?}");
    let log = ostia.log();
    assert!(!log.contains(&ostia.key), "the key is in the log");
}
