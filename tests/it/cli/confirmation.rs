//! What destroys something asks first.

use super::{FAILED, NOT_FOUND, USAGE, error};
use crate::harness::{
    command::{self, Finished, command},
    environment,
    ostia::Ostia,
};
use serde_json::Value;
use std::process::Stdio;
use tokio::io::AsyncWriteExt as _;

/// Something of each kind, made by the first command and destroyed by the second.
const KINDS: &[(&[&str], &[&str])] = &[
    (
        &["keys", "create", "it", "--policy", "read-only"],
        &["keys", "revoke", "it"],
    ),
    (
        &["keys", "create", "that", "--policy", "read-only"],
        &["keys", "delete", "that"],
    ),
    (&["users", "create", "it"], &["users", "delete", "it"]),
    (&["groups", "create", "it"], &["groups", "delete", "it"]),
    (&["plans", "create", "it"], &["plans", "delete", "it"]),
    (
        &["policies", "create", "it", "--allow", "demo.*"],
        &["policies", "delete", "it"],
    ),
    (
        &["bundles", "create", "it", "--include", "demo.*"],
        &["bundles", "delete", "it"],
    ),
    (
        &["prices", "set", "it.*", "1", "EUR"],
        &["prices", "delete", "it.*"],
    ),
    (
        &["upstreams", "add", "it", "--", "false"],
        &["upstreams", "remove", "it"],
    ),
];

/// Which there are; of keys also their states, for a revoked one stays.
async fn there(ostia: &Ostia, noun: &str) -> Vec<(Value, Value)> {
    let list = ostia.cli(&[noun, "list"]).await.ok().json();
    let list = list.as_array().expect("a list").iter();
    let state = |item: &Value| match noun {
        "keys" => item["state"].clone(),
        _ => Value::Null,
    };
    list.map(|item| (item["id"].clone(), state(item))).collect()
}

#[tokio::test]
async fn nothing_is_destroyed_unless_somebody_says_so() {
    let ostia = Ostia::start().await;
    for (make, destroy) in KINDS {
        ostia.cli(make).await.ok();
        let noun = destroy[0];
        let before = there(&ostia, noun).await;
        let refused = ostia.cli(destroy).await;
        assert_eq!(refused.code, USAGE, "{refused:#?}");
        let hint = error(&refused)["hint"].to_string();
        assert!(hint.contains("--yes"), "{destroy:?}: {hint}");
        let after = there(&ostia, noun).await;
        assert_eq!(before, after, "{destroy:?}");

        ostia.cli(&[*destroy, &["--yes"]].concat()).await.ok();
        let after = there(&ostia, noun).await;
        assert_ne!(before, after, "{destroy:?}");
    }
    // What is not there is not asked about.
    for noun in ["users", "groups", "plans", "policies", "bundles", "keys"] {
        let missing = ostia.cli(&[noun, "delete", "nobody"]).await;
        assert_eq!(missing.code, NOT_FOUND, "{missing:#?}");
    }
}

/// The command on a terminal of this width, where somebody types this.
async fn on_a_terminal(ostia: &Ostia, columns: u16, line: &str, typed: &str) -> Finished {
    let line = format!(
        "stty cols {columns}; {} {line} --data-dir {}",
        environment::OSTIA,
        ostia.data_dir().display()
    );
    let mut terminal = command("script");
    terminal
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .stdin(Stdio::piped());
    terminal.stdout(Stdio::piped());
    let mut child = terminal.spawn().expect("script");
    let mut keyboard = child.stdin.take().expect("a pipe");
    keyboard.write_all(typed.as_bytes()).await.expect("typed");
    let output = child.wait_with_output().await.expect("its end");
    drop(keyboard);
    Finished {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::new(),
    }
}

#[tokio::test]
async fn on_a_terminal_it_is_asked() {
    let ostia = Ostia::start().await;
    ostia.cli(&["groups", "create", "it"]).await.ok();
    let no = on_a_terminal(&ostia, 80, "groups delete it", "n\n").await;
    assert!(
        no.stdout.contains("Delete the group \"it\"? [y/N]"),
        "{no:#?}"
    );
    assert_eq!(no.code, FAILED, "{no:#?}");
    let yes = on_a_terminal(&ostia, 80, "groups delete it", "y\n").await;
    assert!(yes.stdout.contains("deleted it"), "{yes:#?}");
    yes.ok();
    let groups = ostia.cli(&["groups", "list"]).await.ok();
    assert_eq!(groups.json(), serde_json::json!([]));
}

/// A pipe gets everything.
#[tokio::test]
async fn a_table_fits_its_terminal() {
    let ostia = Ostia::start().await;
    let name = "a-name-that-is-long-enough-to-push-what-comes-after-it-out-of-sight";
    let made = ["keys", "create", name, "--policy", "read-only"];
    ostia.cli(&made).await.ok();
    for line in ["keys list", "audit list"] {
        let shown = on_a_terminal(&ostia, 80, line, "").await.ok().stdout;
        let widest = shown.lines().map(|line| line.trim_end().chars().count());
        assert!(widest.max().is_some_and(|widest| widest <= 80), "{shown}");
        assert!(shown.contains('…'), "{shown}");
    }
    let mut piped = command(environment::OSTIA);
    piped
        .args(["keys", "list", "--data-dir"])
        .arg(ostia.data_dir());
    let piped = command::run(piped).await.ok().stdout;
    assert!(piped.contains(name), "{piped}");
}
