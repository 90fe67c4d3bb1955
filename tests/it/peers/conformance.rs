//! The official conformance suite, at the fixture upstream itself and at Ostia in front of it.
//!
//! What the protocol does not allow is listed in `tests/peers/conformance/`; the suite fails when something
//! that is not listed fails, and when something that is listed does not.

use super::installed;
use crate::harness::{
    command::{self, command},
    control, environment,
    ostia::Ostia,
    upstreams, wait,
};
use std::{path::Path, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::TcpStream,
    process::{Child, Command},
    time::timeout,
};

/// The scored scenarios of each revision, and how many there are.
const LEGACY: (&str, usize) = ("2025-11-25", 30);
const MODERN: (&str, usize) = ("2026-07-28", 37);

/// Runs the scored scenarios of a revision. The suite's exit code is its verdict; that it ran them at all
/// shows in how many it says have passed. Gives all that it told.
async fn run(url: &str, (revision, scenarios): (&str, usize), expected: Option<&Path>) -> String {
    let results = tempfile::tempdir().expect("a folder");
    let mut suite = command(installed::node());
    suite.arg(installed::conformance());
    suite.args(["server", "--url", url, "--requirements", revision, "-o"]);
    suite.arg(results.path());
    if let Some(expected) = expected {
        suite.arg("--expected-failures").arg(expected);
    }
    let finished = command::run(suite).await;
    assert_eq!(
        finished.code,
        Some(0),
        "{}\n{}",
        finished.stdout,
        finished.stderr
    );
    let listed = expected.map_or(0, |file| {
        let text = std::fs::read_to_string(file).expect("the list of expected failures");
        text.lines().filter(|line| line.starts_with("  - ")).count()
    });
    let passed = finished
        .stdout
        .lines()
        .filter(|line| line.starts_with('✓'))
        .count();
    assert!(passed >= scenarios - listed, "{}", finished.stdout);
    finished.stdout
}

/// Scenarios of the extension for tasks, which are run with the others and not scored. The one about
/// status notifications is skipped by the suite itself.
const TASKS: [&str; 10] = [
    "tasks-lifecycle",
    "tasks-capability-negotiation",
    "tasks-wire-fields",
    "tasks-request-state-removal",
    "tasks-mrtr-input",
    "tasks-request-headers",
    "tasks-dispatch-and-envelope",
    "tasks-status-notifications",
    "tasks-required-task-error",
    "tasks-mrtr-composition",
];

/// Fails unless all of them passed.
fn assert_tasks(told: &str) {
    for scenario in TASKS {
        let passed = format!("✓ {scenario}: ");
        let found = told.lines().find(|line| line.starts_with(&passed));
        assert!(
            found.is_some_and(|line| line.ends_with(" 0 failed")),
            "{scenario}\n{told}"
        );
    }
}

/// A program that says on its first line where it is.
async fn announced(mut program: Command) -> (Child, String) {
    let mut child = program.stdout(Stdio::piped()).spawn().expect("the program");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let line = timeout(Duration::from_secs(10), lines.next_line()).await;
    let line = line.expect("in time").expect("stdout").expect("a line");
    (child, line)
}

/// How Ostia reaches the fixture.
#[derive(Clone, Copy)]
enum Transport {
    Stdio,
    Http,
    Sse,
}

/// The fixture listens by itself, where it is not a worker.
async fn listening(mode: &str, era: &str) -> (Child, String) {
    // The fixture says nothing; a port that was just free is the best there is.
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = port.local_addr().expect("an address");
    drop(port);
    let mut fixture = command(installed::fixture());
    let fixture = fixture
        .args([mode, "--listen", &address.to_string(), "--era", era])
        .spawn()
        .expect("the fixture");
    wait::until(Duration::from_secs(10), "the fixture listens", || async {
        TcpStream::connect(address).await.map(drop)
    })
    .await;
    (fixture, format!("http://{address}"))
}

/// Both sets of scenarios, with a key, through Ostia.
async fn through_ostia(transport: Transport, era: &str) {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let (_fixture, upstream) = match transport {
        Transport::Stdio => {
            let program = installed::fixture();
            let program = program.to_str().expect("UTF-8");
            let args = ["stdio", "--era", era];
            (None, upstreams::program("fixture", program, &args))
        }
        Transport::Http => {
            let (fixture, url) = listening("http", era).await;
            let url = format!("{url}/mcp");
            (Some(fixture), upstreams::http("fixture", &url))
        }
        Transport::Sse => {
            let (fixture, url) = listening("sse", era).await;
            let url = format!("{url}/sse");
            (Some(fixture), upstreams::sse("fixture", &url))
        }
    };
    // Calls that wait for an answer keep a worker, one for each set of capabilities.
    upstream.pool(16, 64, 256).add(&control).await;
    let mut relay = command(installed::node());
    relay
        .arg(environment::repository().join("tests/peers/key_relay.mjs"))
        .arg(format!("{}/fixture", ostia.mcp_url))
        .env(
            "OSTIA_API_KEY",
            control::master_key(&control, "conformance").await,
        );
    let (_relay, url) = announced(relay).await;
    run(&url, LEGACY, None).await;
    let folder = environment::repository().join("tests/peers/conformance");
    let exceptions = folder.join("2026-07-28-legacy.yml");
    let told = run(&url, MODERN, (era == "legacy").then_some(&*exceptions)).await;
    // A legacy upstream has no tasks that a modern client could read.
    if era != "legacy" {
        assert_tasks(&told);
    }
}

/// The scenarios that look at a client: here at Ostia as its upstream sees it. Those about logging in are
/// left out, because Ostia presents what an operator gave it.
const CLIENT: [(&str, &str); 11] = [
    ("initialize", "2025-11-25"),
    ("tools_call", "2026-07-28"),
    ("elicitation-sep1034-client-defaults", "2025-11-25"),
    ("sse-retry", "2025-11-25"),
    ("request-metadata", "2026-07-28"),
    ("sep-2322-client-request-state", "2026-07-28"),
    ("http-standard-headers", "2026-07-28"),
    ("http-custom-headers", "2026-07-28"),
    ("http-invalid-tool-headers", "2026-07-28"),
    ("json-schema-ref-no-deref", "2026-07-28"),
    ("json-schema-2020-12-preservation", "2026-07-28"),
];

#[tokio::test]
async fn ostia_is_a_client_as_the_suite_wants_one() {
    let driver = environment::repository().join("tests/peers/client.py");
    let client = format!("{} -B {}", upstreams::python(), driver.display());
    for (scenario, revision) in CLIENT {
        let results = tempfile::tempdir().expect("a folder");
        let mut suite = command(installed::node());
        suite.arg(installed::conformance());
        suite.args(["client", "--command", &client, "--scenario", scenario]);
        suite.args(["--spec-version", revision, "-o"]);
        suite.arg(results.path()).env("OSTIA", environment::OSTIA);
        let finished = command::run(suite).await;
        let told = format!("{scenario}\n{}\n{}", finished.stdout, finished.stderr);
        assert_eq!(finished.code, Some(0), "{told}");
        assert!(told.contains("OVERALL: PASSED"), "{told}");
    }
}

#[tokio::test]
async fn the_fixture_passes_by_itself() {
    let (_fixture, url) = listening("http", "dual").await;
    let url = format!("{url}/mcp");
    run(&url, LEGACY, None).await;
    assert_tasks(&run(&url, MODERN, None).await);
}

#[tokio::test]
async fn a_dual_upstream_over_http() {
    through_ostia(Transport::Http, "dual").await;
}

#[tokio::test]
async fn a_dual_upstream_over_stdio() {
    through_ostia(Transport::Stdio, "dual").await;
}

#[tokio::test]
async fn a_legacy_upstream_over_http() {
    through_ostia(Transport::Http, "legacy").await;
}

#[tokio::test]
async fn a_legacy_upstream_over_stdio() {
    through_ostia(Transport::Stdio, "legacy").await;
}

#[tokio::test]
async fn a_modern_upstream_over_http() {
    through_ostia(Transport::Http, "modern").await;
}

#[tokio::test]
async fn a_modern_upstream_over_stdio() {
    through_ostia(Transport::Stdio, "modern").await;
}

#[tokio::test]
async fn an_upstream_over_http_and_sse() {
    through_ostia(Transport::Sse, "legacy").await;
}
