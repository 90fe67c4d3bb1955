//! Roles in processes of their own.

use super::{FAILED, folder, ostia_with};
use crate::harness::{
    command::command,
    environment,
    mcp::{Endpoint, modern},
};
use serde_json::{Value, json};
use std::{path::Path, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Child,
    time::timeout,
};

/// Starts `ostia run <args>` and reads the line it prints when it is ready.
async fn start(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> (Child, Value) {
    let mut command = command(environment::OSTIA);
    command
        .args(["run", "--json"])
        .args(args)
        .envs(env.iter().copied())
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    for role in ["control", "mcp", "web", "admin"] {
        command.args([&format!("--{role}-listen"), "127.0.0.1:0"]);
    }
    let mut child = command.spawn().expect("ostia");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let line = timeout(Duration::from_secs(60), lines.next_line()).await;
    let line = line.expect("in time").expect("stdout").expect("a line");
    (child, serde_json::from_str(&line).expect("JSON"))
}

async fn echo(edge: &Value, key: &str) -> String {
    let endpoint = Endpoint::new(edge["mcp_url"].as_str().expect("an address"), key);
    let arguments = json!({ "message": "split" });
    modern::call(&endpoint, "demo__echo", &arguments)
        .send()
        .await
        .first_text()
}

#[tokio::test]
async fn an_edge_beside_control_finds_it_by_the_folder() {
    let folder = folder();
    let (_control, control) = start(folder.path(), &["control", "--demo"], &[]).await;
    assert!(control.get("mcp_url").is_none(), "{control}");
    let (_edge, edge) = start(folder.path(), &["edge"], &[]).await;
    assert!(edge.get("control_url").is_none(), "{edge}");
    assert_eq!(
        echo(&edge, control["key"].as_str().expect("a key")).await,
        "split"
    );
}

#[tokio::test]
async fn an_edge_elsewhere_needs_the_address_and_the_token() {
    let (here, there) = (folder(), folder());
    let (_control, control) = start(here.path(), &["control", "--demo"], &[]).await;
    let url = control["control_url"].as_str().expect("an address");
    let secrets = std::fs::read_to_string(here.path().join("ostia-data/secrets.toml"));
    let secrets: toml::Table = secrets.expect("secrets").parse().expect("TOML");
    let token = secrets["service_token"].as_str().expect("a token");
    let env = [("OSTIA_CONTROL_URL", url), ("OSTIA_SERVICE_TOKEN", token)];

    let (_edge, edge) = start(there.path(), &["edge", "--edge-name", "far"], &env).await;
    assert_eq!(
        echo(&edge, control["key"].as_str().expect("a key")).await,
        "split"
    );
    // What came by variable is not left behind in a file.
    let left = std::fs::read_to_string(there.path().join("ostia-data/secrets.toml"));
    assert!(!left.expect("session keys").contains(token));

    ostia_with(there.path(), &["keys", "list"], &env).await.ok();
    let wrong = [("OSTIA_CONTROL_URL", url), ("OSTIA_SERVICE_TOKEN", "wrong")];
    let refused = ostia_with(there.path(), &["keys", "list"], &wrong).await;
    assert_eq!(refused.code, FAILED, "{refused:#?}");
    assert!(
        refused.stderr.contains("service-unauthenticated"),
        "{refused:#?}"
    );
}
