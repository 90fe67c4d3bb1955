//! What a new user sees, and what a second start does not do again.

use super::{folder, texts};
use crate::harness::{
    command::{self, command},
    environment,
    mcp::{Endpoint, modern},
    ostia::Ostia,
};
use serde_json::json;
use std::{os::unix::fs::PermissionsExt as _, path::Path, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, BufReader},
    process::Child,
    time::timeout,
};

const ANY_PORTS: [&str; 8] = [
    "--control-listen",
    "127.0.0.1:0",
    "--mcp-listen",
    "127.0.0.1:0",
    "--web-listen",
    "127.0.0.1:0",
    "--admin-listen",
    "127.0.0.1:0",
];

/// Starts it as a person does and gives what it prints up to its last line.
async fn banner(folder: &Path) -> (Child, String) {
    let mut command = command(environment::OSTIA);
    command
        .args(["run", "--demo"])
        .args(ANY_PORTS)
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().expect("ostia");
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut text = String::new();
    let read = async {
        while !text.contains("Ctrl-C stops it.") {
            let mut bytes = [0; 1024];
            let length = stdout.read(&mut bytes).await.expect("stdout");
            assert_ne!(length, 0, "it ended after: {text}");
            text.push_str(std::str::from_utf8(&bytes[..length]).expect("UTF-8"));
        }
    };
    timeout(Duration::from_secs(60), read)
        .await
        .expect("a banner");
    (child, text)
}

/// The indented block after a title.
fn snippet<'a>(banner: &'a str, title: &str) -> &'a str {
    let (_, after) = banner
        .split_once(title)
        .unwrap_or_else(|| panic!("no {title:?} in {banner}"));
    let after = after.trim_start_matches('\n');
    after.split_once("\n\n").map_or(after, |(block, _)| block)
}

#[tokio::test]
async fn the_printed_curl_command_works_when_pasted() {
    let folder = folder();
    let (_child, banner) = banner(folder.path()).await;
    let mut shell = command("sh");
    shell.arg("-c").arg(snippet(&banner, "with curl:\n"));
    let answer = command::run(shell).await.ok().json();
    assert_eq!(answer["result"]["content"][0]["text"], "hello");
}

#[tokio::test]
async fn the_printed_client_files_are_json() {
    let folder = folder();
    let (_child, banner) = banner(folder.path()).await;
    for title in [".cursor/mcp.json:\n", ".vscode/mcp.json:\n"] {
        let file: serde_json::Value =
            serde_json::from_str(snippet(&banner, title)).expect("a JSON file");
        assert!(file.to_string().contains("Bearer ost_live_"), "{file}");
    }
    assert!(
        snippet(&banner, "Claude Code:\n")
            .trim()
            .starts_with("claude mcp add")
    );
}

#[tokio::test]
async fn a_second_start_finds_everything_and_shows_no_secret() {
    let mut ostia = Ostia::start().await;
    assert!(ostia.first_start);
    assert!(ostia.login_link.is_some());
    assert!(!ostia.key.is_empty());
    let before = everything(&ostia).await;

    ostia.restart().await;
    assert!(!ostia.first_start);
    assert_eq!(ostia.login_link, None);
    assert_eq!(everything(&ostia).await, before);
    // The key of the first start still works.
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let answer = modern::call(&endpoint, "demo__echo", &json!({ "message": "again" }));
    assert_eq!(answer.send().await.first_text(), "again");
}

async fn everything(ostia: &Ostia) -> Vec<String> {
    let mut found = Vec::new();
    for noun in ["users", "keys", "upstreams", "policies"] {
        let list = ostia.cli(&[noun, "list"]).await.ok().json();
        found.extend(texts(&list, "id").iter().map(|id| format!("{noun} {id}")));
    }
    assert_eq!(found.len(), 4, "one of each: {found:?}");
    found
}

#[tokio::test]
async fn a_revoked_demo_key_is_not_made_again() {
    let mut ostia = Ostia::start().await;
    ostia.cli(&["keys", "revoke", "demo", "--yes"]).await.ok();
    ostia.restart().await;
    let keys = ostia.cli(&["keys", "list"]).await.ok().json();
    assert_eq!(texts(&keys, "state"), ["revoked"]);
}

#[tokio::test]
async fn without_the_demo_there_is_an_administrator_and_nothing_else() {
    let ostia = Ostia::options().without_demo().start().await;
    let users = ostia.cli(&["users", "list"]).await.ok().json();
    assert_eq!(texts(&users, "name"), ["admin"]);
    assert_eq!(texts(&users, "role"), ["administrator"]);
    for noun in ["keys", "upstreams", "policies"] {
        assert_eq!(
            ostia.cli(&[noun, "list"]).await.ok().json(),
            json!([]),
            "{noun}"
        );
    }
    assert!(ostia.key.is_empty());
}

#[tokio::test]
async fn everything_in_the_data_folder_is_for_this_user_alone() {
    let ostia = Ostia::options().sqlite().start().await;
    let mode = |path: &Path| path.metadata().expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode(&ostia.data_dir()), 0o700);
    for entry in std::fs::read_dir(ostia.data_dir()).expect("the data folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }
}

#[tokio::test]
async fn no_secret_is_logged() {
    let ostia = Ostia::options().arg("--log").arg("trace").start().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let call = modern::call(&endpoint, "demo__now", &json!({}));
    call.send().await;
    let secrets = std::fs::read_to_string(ostia.data_dir().join("secrets.toml")).expect("secrets");
    let link = ostia.login_link.clone().unwrap_or_default();
    let login_token = link.rsplit('/').next().unwrap_or_default();
    let mut canaries: Vec<&str> = secrets.split('"').skip(1).step_by(2).collect();
    assert_eq!(canaries.len(), 4);
    canaries.extend([ostia.key.as_str(), login_token]);
    let log = ostia.log();
    for canary in canaries {
        assert!(!log.contains(canary), "a secret is in the log");
    }
}

#[tokio::test]
async fn lost_secrets_are_not_replaced_by_new_ones() {
    let mut ostia = Ostia::options().sqlite().start().await;
    ostia.stop().await;
    let (secrets, away) = (
        ostia.data_dir().join("secrets.toml"),
        ostia.data_dir().join("away"),
    );
    std::fs::rename(&secrets, &away).expect("a rename");
    let args = [&["run", "--data-dir", "."], &ANY_PORTS[..]].concat();
    let refused = super::ostia(&ostia.data_dir(), &args).await;
    assert_eq!(refused.code, super::USAGE, "{refused:#?}");
    assert!(
        refused.stderr.contains("restore secrets.toml"),
        "{refused:#?}"
    );
    assert!(!secrets.exists());

    std::fs::rename(&away, &secrets).expect("a rename");
    ostia.start_again().await;
}
