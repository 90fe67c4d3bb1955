//! A program that is spoken to in lines of JSON, as MCP has it on stdin and stdout.

use serde_json::{Value, json};
use std::{process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Talk {
    child: Child,
    /// Unset once nothing more will be said.
    stdin: Option<ChildStdin>,
    stdout: Lines<BufReader<ChildStdout>>,
}

impl Talk {
    pub(crate) fn start(mut program: Command) -> Self {
        program.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = program.spawn().expect("the program");
        let stdout = child.stdout.take().expect("a pipe");
        Self {
            stdin: child.stdin.take(),
            stdout: BufReader::new(stdout).lines(),
            child,
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().expect("a running program")
    }

    pub(crate) async fn send(&mut self, message: &Value) {
        self.line(&message.to_string()).await;
    }

    pub(crate) async fn line(&mut self, line: &str) {
        let line = format!("{line}\n");
        let stdin = self.stdin.as_mut().expect("an open stdin");
        stdin.write_all(line.as_bytes()).await.expect("stdin");
    }

    /// What it says next.
    pub(crate) async fn next(&mut self) -> Value {
        let line = timeout(PATIENCE, self.stdout.next_line()).await;
        let line = line.expect("in time").expect("stdout").expect("a line");
        serde_json::from_str(&line).expect("JSON")
    }

    pub(crate) async fn request(&mut self, id: impl Into<Value>, method: &str, params: Value) {
        let id = id.into();
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
            .await;
    }

    pub(crate) async fn ask(&mut self, id: impl Into<Value>, method: &str, params: Value) -> Value {
        self.request(id, method, params).await;
        self.next().await
    }

    /// Closes its stdin; answers with its exit code once it has ended.
    pub(crate) async fn hang_up(mut self) -> Option<i32> {
        drop(self.stdin.take());
        let status = timeout(PATIENCE, self.child.wait()).await;
        status.expect("in time").expect("a status").code()
    }
}
