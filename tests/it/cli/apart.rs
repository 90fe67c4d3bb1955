//! The recipe of the README for several machines, as it stands there but for its addresses.

use super::{USAGE, error, ostia};
use crate::harness::{
    authority::Authority,
    command::command,
    database::{self, Database},
    environment, http,
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Child,
    time::timeout,
};

/// The arguments of each `ostia run` in it.
fn recipe() -> HashMap<String, Vec<String>> {
    let readme = fs::read_to_string(environment::repository().join("README.md"));
    let readme = readme.expect("README.md");
    let (_, section) = readme
        .split_once("## Apart, on several machines")
        .expect("the section");
    let (_, block) = section.split_once("```sh\n").expect("a block");
    let (block, _) = block.split_once("```").expect("its end");
    let commands = block.replace("\\\n", " ");
    let commands = commands.lines().map(|line| {
        let mut words = line.split_whitespace().map(str::to_owned);
        assert_eq!(words.next().as_deref(), Some("ostia"), "{line}");
        let words: Vec<String> = words.collect();
        (words[1].clone(), words)
    });
    commands.collect()
}

/// Where each machine of the recipe is here.
struct Site {
    folder: tempfile::TempDir,
    database: Database,
    ports: [(&'static str, u16); 3],
}

impl Site {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let authority = Authority::new();
        fs::write(folder.path().join("ca.pem"), authority.pem()).expect("written");
        for (machine, name) in [("control", "localhost"), ("edge", "edge"), ("web", "web")] {
            let (certificate, key) = authority.issue(name);
            for (extension, text) in [("pem", certificate), ("key", key)] {
                let path = folder.path().join(format!("{machine}.{extension}"));
                fs::write(path, text).expect("written");
            }
        }
        // All are held until all are known, so that they differ.
        let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port"));
        let [control, edge, web] =
            listeners.map(|listener| listener.local_addr().expect("a port").port());
        Self {
            folder,
            database: database::blank().await,
            ports: [("7070", control), ("8080", edge), ("8081", web)],
        }
    }

    fn here(&self, word: &str) -> String {
        let mut word = word
            .replace("postgres://ostia@db/ostia", &self.database.url)
            .replace("https://control:", "https://localhost:")
            .replace("http://edge:", "http://127.0.0.1:");
        for (port, here) in self.ports {
            word = word.replace(&format!(":{port}"), &format!(":{here}"));
        }
        word
    }

    fn address(&self, port: &str) -> String {
        self.here(&format!("http://127.0.0.1:{port}"))
    }

    fn data(&self, role: &str) -> PathBuf {
        self.folder.path().join(format!("{role}-data"))
    }

    /// Runs it and reads what it says once it is ready.
    async fn run(&self, words: &[String], more: &[&str]) -> (Child, Value) {
        let mut command = command(environment::OSTIA);
        command
            .args(words.iter().map(|word| self.here(word)))
            .args(["--json", "--admin-listen", "127.0.0.1:0", "--data-dir"])
            .arg(self.data(&words[1]))
            .args(more)
            .current_dir(self.folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().expect("ostia");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let line = timeout(Duration::from_secs(60), lines.next_line()).await;
        let line = line.expect("in time").expect("stdout").expect("a line");
        (child, serde_json::from_str(&line).expect("JSON"))
    }
}

#[tokio::test]
async fn the_recipe_works_as_it_is_written() {
    let (site, recipe) = (Site::new().await, recipe());
    let (_control, control) = site.run(&recipe["control"], &["--demo"]).await;
    let link = control["login_url"].as_str().expect("a link");
    assert!(
        link.starts_with("https://ostia.example.com/login/"),
        "{link}"
    );
    let (_edge, edge) = site.run(&recipe["edge"], &[]).await;
    assert_eq!(edge["mcp_url"], "https://mcp.example.com/mcp");
    let (_web, web) = site.run(&recipe["web"], &[]).await;
    assert_eq!(web["web_url"], "https://ostia.example.com");

    let key = control["key"].as_str().expect("a key");
    let execute = site.address("8081") + "/api/v1/upstreams/demo/tools/echo/execute";
    let called = http::client().post(execute).bearer_auth(key);
    let called = called.body(json!({"arguments": {"message": "apart"}}).to_string());
    let called = called.send().await.expect("an answer");
    let answer: Value = called.json().await.expect("JSON");
    assert_eq!(answer["content"][0]["text"], "apart", "{answer}");

    let mcp = site.address("8080") + "/mcp";
    for (host, allowed) in [
        ("edge:8080", true),
        ("mcp.example.com", true),
        ("evil.example", false),
    ] {
        let asked = http::client().get(&mcp).bearer_auth(key);
        let answer = asked.header("host", host).send().await;
        let status = answer.expect("an answer").status();
        assert_eq!(status != 403, allowed, "{host}: {status}");
    }

    let data = site.data("control");
    let url = site.here("https://control:7070");
    let args = [
        "login-link",
        "--json",
        "--data-dir",
        data.to_str().expect("UTF-8"),
    ];
    let certificates = [
        "--control-ca",
        "ca.pem",
        "--control-client-cert",
        "edge.pem",
    ];
    let certificates = [&certificates[..], &["--control-client-key", "edge.key"]].concat();
    let args = [&args[..], &["--control-url", &url], &certificates].concat();
    let link = ostia(site.folder.path(), &args).await.ok().json();
    let link = link["login_url"].as_str().expect("a link");
    assert!(
        link.starts_with("https://ostia.example.com/login/"),
        "{link}"
    );
}

async fn refused(folder: &Path, args: &[&str], flag: &str) {
    let refused = ostia(folder, &[args, &["--json"]].concat()).await;
    assert_eq!(refused.code, USAGE, "{refused:#?}");
    let error = error(&refused);
    assert!(
        error["message"].to_string().contains("plain text"),
        "{error}"
    );
    for hint in [flag, "--control-plaintext"] {
        assert!(error["hint"].to_string().contains(hint), "{error}");
    }
}

#[tokio::test]
async fn nothing_is_said_to_control_in_plain_text_over_a_network() {
    let folder = super::folder();
    let listen = ["run", "control", "--control-listen", "0.0.0.0:0"];
    refused(folder.path(), &listen, "--tls-cert").await;
    for command in [&["run", "edge"][..], &["run", "web"], &["keys", "list"]] {
        let args = [command, &["--control-url", "http://control:7070"]].concat();
        refused(folder.path(), &args, "--control-ca").await;
    }
    // Before anything is written.
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 0);
}

#[tokio::test]
async fn plain_text_over_a_network_has_to_be_said() {
    let site = Site::new().await;
    let words = [
        "run",
        "control",
        "--migrate",
        "--control-plaintext",
        "--control-listen",
    ];
    let words = [&words[..], &["0.0.0.0:7070"]].concat();
    let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
    let (_control, control) = site.run(&words, &[]).await;
    let url = control["control_url"].as_str().expect("an address");
    assert!(url.starts_with("http://"), "{url}");
}
