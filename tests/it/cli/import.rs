//! `ostia upstreams import`: files as other programs write them.

use super::{FAILED, USAGE, texts};
use crate::harness::{command::Finished, ostia::Ostia};
use serde_json::json;
use std::fs;

async fn import(ostia: &Ostia, text: &str, env: &[(&str, &str)]) -> Finished {
    let file = ostia.data_dir().join("import.json");
    fs::write(&file, text).expect("a file");
    let args = ["upstreams", "import", file.to_str().expect("UTF-8")];
    ostia.cli_with(&args, env).await
}

/// As Claude Desktop and Cursor write it.
const MCP_SERVERS: &str = r#"{
  "mcpServers": {
    "My Files": { "command": "npx", "args": ["-y", "server-filesystem", "/tmp"], "env": { "A": "1" } },
    "hosted": { "url": "https://mcp.example.com/mcp", "headers": { "Authorization": "Bearer x" } },
    "old": { "command": "true", "disabled": true },
    "of its own": { "type": "ws", "url": "wss://mcp.example.com/" }
  }
}"#;

/// As VS Code writes it.
const SERVERS: &str = r#"{
  // shared with the team
  "inputs": [{ "type": "promptString", "id": "token", "password": true }],
  "servers": {
    "local": { "type": "stdio", "command": "run-server", "env": { "T": "${env:TOKEN}" } },
    "asks": { "type": "stdio", "command": "run-server", "env": { "T": "${input:token}" } },
    "remote": { "type": "sse", "url": "https://mcp.example.com/sse", "headers": { "X-Key": "${env:TOKEN}" } },
    "remote asks": { "type": "http", "url": "https://mcp.example.com/mcp", "headers": { "X-Key": "${input:token}" } },
  },
}"#;

#[tokio::test]
async fn what_can_be_an_upstream_is_imported_and_the_rest_is_explained() {
    let ostia = Ostia::start().await;
    let report = import(&ostia, MCP_SERVERS, &[]).await.ok().json();
    assert_eq!(texts(&report["imported"], "name"), ["my-files", "hosted"]);
    assert_eq!(
        texts(&report["imported"], "source_name"),
        ["My Files", "hosted"]
    );
    assert_eq!(
        texts(&report["skipped"], "source_name"),
        ["of its own", "old"]
    );
    let reasons = texts(&report["skipped"], "reason");
    assert!(
        reasons[0].contains("\"ws\"") && reasons[1].contains("disabled"),
        "{reasons:?}"
    );

    let shown = ostia
        .cli(&["upstreams", "show", "my-files"])
        .await
        .ok()
        .json();
    assert_eq!(shown["program"], "npx");
    assert_eq!(shown["env"], json!(["A"]));
    let shown = ostia.cli(&["upstreams", "show", "hosted"]).await;
    let shown = shown.ok().json();
    assert_eq!(shown["url"], "https://mcp.example.com/mcp");
    assert_eq!(shown["headers"], json!(["authorization"]));
}

#[tokio::test]
async fn comments_and_placeholders_are_understood() {
    let ostia = Ostia::start().await;
    let report = import(&ostia, SERVERS, &[("TOKEN", "t")]).await.ok().json();
    assert_eq!(texts(&report["imported"], "name"), ["local", "remote"]);
    let reasons = texts(&report["skipped"], "reason");
    assert_eq!(reasons.len(), 2);
    for reason in reasons {
        assert!(reason.contains("\"token\""), "{reason}");
    }
    let remote = ostia.cli(&["upstreams", "show", "remote"]).await;
    assert_eq!(remote.ok().json()["transport"], "sse");
}

#[tokio::test]
async fn a_second_import_changes_nothing() {
    let ostia = Ostia::start().await;
    import(&ostia, MCP_SERVERS, &[]).await.ok();
    let again = import(&ostia, MCP_SERVERS, &[]).await;
    assert_eq!(again.code, FAILED);
    let report = again.json();
    assert!(
        texts(&report["skipped"], "reason")[0].contains("already"),
        "{report}"
    );
}

#[tokio::test]
async fn another_kind_of_file_is_refused() {
    let ostia = Ostia::start().await;
    for text in ["{}", "servers:\n  a: b\n", "[]"] {
        assert_eq!(import(&ostia, text, &[]).await.code, USAGE, "{text}");
    }
}
