//! The provider that others wrote and certified, and an Ostia that knows it.

use crate::{
    harness::{
        command::command,
        environment, http,
        ostia::{Options, Ostia},
    },
    web::{Page, visitor::Visitor},
};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Child,
    time::timeout,
};

const START: Duration = Duration::from_secs(30);

/// A missing one fails the test: skipping would look like success.
#[track_caller]
pub(super) fn modules() -> PathBuf {
    let path = environment::peers().join("browser/node_modules");
    assert!(
        path.exists(),
        "{} is missing: run `./test install`, or `./test browser`, which does both",
        path.display()
    );
    path
}

pub(super) fn node() -> PathBuf {
    modules().join("node/bin/node")
}

pub(super) fn script(name: &str) -> PathBuf {
    environment::repository().join("tests/browser").join(name)
}

/// A provider that runs until the value is dropped.
pub(super) struct Provider {
    pub(super) issuer: String,
    process: Child,
}

impl Provider {
    pub(super) async fn start() -> Self {
        let mut command = command(node());
        command
            .arg(script("oidc-provider.mjs"))
            .env("MODULES", modules())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut process = command.spawn().expect("node");
        let stdout = process.stdout.take().expect("a pipe");
        let mut lines = BufReader::new(stdout).lines();
        // Warnings about its defaults come first.
        let ready = async {
            loop {
                let line = lines.next_line().await.expect("output");
                let line = line.expect("the provider ended before it was ready");
                if let Ok(ready) = serde_json::from_str::<Value>(&line) {
                    break ready;
                }
            }
        };
        let ready = timeout(START, ready).await.expect("the provider is ready");
        let issuer = ready["issuer"].as_str().expect("an issuer").to_owned();
        Self { issuer, process }
    }

    async fn change(&self, method: reqwest::Method, path: &str, body: &Value) {
        let url = format!("{}/test/{path}", self.issuer);
        let request = http::client().request(method, url).body(body.to_string());
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 204);
    }

    /// What it says about somebody from now on.
    pub(super) async fn account(&self, name: &str, claims: &Value) {
        let path = format!("accounts/{name}");
        self.change(reqwest::Method::PUT, &path, claims).await;
    }

    pub(super) async fn leaves(&self, name: &str) {
        let path = format!("accounts/{name}");
        self.change(reqwest::Method::DELETE, &path, &Value::Null)
            .await;
    }

    pub(super) async fn new_keys(&self) {
        self.change(reqwest::Method::POST, "keys", &json!({})).await;
    }

    pub(super) async fn ends(&mut self) {
        self.process.kill().await.expect("killed");
    }
}

/// An Ostia whose people come from a provider called `work`.
pub(super) struct Setup {
    pub(super) provider: Provider,
    pub(super) ostia: Ostia,
    _folder: TempDir,
}

pub(super) async fn start() -> Setup {
    start_with(Ostia::options(), "").await
}

/// `more` is put into the table of the provider.
pub(super) async fn start_with(options: Options, more: &str) -> Setup {
    let provider = Provider::start().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = configuration(folder.path(), &provider.issuer, more);
    let ostia = options
        .arg("--config")
        .arg(config.display().to_string())
        .start()
        .await;
    let back = format!("{}/login/with/work/callback", ostia.web_url);
    let client = json!({ "redirect_uris": [back] });
    provider
        .change(reqwest::Method::PUT, "client", &client)
        .await;
    Setup {
        provider,
        ostia,
        _folder: folder,
    }
}

fn configuration(folder: &Path, issuer: &str, more: &str) -> PathBuf {
    std::fs::write(folder.join("secret"), "the-secret-of-the-client\n").expect("a file");
    let config = folder.join("ostia.toml");
    let text = format!(
        r#"
        [[oidc]]
        name = "work"
        label = "Work"
        issuer = "{issuer}"
        client_id = "ostia"
        client_secret_file = "secret"
        groups_claim = "groups"
        allow_private_network = true
        {more}
        [oidc.roles]
        gateway-admins = "administrator"
        gateway-ops = "operator"
        "#
    );
    std::fs::write(&config, text).expect("a file");
    config
}

impl Setup {
    pub(super) fn visitor(&self) -> Visitor {
        Visitor::of(&self.ostia.web_url)
    }

    /// From our sign-in page to the provider, through its form, to the address that it sends the browser
    /// back to; nothing of it is opened.
    pub(super) async fn way_back(&self, visitor: &Visitor, name: &str, next: &str) -> String {
        let begin = format!("/login/with/work?next={next}");
        let answer = visitor.open(&begin).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        let there = answer.header("location").to_owned();
        assert!(there.starts_with(&self.provider.issuer), "{there}");
        let there_too = Visitor::of(&self.provider.issuer);
        self.through_the_form(&there_too, &there, name).await
    }

    /// As somebody whom the provider may know already.
    pub(super) async fn through_the_form(
        &self,
        at_provider: &Visitor,
        url: &str,
        name: &str,
    ) -> String {
        let mut page = at_provider.open(url).await;
        loop {
            assert!(
                (300..400).contains(&page.status),
                "{}: {}",
                page.status,
                page.body
            );
            let location = page.header("location").to_owned();
            if location.starts_with(&self.ostia.web_url) {
                return location;
            }
            page = at_provider.open(&location).await;
            if page.status == 200 {
                let fields = [("prompt", "login"), ("login", name), ("password", "any")];
                page = at_provider.submit_as_is(&location, &fields).await;
            }
        }
    }

    /// All the way in; the answer is the one to the way back.
    pub(super) async fn comes_back(&self, visitor: &Visitor, name: &str) -> Page {
        let back = self.way_back(visitor, name, "/settings").await;
        visitor.open(&back).await
    }

    /// Signed in; fails unless that went well.
    pub(super) async fn signed_in(&self, name: &str) -> Visitor {
        let visitor = self.visitor();
        let answer = self.comes_back(&visitor, name).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        visitor
    }

    /// As `ostia users show` tells.
    pub(super) async fn user(&self, name: &str) -> Value {
        self.ostia.cli(&["users", "show", name]).await.ok().json()
    }
}
