//! `ostia upstreams add` and `update` with what upstreams over HTTP are presented.

use super::{FAILED, USAGE, error};
use crate::harness::ostia::Ostia;
use serde_json::{Value, json};
use std::fs;

const CANARY: &str = "canary-9b2e";
/// Nobody listens there.
const URL: &str = "http://127.0.0.1:9/mcp";

/// `upstreams <verb> far`, with one secret in a variable and one in a file.
async fn far(ostia: &Ostia, verb: &str, more: &[&str]) -> crate::harness::command::Finished {
    let file = ostia.data_dir().join("secret");
    fs::write(&file, format!("{CANARY}-file\n")).expect("a file");
    let file = file.to_str().expect("UTF-8");
    let mut args = vec!["upstreams", verb, "far"];
    if verb == "add" {
        args.extend(["--url", URL, "--allow-private-network"]);
    }
    args.extend(
        more.iter()
            .map(|arg| if *arg == "FILE" { file } else { arg }),
    );
    let env = [("SECRET", &*format!("{CANARY}-variable")), ("EMPTY", "")];
    ostia.cli_with(&args, &env).await
}

fn assert_hidden(said: &impl std::fmt::Debug) {
    let said = format!("{said:?}");
    assert!(!said.contains(CANARY), "{said}");
}

#[tokio::test]
async fn each_kind_is_added_changed_and_taken_away() {
    let ostia = Ostia::start().await;
    let added = far(&ostia, "add", &["--bearer-from-env", "SECRET"])
        .await
        .ok()
        .json();
    assert_eq!(added["credential"], json!({"kind": "bearer"}));

    let basic = ["--basic-username", "ann", "--basic-password-file", "FILE"];
    let changed = far(&ostia, "update", &basic).await.ok().json();
    assert_eq!(
        changed["credential"],
        json!({"kind": "basic", "username": "ann"})
    );

    let oauth = [
        "--oauth-token-url",
        "http://127.0.0.1:9/token",
        "--oauth-client-id",
        "me",
        "--oauth-client-secret-from-env",
        "SECRET",
        "--oauth-scope",
        "read",
        "--oauth-scope",
        "write",
        "--oauth-authentication",
        "post",
    ];
    let changed = far(&ostia, "update", &oauth).await.ok().json();
    let mut shown = json!({
        "kind": "client-credentials",
        "token_url": "http://127.0.0.1:9/token",
        "client_id": "me",
        "scopes": ["read", "write"],
        "resource": null,
        "audience": null,
        "authentication": "post",
    });
    assert_eq!(changed["credential"], shown);

    // What is not named stays, the secret as well.
    let audience = [
        "--oauth-audience",
        "there",
        "--call-timeout",
        "7s",
        "--max-workers",
        "2",
    ];
    let changed = far(&ostia, "update", &audience).await.ok().json();
    shown["audience"] = json!("there");
    assert_eq!(changed["credential"], shown);
    assert_eq!(changed["call_timeout_ms"], 7000);
    assert_eq!(changed["pool"]["max_workers"], 2);
    assert_eq!(changed["version"], 4);

    let plain = [
        "--no-credential",
        "--header",
        "x-one=1",
        "--header",
        "x-two=2",
    ];
    let changed = far(&ostia, "update", &plain).await.ok().json();
    assert_eq!(changed["credential"], Value::Null);
    let removed = far(&ostia, "update", &["--remove-header", "X-One"])
        .await
        .ok()
        .json();
    assert_eq!(removed["headers"], json!(["x-two"]));
    let shown = ostia.cli(&["upstreams", "show", "far"]).await.ok().stdout;
    assert_hidden(&(
        shown,
        changed,
        ostia.cli(&["audit", "tail"]).await,
        ostia.log(),
    ));
}

#[tokio::test]
async fn a_secret_that_is_not_there_or_half_a_credential_is_said() {
    let ostia = Ostia::start().await;
    for (args, names) in [
        (&["--bearer-from-env", "NOT_SET_HERE"][..], "NOT_SET_HERE"),
        (&["--bearer-from-env", "EMPTY"], "is empty"),
        (&["--bearer-file", "/nowhere"], "/nowhere"),
        (&["--basic-password-file", "FILE"], "--basic-username"),
        (&["--oauth-client-id", "me"], "--oauth-token-url"),
        (
            &["--bearer-from-env", "SECRET", "--oauth-client-id", "me"],
            "one of them",
        ),
        (
            &["--bearer-from-env", "SECRET", "--bearer-file", "FILE"],
            "--bearer-file",
        ),
    ] {
        let refused = far(&ostia, "add", args).await;
        assert_eq!(refused.code, USAGE, "{refused:?}");
        assert!(refused.stderr.contains(names), "{names:?}: {refused:?}");
        assert_hidden(&refused);
    }
    let without = far(&ostia, "add", &["--basic-username", "ann"]).await;
    assert_eq!(without.code, FAILED, "{without:?}");
    assert_eq!(error(&without)["code"], "invalid-argument");
    let command = [
        "upstreams",
        "add",
        "near",
        "--bearer-from-env",
        "PATH",
        "--",
        "true",
    ];
    assert_eq!(ostia.cli(&command).await.code, USAGE);
}

#[tokio::test]
async fn a_secret_does_not_follow_to_another_host() {
    let ostia = Ostia::start().await;
    far(&ostia, "add", &["--bearer-from-env", "SECRET"])
        .await
        .ok();
    let elsewhere = ["--url", "http://127.0.0.1:10/mcp"];
    let refused = far(&ostia, "update", &elsewhere).await;
    assert_eq!(refused.code, FAILED, "{refused:?}");
    assert!(refused.stderr.contains("say it again"), "{refused:?}");
    let again = [&elsewhere[..], &["--bearer-file", "FILE"]].concat();
    let moved = far(&ostia, "update", &again).await.ok().json();
    assert_eq!(moved["url"], "http://127.0.0.1:10/mcp");
}

#[tokio::test]
async fn a_command_and_its_variables_are_changed() {
    let ostia = Ostia::start().await;
    let add = [
        "upstreams",
        "add",
        "near",
        "--env",
        "A=1",
        "--env",
        "B=2",
        "--",
        "true",
    ];
    ostia.cli(&add).await.ok();
    let update = [
        "upstreams",
        "update",
        "near",
        "--env",
        "C=3",
        "--remove-env",
        "A",
    ];
    let changed = ostia.cli(&update).await.ok().json();
    assert_eq!(changed["env"], json!(["B", "C"]));
    let update = [
        "upstreams",
        "update",
        "near",
        "--env",
        "B=2",
        "--env",
        "C=3",
        "--",
        "false",
        "x",
    ];
    let changed = ostia.cli(&update).await.ok().json();
    assert_eq!(
        (&changed["program"], &changed["args"]),
        (&json!("false"), &json!(["x"]))
    );
    for wrong in [
        &["--url", URL][..],
        &["--header", "PATH"],
        &["--no-credential"],
    ] {
        let args = [&["upstreams", "update", "near"], wrong].concat();
        assert_eq!(ostia.cli(&args).await.code, USAGE, "{wrong:?}");
    }
}
