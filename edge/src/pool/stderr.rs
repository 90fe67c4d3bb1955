//! What workers write to stderr: kept short, without their credentials, for operators.

use super::redact::redact;
use ostia_domain::key::Secret;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    process::ChildStderr,
};

const LINE_BYTES: u64 = 4096;
const KEPT_LINES: usize = 20;

/// The last lines a worker wrote.
#[derive(Default)]
pub(super) struct StderrTail(Mutex<VecDeque<String>>);

impl StderrTail {
    /// Reads until the worker closes its stderr, so that it never blocks on a full pipe.
    pub(super) async fn follow(
        &self,
        stderr: ChildStderr,
        upstream: &str,
        secrets: &BTreeMap<String, Secret>,
    ) {
        let mut reader = BufReader::new(stderr);
        let mut line = Vec::new();
        loop {
            line.clear();
            match (&mut reader)
                .take(LINE_BYTES)
                .read_until(b'\n', &mut line)
                .await
            {
                Ok(0) | Err(_) => return,
                Ok(_) => {
                    let said = String::from_utf8_lossy(&line);
                    let text = redact(said.trim_end(), secrets.values().map(Secret::expose));
                    tracing::debug!(upstream, "worker stderr: {text}");
                    self.push(text);
                }
            }
        }
    }

    fn push(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// The last line that says something.
    pub(super) fn last(&self) -> Option<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines
            .iter()
            .rev()
            .find(|line| !line.trim().is_empty())
            .cloned()
    }
}
