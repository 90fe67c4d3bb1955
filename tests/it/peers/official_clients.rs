//! The clients of `docs/compatibility.md`, and what each can do with server-everything behind.

use super::{
    inspector,
    installed::{self, Python},
};
use crate::harness::{
    command::{self, command},
    environment,
    ostia::Ostia,
};
use serde_json::Value;

pub(crate) const FEATURES: [&str; 11] = [
    "lists",
    "call",
    "structured",
    "read",
    "prompt",
    "complete",
    "progress",
    "subscribe",
    "elicit",
    "sample",
    "cancel",
];

/// How it went with one feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Works,
    Fails(String),
    /// The client or server has no such thing, and why that is known.
    Absent(String),
}

/// A client: what the page calls it, its driver, how the driver is told which era.
pub(crate) struct Client {
    pub(crate) name: &'static str,
    driver: Driver,
    mode: &'static str,
}

#[derive(Clone, Copy)]
enum Driver {
    /// With the module that has the client.
    Python(Python, &'static str),
    TypeScript,
    Inspector,
}

const fn client(name: &'static str, driver: Driver, mode: &'static str) -> Client {
    Client { name, driver, mode }
}

const PYTHON_V1: Driver = Driver::Python(Python::V1, "compat_sdk_v1");
const PYTHON: Driver = Driver::Python(Python::V2, "compat_sdk");
const FASTMCP: Driver = Driver::Python(Python::V2, "compat_fastmcp");
const TYPESCRIPT: Driver = Driver::TypeScript;
const INSPECTOR: Driver = Driver::Inspector;

pub(crate) const CLIENTS: [Client; 13] = [
    client("Python SDK 1.30.0", PYTHON_V1, "legacy"),
    client("Python SDK 1.30.0, HTTP+SSE", PYTHON_V1, "sse"),
    client("Python SDK 2.3.0, legacy", PYTHON, "legacy"),
    client("Python SDK 2.3.0, 2026-07-28", PYTHON, "auto"),
    client("Python SDK 2.3.0, HTTP+SSE", PYTHON, "sse"),
    client("FastMCP 4.1.2, legacy", FASTMCP, "legacy"),
    client("FastMCP 4.1.2, 2026-07-28", FASTMCP, "auto"),
    client("FastMCP 4.1.2, HTTP+SSE", FASTMCP, "sse"),
    client("TypeScript SDK 1.32.2", TYPESCRIPT, "v1"),
    client("TypeScript SDK 2.3.1, legacy", TYPESCRIPT, "legacy"),
    client("TypeScript SDK 2.3.1, 2026-07-28", TYPESCRIPT, "auto"),
    client("Inspector 2.12.0 CLI, legacy", INSPECTOR, "legacy"),
    client("Inspector 2.12.0 CLI, 2026-07-28", INSPECTOR, "modern"),
];

impl Client {
    /// What it can do with the upstreams `everything` and, for subscriptions, `watched`, in the order of
    /// the features.
    pub(crate) async fn try_all(&self, ostia: &Ostia, key: &str) -> Vec<Outcome> {
        let path = if self.mode == "sse" { "sse" } else { "mcp" };
        let base = ostia.mcp_url.trim_end_matches("/mcp");
        let (url, watched) = (
            format!("{base}/{path}/everything"),
            format!("{base}/{path}/watched"),
        );
        let mut command = match self.driver {
            Driver::Inspector => return inspector::try_all(&url, key, self.mode).await,
            Driver::Python(python, module) => {
                let mut command = command(installed::python(python));
                command.arg("-B").arg(script("compat.py")).arg(module);
                command
            }
            Driver::TypeScript => {
                let mut command = command(installed::node());
                command.arg(script("compat.mjs"));
                command.env("SDK", installed::sdks());
                command
            }
        };
        command.args([self.mode, key, &url, &watched]);
        outcomes(&command::run(command).await, &FEATURES)
    }
}

pub(crate) fn script(name: &str) -> std::path::PathBuf {
    environment::repository().join("tests/peers").join(name)
}

/// Of a driver that prints one object per feature.
#[allow(clippy::print_stderr, reason = "a failed test shows it")]
pub(crate) fn outcomes(finished: &command::Finished, features: &[&str]) -> Vec<Outcome> {
    let said: Vec<Value> = finished
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("an outcome"))
        .collect();
    let outcome = |feature: &&str| {
        let outcome = said.iter().find(|outcome| outcome["feature"] == *feature);
        let outcome = outcome.unwrap_or_else(|| panic!("no {feature}: {finished:#?}"));
        let detail = outcome["detail"].as_str().unwrap_or_default().to_owned();
        match outcome["ok"].as_bool() {
            Some(true) => Outcome::Works,
            Some(false) => {
                eprintln!("{feature}: {finished:#?}");
                Outcome::Fails(detail)
            }
            None => Outcome::Absent(detail),
        }
    };
    features.iter().map(outcome).collect()
}
