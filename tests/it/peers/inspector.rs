//! The official inspector's command line as the client.

use super::{
    installed,
    official_clients::{FEATURES, Outcome},
    servers::Installation,
};
use crate::harness::command;
use serde_json::Value;

/// Runs one method; gives what it printed and whether it was content.
async fn inspect(url: &str, key: &str, era: &str, args: &[&str]) -> command::Finished {
    let header = format!("Authorization: Bearer {key}");
    let mut command = command::command(installed::node());
    command.arg(installed::inspector()).args(["--cli", url]);
    command.args(["--transport", "http", "--protocol-era", era]);
    command.args(["--header", &header, "--format", "json", "-q"]);
    command.args(args);
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

/// Why it cannot do the other features: `its_command_line_has_no_more_without_ostia` has found out.
const ABSENT: [(&str, &str); 6] = [
    ("complete", NO_METHOD),
    ("subscribe", NO_METHOD),
    ("progress", "it prints the result and nothing before it"),
    ("cancel", "it makes one call and waits for its end"),
    ("elicit", NOT_ASKED),
    ("sample", NOT_ASKED),
];
const NO_METHOD: &str = "its command line has no method for it";
const NOT_ASKED: &str = "its command line does not let servers ask";

/// With server-everything behind: what each run must have in its result, as a pointer.
const RUNS: [(&str, &[&str], &str); 8] = [
    ("lists", &["tools/list"], "/tools/10"),
    ("lists", &["prompts/list"], "/prompts/0"),
    ("lists", &["resources/list"], "/resources/0"),
    (
        "lists",
        &["resources/templates/list"],
        "/resourceTemplates/0",
    ),
    (
        "call",
        &[
            "tools/call",
            "--tool-name",
            "echo",
            "--tool-arg",
            "message=hello",
        ],
        "/content/0/text",
    ),
    (
        "structured",
        &[
            "tools/call",
            "--tool-name",
            "get-structured-content",
            "--tool-arg",
            "location=New York",
        ],
        "/structuredContent/temperature",
    ),
    (
        "read",
        &["resources/read", "--uri", "demo://resource/dynamic/text/1"],
        "/contents/0/text",
    ),
    (
        "prompt",
        &["prompts/get", "--prompt-name", "simple-prompt"],
        "/messages/0",
    ),
];

/// What it can do, in the order of the features.
pub(crate) async fn try_all(url: &str, key: &str, era: &str) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for feature in FEATURES {
        let mut outcome = Outcome::Works;
        if let Some((_, why)) = ABSENT.iter().find(|(absent, _)| *absent == feature) {
            outcome = Outcome::Absent((*why).to_owned());
        }
        for (_, method, pointer) in RUNS.iter().filter(|(of, ..)| *of == feature) {
            let run = inspect(url, key, era, &[&["--method"], *method].concat()).await;
            let found = run.code == Some(0) && result(&run).pointer(pointer).is_some();
            if !found {
                outcome = Outcome::Fails(format!("{}: {}", method[0], run.stderr.trim()));
            }
        }
        outcomes.push(outcome);
    }
    outcomes
}

/// The page says what the inspector's command line cannot do; here it cannot do it with the server itself.
#[tokio::test]
async fn its_command_line_has_no_more_without_ostia() {
    let (node, everything) = (installed::node(), installed::everything());
    let alone = async |method: &[&str]| {
        let mut command = command::command(&node);
        command.arg(installed::inspector()).arg("--cli").arg(&node);
        command.arg(&everything).arg("stdio");
        command.args(["--format", "json", "-q", "--method"]);
        command::run({
            command.args(method);
            command
        })
        .await
    };
    for method in ["prompts/complete", "resources/subscribe"] {
        let refused = alone(&[method]).await;
        assert!(refused.stderr.contains("Unsupported method"), "{refused:?}");
    }
    // The server shows these only to clients that can be asked.
    for tool in ["trigger-elicitation-request", "trigger-sampling-request"] {
        let refused = alone(&["tools/call", "--tool-name", tool]).await;
        assert!(refused.stderr.contains("tool_not_found"), "{refused:?}");
    }
    let operation = "trigger-long-running-operation";
    let args = ["--tool-arg", "duration=1", "steps=2"];
    let long = alone(&[&["tools/call", "--tool-name", operation], &args[..]].concat()).await;
    let printed = long.ok();
    assert!(!printed.stdout.contains("progress"), "{printed:?}");
    assert!(result(&printed)["content"][0]["text"].is_string());
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
