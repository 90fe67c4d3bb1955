//! What official clients of each era can do through Ostia with an official server of the older one behind,
//! over each transport: found out by running them, and kept as `docs/compatibility.md`.

use super::installed;
use crate::harness::{
    command::{self, command},
    control, environment,
    ostia::Ostia,
    upstreams::{self, Definition},
    wait,
};
use ostia_proto::v1;
use serde_json::Value;
use std::{fmt::Write as _, process::Stdio, time::Duration};
use tokio::{
    net::TcpStream,
    process::{Child, Command},
};

const FEATURES: [&str; 10] = [
    "lists",
    "call",
    "structured",
    "read",
    "prompt",
    "complete",
    "progress",
    "cancel",
    "elicit",
    "sample",
];

/// An official client: what the page calls it, its driver, how the driver is told.
struct Client {
    name: &'static str,
    driver: Driver,
    mode: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Driver {
    Python,
    TypeScript,
}

const CLIENTS: [Client; 6] = [
    Client {
        name: "Python SDK 2.3.0, legacy",
        driver: Driver::Python,
        mode: "legacy",
    },
    Client {
        name: "Python SDK 2.3.0, 2026-07-28",
        driver: Driver::Python,
        mode: "auto",
    },
    Client {
        name: "Python SDK 2.3.0, HTTP+SSE",
        driver: Driver::Python,
        mode: "sse",
    },
    Client {
        name: "TypeScript SDK 1.32.2",
        driver: Driver::TypeScript,
        mode: "v1",
    },
    Client {
        name: "TypeScript SDK 2.3.1, legacy",
        driver: Driver::TypeScript,
        mode: "legacy",
    },
    Client {
        name: "TypeScript SDK 2.3.1, 2026-07-28",
        driver: Driver::TypeScript,
        mode: "auto",
    },
];

impl Client {
    fn command(&self, ostia: &Ostia, key: &str) -> Command {
        let script = |name| environment::repository().join("tests/peers").join(name);
        let path = if self.mode == "sse" { "sse" } else { "mcp" };
        let base = ostia.mcp_url.trim_end_matches("/mcp");
        let mut command = match self.driver {
            Driver::Python => {
                let mut command = command(installed::python());
                command.arg("-B").arg(script("compat.py"));
                command
            }
            Driver::TypeScript => {
                let mut command = command(installed::node());
                command.arg(script("compat.mjs"));
                command.env("SDK", installed::sdks());
                command
            }
        };
        command.args([&format!("{base}/{path}/everything"), key, self.mode]);
        command
    }

    /// What it could do, in the order of the features; a text says why not.
    async fn try_all(&self, ostia: &Ostia, key: &str) -> Vec<Result<(), String>> {
        let finished = command::run(self.command(ostia, key)).await;
        let outcomes: Vec<Value> = finished
            .stdout
            .lines()
            .map(|line| serde_json::from_str(line).expect("an outcome"))
            .collect();
        let found = FEATURES.map(|feature| {
            let outcome = outcomes
                .iter()
                .find(|outcome| outcome["feature"] == feature);
            let outcome = outcome.unwrap_or_else(|| panic!("no {feature}: {finished:?}"));
            if outcome["ok"] == true {
                Ok(())
            } else {
                Err(outcome["detail"].as_str().unwrap_or_default().to_owned())
            }
        });
        found.into()
    }
}

/// The server, where it is not a worker, and how Ostia reaches it.
async fn everything(transport: &str) -> (Option<Child>, Definition) {
    let (node, everything) = (installed::node(), installed::everything());
    if transport == "stdio" {
        let program = node.to_str().expect("UTF-8");
        let args = [everything.to_str().expect("UTF-8"), "stdio"];
        return (None, upstreams::program("everything", program, &args));
    }
    // The server says where it listens, in words that change; a port that was just free is the best.
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = port.local_addr().expect("an address");
    drop(port);
    let (mode, path) = match transport {
        "Streamable HTTP" => ("streamableHttp", "mcp"),
        _ => ("sse", "sse"),
    };
    let mut server = command(node);
    server.arg(everything).arg(mode);
    server.env("PORT", address.port().to_string());
    server.stdout(Stdio::null()).stderr(Stdio::null());
    let server = server.spawn().expect("the server");
    wait::until(Duration::from_secs(20), "the server listens", || async {
        TcpStream::connect(address).await.map(drop)
    })
    .await;
    let url = format!("http://localhost:{}/{path}", address.port());
    let definition = match mode {
        "sse" => upstreams::sse("everything", &url),
        _ => upstreams::http("everything", &url),
    };
    (Some(server), definition)
}

/// The part of the page about one transport.
async fn section(transport: &str) -> String {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let (_server, definition) = everything(transport).await;
    // It remembers the roots of whoever came first.
    let definition = definition.isolation(v1::Isolation::Session);
    definition.pool(16, 64, 256).add(&control).await;
    let key = control::master_key(&control, "all").await;
    let mut section = format!(
        "## {transport}\n\n| client | {} |\n|---|",
        FEATURES.join(" | ")
    );
    section.push_str(&":-:|".repeat(FEATURES.len()));
    section.push('\n');
    let mut notes = Vec::new();
    for client in &CLIENTS {
        let _ = write!(section, "| {} |", client.name);
        for outcome in client.try_all(&ostia, &key).await {
            if let Err(detail) = outcome {
                notes.push(detail);
                let _ = write!(section, " no[^{transport}-{}] |", notes.len());
            } else {
                section.push_str(" yes |");
            }
        }
        section.push('\n');
    }
    for (at, note) in notes.iter().enumerate() {
        let _ = writeln!(section, "\n[^{transport}-{}]: {note}", at + 1);
    }
    section
}

const HEAD: &str = "# Compatibility

What official clients can do through Ostia with `@modelcontextprotocol/server-everything` 2026.8.31 behind it, a
server of the older era (up to 2025-11-25), over each transport. `./test peers` finds it out by running them, and
fails when this page says something else; `OSTIA_WRITE_COMPATIBILITY=1 ./test peers` writes it.

*lists*: tools, prompts, resources and templates. *call*, *structured*: of tools. *read*: of a resource, by URI and
by template. *prompt*, *complete*. *progress*: of a long call. *cancel*: a call that is given up, and another
after it. *elicit*, *sample*: what the server asks of the client in the middle of a call. Roots are not here: this
server asks for them a moment after the handshake, outside of any call, where Ostia has nobody to ask; the
conformance suite asks for them in a call.
";

#[tokio::test]
async fn official_clients_can_do_what_the_page_says() {
    let transports = ["stdio", "Streamable HTTP", "HTTP+SSE"];
    let sections = futures_util::future::join_all(transports.map(section)).await;
    let page = format!("{HEAD}\n{}", sections.join("\n"));
    let file = environment::repository().join("docs/compatibility.md");
    if environment::write_compatibility() {
        std::fs::write(&file, &page).expect("the page");
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(
        kept, page,
        "OSTIA_WRITE_COMPATIBILITY=1 ./test peers writes it"
    );
}
