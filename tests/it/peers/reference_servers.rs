//! The official reference servers behind Ostia, and what a client can do with each.

use super::{
    installed::{self, Python},
    official_clients::{Outcome, outcomes, script},
};
use crate::harness::{
    command::{self, command, std_command},
    control::{self, Control},
    ostia::Ostia,
    upstreams,
};
use axum::{Router, response::Html, routing::get};
use ostia_proto::v1::UpstreamProtocol;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

pub(crate) const FEATURES: [&str; 5] = ["lists", "call", "read", "prompt", "subscribe"];

const BOTH: [UpstreamProtocol; 2] = [
    UpstreamProtocol::Legacy,
    UpstreamProtocol::UpstreamProtocol20260728,
];

/// A server and what is asked of it.
struct Server {
    name: &'static str,
    title: &'static str,
    /// What it speaks. It is not left to a probe: silence for three seconds counts as legacy, and a Python
    /// server may need longer to start on a busy machine.
    eras: &'static [UpstreamProtocol],
    command: Vec<String>,
    env: Vec<(&'static str, String)>,
    /// For `compat_server.py`, besides the command.
    plan: Value,
}

fn words<const N: usize>(command: [&dyn AsRef<Path>; N]) -> Vec<String> {
    let word = |word: &dyn AsRef<Path>| word.as_ref().to_str().expect("UTF-8").to_owned();
    command.into_iter().map(word).collect()
}

fn servers(folder: &Path, repository: &Path, site: &str) -> [Server; 5] {
    let note = folder.join("note.txt");
    let graph = folder.join("graph.jsonl");
    let ann = json!([{"name": "Ann", "entityType": "person", "observations": ["likes tea"]}]);
    let graph_uri = "memory://knowledge-graph";
    let (page, closed) = (format!("{site}/page"), format!("{site}/closed"));
    [
        Server {
            name: "filesystem",
            title: "server-filesystem 2026.8.31",
            eras: &[UpstreamProtocol::Legacy],
            command: words([&installed::node(), &installed::filesystem(), &folder]),
            env: vec![],
            plan: json!({"calls": [
                {"tool": "write_file", "arguments": {"path": note, "content": "a note"}, "says": "note.txt"},
                {"tool": "read_text_file", "arguments": {"path": note}, "says": "a note"},
                {"tool": "read_text_file", "arguments": {"path": "/etc/hostname"}, "says": "denied"},
            ]}),
        },
        Server {
            name: "memory",
            title: "server-memory 2026.8.31",
            eras: &[UpstreamProtocol::Legacy],
            command: words([&installed::node(), &installed::memory()]),
            env: vec![(
                "MEMORY_FILE_PATH",
                graph.to_str().expect("UTF-8").to_owned(),
            )],
            plan: json!({
                "calls": [
                    {"tool": "create_entities", "arguments": {"entities": ann}, "says": ""},
                    {"tool": "search_nodes", "arguments": {"query": "tea"}, "says": "Ann"},
                ],
                "read": {"uri": graph_uri, "says": "likes tea"},
                "change": {"uri": graph_uri, "tool": "create_entities", "arguments": {"entities": ann}},
            }),
        },
        Server {
            name: "time",
            title: "mcp-server-time 2026.10.19",
            eras: &BOTH,
            command: words([
                &installed::python_server("mcp-server-time"),
                &"--local-timezone",
                &"UTC",
            ]),
            env: vec![],
            plan: json!({"calls": [{
                "tool": "convert_time",
                "arguments": {"source_timezone": "UTC", "time": "12:00", "target_timezone": "Asia/Tokyo"},
                "says": "T21:00",
            }]}),
        },
        Server {
            name: "git",
            title: "mcp-server-git 2026.10.19",
            eras: &BOTH,
            command: words([
                &installed::python_server("mcp-server-git"),
                &"--repository",
                &repository,
            ]),
            env: vec![],
            plan: json!({"calls": [
                {"tool": "git_status", "arguments": {"repo_path": repository}, "says": "new.txt"},
                {"tool": "git_log", "arguments": {"repo_path": repository}, "says": "the first commit"},
            ]}),
        },
        Server {
            name: "fetch",
            title: "mcp-server-fetch 2026.10.24",
            eras: &BOTH,
            command: words([
                &installed::python_server("mcp-server-fetch"),
                // The site that it fetches from is on this machine.
                &"--allow-private-ips",
            ]),
            env: vec![],
            plan: json!({
                "calls": [
                    {"tool": "fetch", "arguments": {"url": page}, "says": "A page for robots"},
                ],
                // A person may ask for what robots may not have.
                "prompt": {"name": "fetch", "arguments": {"url": closed}, "says": "A page for people"},
            }),
        },
    ]
}

/// A site with a page that robots may have, and one that they may not.
#[allow(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
async fn site() -> String {
    let html = |title: &str| {
        let text = "Some words that belong to it.";
        Html(format!(
            "<html><body><article><h1>{title}</h1><p>{text}</p></article></body></html>"
        ))
    };
    let (open, closed) = (html("A page for robots"), html("A page for people"));
    let router = Router::new()
        .route(
            "/robots.txt",
            get("User-agent: *\nDisallow: /closed\n".to_owned()),
        )
        .route("/page", get(open))
        .route("/closed", get(closed));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// With one commit, and a file that is in none.
fn repository(folder: &Path) -> PathBuf {
    let repository = folder.join("repository");
    let git = |args: &[&str]| {
        let mut git = std_command("git");
        // What the user of this machine wants of commits is not wanted here.
        git.env("GIT_CONFIG_GLOBAL", "/dev/null");
        git.env("GIT_CONFIG_NOSYSTEM", "1");
        git.args(["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]);
        git.arg("-C").arg(folder).args(args);
        let output = git.output().expect("git is needed: run `./test install`");
        assert!(output.status.success(), "{args:?}: {output:?}");
    };
    git(&["init", "-q", "repository"]);
    let commit = ["commit", "-q", "--allow-empty", "-m", "the first commit"];
    git(&[&["-C", "repository"], &commit[..]].concat());
    std::fs::write(repository.join("new.txt"), "new").expect("a file");
    repository
}

/// Of each server, with a client of each era: what stands for it in the page, and how it went.
pub(crate) async fn try_all() -> Vec<(String, Vec<Outcome>)> {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let key = control::master_key(&control, "all").await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().canonicalize().expect("a path");
    let mut rows = Vec::new();
    for mut server in servers(&path, &repository(&path), &site().await) {
        server.plan["command"] = json!(server.command);
        server.plan["env"] = server
            .env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        for protocol in server.eras {
            let era = match protocol {
                UpstreamProtocol::UpstreamProtocol20260728 => "2026-07-28",
                _ => "legacy",
            };
            let name = format!("{}-{era}", server.name);
            add(&control, &server, &name, *protocol).await;
            for (client, mode) in [("legacy", "legacy"), ("2026-07-28", "auto")] {
                let url = format!("{}/{name}", ostia.mcp_url);
                let mut command = command(installed::python(Python::V2));
                command.arg("-B").arg(script("compat_server.py"));
                command.args(["compat_sdk", mode, &key, &url, &server.plan.to_string()]);
                let outcomes = outcomes(&command::run(command).await, &FEATURES);
                rows.push((format!("{} | {era} | {client}", server.title), outcomes));
            }
        }
    }
    rows
}

async fn add(control: &Control, server: &Server, name: &str, protocol: UpstreamProtocol) {
    let (program, args) = server.command.split_first().expect("a program");
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    let mut definition = upstreams::program(name, program, &args);
    for (name, value) in &server.env {
        definition = definition.credential(name, value);
    }
    let definition = definition.with(|it| it.protocol = protocol.into());
    // One worker for all, as a server tells of updates only where somebody subscribed.
    definition.pool(1, 16, 16).add(control).await;
}
