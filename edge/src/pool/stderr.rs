//! What workers write to stderr: the start of each line, without their credentials, for operators.

use super::redact::redact;
use ostia_domain::{clock, key::Secret, upstream::WorkerLine};
use std::{
    collections::{BTreeMap, VecDeque},
    mem,
    sync::{Mutex, PoisonError},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    process::ChildStderr,
};

const LINE_BYTES: u64 = 4096;
const KEPT_LINES: usize = 20;
/// Of all workers of an upstream together.
const KEPT_OF_ALL: usize = 100;

/// A line without secrets. Where it is `cut`, its end may be the start of one.
fn kept<'s>(line: &[u8], cut: bool, secrets: impl Iterator<Item = &'s str> + Clone) -> String {
    let said = String::from_utf8_lossy(line);
    let longest = secrets.clone().map(str::len).max().unwrap_or_default();
    let mut text = redact(said.trim_end(), secrets);
    if cut {
        // A character that was cut has become a longer one.
        let end = text
            .len()
            .saturating_sub(longest + char::REPLACEMENT_CHARACTER.len_utf8());
        text.truncate(text.floor_char_boundary(end));
        text.push('…');
    }
    text
}

/// The last lines of all workers of an upstream, those that are gone too.
#[derive(Default)]
pub(super) struct Output(Mutex<VecDeque<WorkerLine>>);

impl Output {
    fn push(&self, worker: u64, text: &str) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT_OF_ALL {
            lines.pop_front();
        }
        lines.push_back(WorkerLine {
            worker,
            at: clock::now(),
            text: text.to_owned(),
        });
    }

    /// Oldest first.
    pub(super) fn lines(&self) -> Vec<WorkerLine> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().cloned().collect()
    }
}

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
        (output, worker): (&Output, u64),
    ) {
        let mut reader = BufReader::new(stderr);
        let mut line = Vec::new();
        // Whether what comes is the rest of a line whose start was kept.
        let mut within = false;
        loop {
            line.clear();
            match (&mut reader)
                .take(LINE_BYTES)
                .read_until(b'\n', &mut line)
                .await
            {
                Ok(0) | Err(_) => return,
                Ok(_) => {
                    let secrets = secrets.values().map(Secret::expose);
                    let cut = line.len() as u64 == LINE_BYTES && !line.ends_with(b"\n");
                    if !mem::replace(&mut within, cut) {
                        let text = kept(&line, cut, secrets);
                        tracing::debug!(upstream, "worker stderr: {text}");
                        output.push(worker, &text);
                        self.push(text);
                    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Wherever a line is cut, and however much shorter it is without other secrets.
    #[test]
    fn no_part_of_a_secret_is_kept_of_a_line_that_is_cut() {
        let secrets = ["a-rather-long-secret-é-of-somebody", "another"];
        let said = format!("{}: another, {}", "-".repeat(40), secrets[0]);
        for end in 0..said.len() {
            let text = kept(&said.as_bytes()[..end], true, secrets.into_iter());
            assert!(!text.contains("a-r") && !text.contains("ano"), "{text}");
        }
        let whole = kept(said.as_bytes(), false, secrets.into_iter());
        assert!(whole.ends_with(": •••, •••"), "{whole}");
    }
}
