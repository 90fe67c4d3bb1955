//! The official inspector's command line as the client.

use super::{installed, servers::Installation};
use crate::harness::command;
use serde_json::Value;

/// Runs one method; gives what it printed and whether it was content.
async fn inspect(url: &str, key: &str, era: &str, args: &[&str]) -> command::Finished {
    let mut command = command::command(installed::node());
    command.arg(installed::inspector()).args([
        "--cli",
        url,
        "--transport",
        "http",
        "--protocol-era",
        era,
    ]);
    command
        .args([
            "--header",
            &format!("Authorization: Bearer {key}"),
            "--format",
            "json",
            "-q",
        ])
        .args(args);
    command::run(command).await
}

/// The output with or without the envelope that the inspector's JSON format puts around a result.
fn result(finished: &command::Finished) -> Value {
    let mut output = finished.json();
    if output.get("result").is_some() {
        output["result"].take()
    } else {
        output
    }
}

#[tokio::test]
async fn lists_and_calls_in_every_era() {
    let installation = Installation::start().await;
    let mebibyte = "0123456789abcde\n".repeat(1 << 16);
    let path = installation.file("mebibyte.txt", &mebibyte);
    let (url, key) = (&installation.ostia.mcp_url, &installation.wide);
    for era in ["legacy", "modern", "auto"] {
        let listed = result(
            &inspect(url, key, era, &["--method", "tools/list"])
                .await
                .ok(),
        );
        let tools = listed["tools"]
            .as_array()
            .unwrap_or_else(|| panic!("{era}: {listed:#}"));
        assert!(
            tools
                .iter()
                .any(|tool| tool["name"] == "time__get_current_time"),
            "{era}: {tools:#?}"
        );

        let call = ["--method", "tools/call", "--tool-name"];
        let echo = [
            &call[..],
            &["everything__echo", "--tool-arg", "message=hello"],
        ]
        .concat();
        let echoed = result(&inspect(url, key, era, &echo).await.ok());
        assert_eq!(
            echoed["content"][0]["text"], "Echo: hello",
            "{era}: {echoed:#}"
        );

        let argument = format!("path={path}");
        let read = [
            &call[..],
            &["files__read_text_file", "--tool-arg", &argument],
        ]
        .concat();
        let file = result(&inspect(url, key, era, &read).await.ok());
        assert_eq!(
            file["content"][0]["text"].as_str().map(str::len),
            Some(mebibyte.len()),
            "{era}"
        );

        let bad_zone = [
            &call[..],
            &[
                "time__get_current_time",
                "--tool-arg",
                "timezone=Nowhere/Never",
            ],
        ]
        .concat();
        let failed = inspect(url, key, era, &bad_zone).await;
        assert_eq!(result(&failed)["isError"], true, "{era}: {failed:#?}");
    }
}

#[tokio::test]
async fn is_refused_with_a_wrong_key() {
    let installation = Installation::start().await;
    let refused = inspect(
        &installation.ostia.mcp_url,
        "ost_live_nonsense",
        "legacy",
        &["--method", "tools/list"],
    )
    .await;
    assert_ne!(refused.code, Some(0), "{refused:#?}");
}
