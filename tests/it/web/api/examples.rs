//! The commands of `docs/api.md`, as somebody pastes them.

use super::{Api, keys::key_of_another};
use crate::harness::{
    command::{self, command},
    environment,
};
use serde_json::json;

/// Blocks of a shell that only ask the server.
fn commands(page: &str) -> Vec<&str> {
    let blocks = page.split("```sh\n").skip(1);
    let blocks = blocks.map(|rest| rest.split("```").next().unwrap_or(rest));
    blocks.filter(|block| block.contains("curl ")).collect()
}

#[tokio::test]
async fn every_command_of_the_page_works() {
    let api = Api::start().await;
    let small = json!({"name": "small"});
    api.post("/api/v1/plans", small).await.ok(201);
    let key = json!({"name": "reader", "policies": ["read-only"]});
    let made = key_of_another(&api, key).await;
    let home = tempfile::tempdir().expect("a folder");
    std::fs::write(home.path().join(".curlrc"), "fail-with-body\n").expect("a file");

    let page = std::fs::read_to_string(environment::repository().join("docs/api.md"));
    let page = page.expect("docs/api.md");
    let commands = commands(&page);
    assert!(commands.len() >= 4, "{commands:?}");
    for block in commands {
        let block = block.replace("http://127.0.0.1:8081", &api.ostia.web_url);
        let mut shell = command("bash");
        shell
            .args(["-euc", &block])
            .env("KEY", made["secret"].as_str().expect("a secret"))
            .env("CURL_HOME", home.path());
        command::run(shell).await.ok();
    }
}
