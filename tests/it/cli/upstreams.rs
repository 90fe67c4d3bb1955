//! `ostia upstreams`.

use super::{FAILED, NOT_FOUND, USAGE, error, texts};
use crate::harness::{ostia::Ostia, wait};
use serde_json::{Value, json};
use std::{fs, time::Duration};

const CANARY: &str = "canary-7f3a";

#[tokio::test]
async fn tools_are_listed_as_the_upstream_sent_them() {
    let ostia = Ostia::start().await;
    let tools = ostia.cli(&["upstreams", "tools", "demo"]).await.ok().json();
    assert_eq!(texts(&tools, "name"), ["echo", "add", "now", "slow"]);
    assert_eq!(tools[0]["canonical_name"], "demo.echo");
    assert_eq!(tools[0]["tier"], "read");
    assert_eq!(tools[0]["definition"]["inputSchema"]["type"], "object");
}

#[tokio::test]
async fn a_worker_gets_its_variables_and_nobody_else_does() {
    let ostia = Ostia::start().await;
    let file = ostia.data_dir().join("worker.env");
    fs::write(&file, format!("# for the worker\nFROM_FILE='{CANARY}-1'\n")).expect("a file");
    // A server that shows its environment as its name.
    let program = r#"read line; printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"%s"}}\n' 1 "$FROM_FILE $FROM_HERE""#;
    let args = [
        "upstreams",
        "add",
        "env",
        "--env-file",
        file.to_str().expect("UTF-8"),
        "--env",
        "FROM_HERE",
        "--",
        "sh",
        "-c",
        program,
    ];
    let made = ostia
        .cli_with(&args, &[("FROM_HERE", &format!("{CANARY}-2"))])
        .await
        .ok();
    assert_eq!(made.json()["env"], json!(["FROM_FILE", "FROM_HERE"]));
    for args in [
        &["upstreams", "list"][..],
        &["upstreams", "show", "env"],
        &["audit", "tail"],
    ] {
        let said = ostia.cli(args).await.ok().stdout;
        assert!(!said.contains(CANARY), "{said}");
    }
    assert!(!ostia.log().contains(CANARY));
}

#[tokio::test]
async fn headers_come_from_here_or_a_file_and_are_never_shown() {
    let ostia = Ostia::start().await;
    let file = ostia.data_dir().join("headers");
    let text = format!("# for the server\nAuthorization: Bearer {CANARY}-1\nX-Twice={CANARY}-2\n");
    fs::write(&file, text).expect("a file");
    let url = "http://127.0.0.1:9/mcp?a=b";
    let args = [
        "upstreams",
        "add",
        "far",
        "--url",
        url,
        "--allow-private-network",
        "--isolation",
        "session",
        "--keep-arguments",
        "--header-file",
        file.to_str().expect("UTF-8"),
        "--header",
        "x-twice",
        "--header",
        "X-Api-Key",
    ];
    let env = [("X_TWICE", "once"), ("X_API_KEY", &format!("{CANARY}-3"))];
    let made = ostia.cli_with(&args, &env).await.ok().json();
    assert_eq!(made["transport"], "http");
    assert_eq!(made["url"], url);
    assert_eq!(
        made["headers"],
        json!(["authorization", "x-api-key", "x-twice"])
    );
    assert_eq!(made["isolation"], "session");
    assert_eq!(made["keep_arguments"], true);
    assert_eq!(made["allow_private_network"], true);
    for args in [
        &["upstreams", "list"][..],
        &["upstreams", "show", "far"],
        &["audit", "tail"],
    ] {
        let said = ostia.cli(args).await.ok().stdout;
        assert!(said.contains("far") && !said.contains(CANARY), "{said}");
    }
    assert!(!ostia.log().contains(CANARY));
}

#[tokio::test]
async fn a_command_and_a_url_are_two_ways_and_not_one() {
    let ostia = Ostia::start().await;
    let url = ["upstreams", "add", "x", "--url", "https://example.com/mcp"];
    for more in [
        &["--env", "HOME"][..],
        &["--cwd", "/"],
        &["--header", "NOT_SET_HERE"],
        &["--isolation", "nobody"],
        &["--", "true"],
    ] {
        let args = [&url[..], more].concat();
        assert_eq!(ostia.cli(&args).await.code, USAGE, "{more:?}");
    }
    let bare = ["upstreams", "add", "x"];
    assert_eq!(ostia.cli(&bare).await.code, USAGE);
    for more in [
        &["--sse"][..],
        &["--header", "PATH"],
        &["--allow-private-network"],
    ] {
        let args = [&bare[..], more, &["--", "true"]].concat();
        assert_eq!(ostia.cli(&args).await.code, USAGE, "{more:?}");
    }
    let sse = [&url[..], &["--sse"]].concat();
    assert_eq!(ostia.cli(&sse).await.ok().json()["transport"], "sse");
}

#[tokio::test]
async fn a_variable_that_is_not_set_is_said() {
    let ostia = Ostia::start().await;
    let args = [
        "upstreams",
        "add",
        "x",
        "--env",
        "NOT_SET_HERE",
        "--",
        "true",
    ];
    let refused = ostia.cli(&args).await;
    assert_eq!(refused.code, USAGE);
    assert!(
        error(&refused)["message"]
            .to_string()
            .contains("NOT_SET_HERE")
    );
}

#[tokio::test]
async fn a_program_that_is_no_server_is_reported() {
    let ostia = Ostia::start().await;
    ostia
        .cli(&["upstreams", "add", "broken", "--", "false"])
        .await
        .ok();
    let told = wait::until(Duration::from_secs(20), "the problem is known", || async {
        let shown = ostia
            .cli(&["upstreams", "show", "broken"])
            .await
            .ok()
            .json();
        match &shown["problem"] {
            Value::String(problem) => Ok(problem.clone()),
            _ => Err(shown),
        }
    });
    told.await;
    let found = ostia.cli(&["upstreams", "discover", "broken"]).await;
    assert_eq!(found.code, FAILED, "{found:#?}");
    assert_eq!(found.json()["problem"], error(&found)["message"]);
    let doctor = ostia.cli(&["doctor"]).await;
    assert_eq!(doctor.code, FAILED);

    ostia
        .cli(&["upstreams", "remove", "broken", "--yes"])
        .await
        .ok();
    assert_eq!(
        ostia.cli(&["upstreams", "show", "broken"]).await.code,
        NOT_FOUND
    );
}

#[tokio::test]
async fn what_control_refuses_says_why() {
    let ostia = Ostia::start().await;
    let again = ostia.cli(&["upstreams", "add", "demo", "--", "true"]).await;
    assert_eq!(error(&again)["code"], "already-exists");
    let name = ostia
        .cli(&["upstreams", "add", "Not_A.Name", "--", "true"])
        .await;
    assert_eq!(error(&name)["code"], "invalid-argument");
}
