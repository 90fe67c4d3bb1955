//! What workers write to stderr: kept short, without their credentials, for operators.

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
/// Shorter values of the environment are words like `true`, not credentials.
const MIN_SECRET_LEN: usize = 6;

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
                    let text = redact(String::from_utf8_lossy(&line).trim_end(), secrets);
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

fn redact(line: &str, secrets: &BTreeMap<String, Secret>) -> String {
    let secrets = secrets.values().map(Secret::expose);
    secrets
        .filter(|secret| secret.len() >= MIN_SECRET_LEN)
        .fold(line.to_owned(), |line, secret| line.replace(secret, "•••"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_of_the_worker_are_blotted_out() {
        let secrets = [("TOKEN".to_owned(), Secret::new("hunter2hunter2"))].into();
        assert_eq!(redact("using hunter2hunter2!", &secrets), "using •••!");
    }
}
