//! The official Python SDK as the client, in both eras.

use super::{installed, servers::Installation};
use crate::harness::{command, environment};
use serde_json::{Value, json};
use std::process::Stdio;
use tokio::io::AsyncWriteExt as _;

/// Runs the steps of `tests/peers/sdk_client.py`; the first answer is about the connection.
async fn drive(url: &str, key: &str, mode: &str, steps: &Value) -> Vec<Value> {
    let mut command = command::command(installed::python(installed::Python::V2));
    command
        .arg("-B")
        .arg(environment::repository().join("tests/peers/sdk_client.py"))
        .args([url, key, mode]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("python");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin
        .write_all(steps.to_string().as_bytes())
        .await
        .expect("steps");
    drop(stdin);
    let output = child.wait_with_output().await.expect("output");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "the SDK client ended with {}: {stderr}",
        output.status
    );
    let stdout = String::from_utf8(output.stdout).expect("UTF-8");
    stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// The same in every era: list, call, error result, a mebibyte, fifty at once.
async fn works(mode: &str, protocol: &str, server: Option<&str>) {
    let installation = Installation::start().await;
    let mebibyte = "0123456789abcde\n".repeat(1 << 16);
    let path = installation.file("mebibyte.txt", &mebibyte);
    let steps = json!([
        {"list": true},
        {"call": "everything__echo", "arguments": {"message": "hello"}},
        {"call": "everything__get-sum", "arguments": {"a": 2, "b": 40}},
        {"call": "everything__get-structured-content", "arguments": {"location": "New York"}},
        {"call": "time__get_current_time", "arguments": {"timezone": "UTC"}},
        {"call": "time__get_current_time", "arguments": {"timezone": "Nowhere/Never"}},
        {"call": "files__read_text_file", "arguments": {"path": "/etc/hostname"}},
        {"call": "files__read_text_file", "arguments": {"path": path}},
        {"call": "files__no_such_tool", "arguments": {}},
        {"concurrently": 50, "call": "everything__echo"},
    ]);
    let answers = drive(
        &installation.ostia.mcp_url,
        &installation.wide,
        mode,
        &steps,
    )
    .await;
    let [
        connected,
        list,
        echo,
        sum,
        structured,
        time,
        bad_zone,
        forbidden,
        file,
        unknown,
        concurrent,
    ] = answers.as_slice()
    else {
        panic!("{answers:#?}");
    };
    assert_eq!(*connected, json!({"protocol": protocol, "server": server}));
    let tools = list["tools"].as_array().expect("tools");
    for tool in [
        "demo__echo",
        "everything__echo",
        "files__read_text_file",
        "time__get_current_time",
    ] {
        assert!(tools.contains(&json!(tool)), "{tool} is not in {tools:?}");
    }
    assert_eq!(echo["text"], "Echo: hello");
    assert!(
        sum["text"].as_str().expect("a text").contains("42"),
        "{sum}"
    );
    assert_eq!(structured["structured"], true, "{structured}");
    assert!(
        time["text"].as_str().expect("a text").contains("UTC"),
        "{time}"
    );
    assert_eq!(time["is_error"], false);
    for error in [bad_zone, forbidden] {
        assert_eq!(error["is_error"], true, "{error}");
    }
    assert_eq!(file["length"], mebibyte.len());
    assert_eq!(file["sha256"], sha256(&mebibyte));
    assert_eq!(
        (&unknown["code"], &unknown["data"]["code"]),
        (&json!(-32602), &json!("tool-unavailable")),
        "{unknown}"
    );
    assert_eq!(*concurrent, json!({"right": 50}));
}

fn sha256(text: &str) -> String {
    use std::fmt::Write as _;
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[tokio::test]
async fn legacy() {
    works("legacy", "2025-11-25", Some("ostia")).await;
}

#[tokio::test]
async fn modern() {
    works("2026-07-28", "2026-07-28", None).await;
}

/// Without a choice the SDK probes for the newer era, and finds it.
#[tokio::test]
async fn left_to_itself() {
    works("auto", "2026-07-28", Some("ostia")).await;
}

#[tokio::test]
async fn two_keys_see_and_may_call_different_tools() {
    let installation = Installation::start().await;
    let path = installation.file("note.txt", "a note");
    let steps = json!([
        {"list": true},
        {"call": "time__get_current_time", "arguments": {"timezone": "UTC"}},
        {"call": "files__read_text_file", "arguments": {"path": path}},
        {"call": "files__write_file", "arguments": {"path": path, "content": "changed"}},
        {"call": "everything__echo", "arguments": {"message": "x"}},
    ]);
    for mode in ["legacy", "2026-07-28"] {
        let url = &installation.ostia.mcp_url;
        let narrow = drive(url, &installation.narrow, mode, &steps).await;
        let tools = narrow[1]["tools"].as_array().expect("tools");
        let allowed = |tool: &Value| {
            let name = tool.as_str().expect("a name");
            name.starts_with("time__") || name.starts_with("files__read_")
        };
        assert!(!tools.is_empty() && tools.iter().all(allowed), "{tools:?}");
        assert_eq!(
            (&narrow[2]["is_error"], &narrow[3]["text"]),
            (&json!(false), &json!("a note")),
            "{narrow:#?}"
        );
        for denied in &narrow[4..] {
            assert_eq!(denied["data"]["code"], "tool-unavailable", "{denied}");
        }
        assert_eq!(
            std::fs::read_to_string(&path).expect("the file"),
            "a note",
            "the denied call must not have run"
        );

        let wide = drive(
            url,
            &installation.wide,
            mode,
            &json!([{"list": true}, {"call": "everything__echo", "arguments": {"message": "x"}}]),
        )
        .await;
        assert!(wide[1]["tools"].as_array().expect("tools").len() > tools.len());
        assert_eq!(wide[2]["text"], "Echo: x");
    }
}
