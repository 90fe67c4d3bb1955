//! A mail server that others wrote, which tells what it is given.

use crate::{
    harness::{command::command, environment},
    peers::installed::{self, Python},
};
use serde_json::{Value, json};
use std::{process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout},
    time::timeout,
};

pub(super) const USER: &str = "ostia";
/// As it stands in an address, and as it is.
pub(super) const PASSWORD: (&str, &str) = ("hunter%2F2%40", "hunter/2@");
const PATIENCE: Duration = Duration::from_secs(60);

/// Until the value is dropped.
pub(super) struct Server {
    pub(super) port: u16,
    commands: ChildStdin,
    said: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

impl Server {
    /// It demands a login; `more` is added to what it is told.
    pub(super) async fn start(more: Value) -> Self {
        let mut options = json!({ "login": [USER, PASSWORD.1] });
        let more = more.as_object().expect("an object").clone();
        options.as_object_mut().expect("an object").extend(more);
        let mut command = command(installed::python(Python::V2));
        command
            .arg(environment::repository().join("tests/peers/smtp.py"))
            .arg(options.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut process = command.spawn().expect("Python");
        let stdout = process.stdout.take().expect("a pipe");
        let mut server = Self {
            port: 0,
            commands: process.stdin.take().expect("a pipe"),
            said: BufReader::new(stdout).lines(),
            _process: process,
        };
        let port = server.next("port").await;
        server.port = u16::try_from(port.as_u64().expect("a number")).expect("a port");
        server
    }

    /// From when this ends.
    pub(super) async fn takes_all(&mut self) {
        self.commands.write_all(b"take\n").await.expect("a pipe");
        let refuses = self.next("refuses").await;
        assert_eq!(refuses, false);
    }

    pub(super) async fn refused(&mut self) -> String {
        let address = self.next("refused").await;
        address.as_str().expect("an address").to_owned()
    }

    pub(super) async fn mail(&mut self) -> Mail {
        Mail(self.next("mail").await)
    }

    /// The next thing of a kind that it says. A mail is passed over by nobody who waits for something else.
    async fn next(&mut self, kind: &str) -> Value {
        loop {
            let line = timeout(PATIENCE, self.said.next_line()).await;
            let line = line.unwrap_or_else(|_| panic!("no {kind} within {PATIENCE:?}"));
            let line = line.expect("output").expect("the mail server ended");
            let mut said: Value = serde_json::from_str(&line).expect("JSON");
            if !said[kind].is_null() {
                return said[kind].take();
            }
            assert!(said["mail"].is_null(), "{kind} was awaited: {said}");
        }
    }
}

/// As it came to the server, decoded.
#[derive(Debug)]
pub(super) struct Mail(Value);

impl Mail {
    pub(super) fn text(&self) -> String {
        let text = self.0["text"].as_str().expect("a text");
        text.replace("\r\n", "\n")
    }

    #[track_caller]
    pub(super) fn header(&self, name: &str) -> &str {
        let header = self.0["headers"][name].as_str();
        header.unwrap_or_else(|| panic!("no {name}: {self:?}"))
    }

    #[track_caller]
    pub(super) fn assert_is_to(&self, address: &str) {
        assert_eq!(self.0["recipients"], json!([address]), "{self:?}");
        assert_eq!(self.0["sender"], "ostia@example.com", "{self:?}");
        assert_eq!(self.0["login"], USER, "{self:?}");
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.0["encrypted"] == true
    }
}
