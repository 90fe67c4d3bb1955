//! Whether any event was changed, removed or moved.

use crate::{
    cli::show::{count, optional, timestamp},
    config,
    failure::Failure,
    output::Output,
};
use ostia_proto::{ControlClient, v1};
use serde::{Deserialize, Serialize};
use std::{fmt::Write as _, path::Path};

/// How many problems are shown to people; programs get all.
const SHOWN: usize = 20;

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Report {
    intact: bool,
    checked: u64,
    /// Events of before there were chains.
    unchained: u64,
    chains: Vec<Chain>,
    problems: Vec<Problem>,
}

#[derive(Serialize, Deserialize)]
struct Chain {
    writer: String,
    kind: String,
    started_at: Option<String>,
    sequence: u64,
    hash: String,
    pruned: u64,
}

#[derive(Serialize, Deserialize)]
struct Problem {
    writer: Option<String>,
    sequence: u64,
    event_id: Option<String>,
    #[serde(rename = "problem")]
    text: String,
}

pub(super) async fn run(
    known: Option<&Path>,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let known = known.map(read).transpose()?.unwrap_or_default();
    let report = verify(known, control).await?;
    output.result(&report, Report::text)?;
    if report.intact {
        return Ok(());
    }
    Err(Failure::new(format!(
        "the audit events are not what was written: {}",
        count(report.problems.len(), "problem", "problems")
    ))
    .hint(
        "compare with a backup or an export of before; docs/audit.md says what each problem means",
    ))
}

fn read(path: &Path) -> Result<Vec<v1::ChainEnd>, Failure> {
    let text = config::read_named("--known", path)?;
    let report: Report = serde_json::from_str(&text)
        .map_err(|error| Failure::usage(format!("{} (--known)", path.display())).because(&error))?;
    let ends = report.chains.into_iter().map(|chain| v1::ChainEnd {
        writer: chain.writer,
        sequence: chain.sequence,
        hash: chain.hash,
        ..v1::ChainEnd::default()
    });
    Ok(ends.collect())
}

async fn verify(known: Vec<v1::ChainEnd>, control: &ControlClient) -> Result<Report, Failure> {
    let mut report = Report::default();
    let mut request = v1::VerifyEventsRequest {
        page_token: String::new(),
        known,
    };
    loop {
        let page = control.audit().verify_events(request).await?.into_inner();
        report.checked += page.checked;
        report.unchained += page.unchained;
        report
            .chains
            .extend(page.chains.into_iter().map(Chain::from));
        report
            .problems
            .extend(page.problems.into_iter().map(Problem::from));
        if page.next_page_token.is_empty() {
            report.intact = report.problems.is_empty();
            return Ok(report);
        }
        request = v1::VerifyEventsRequest {
            page_token: page.next_page_token,
            known: Vec::new(),
        };
    }
}

impl Report {
    fn text(&self) -> String {
        let mut lines: Vec<_> = self
            .problems
            .iter()
            .take(SHOWN)
            .map(Problem::line)
            .collect();
        if self.problems.len() > SHOWN {
            lines.push(format!("and {} more", self.problems.len() - SHOWN));
        }
        let state = if self.intact { "intact" } else { "not intact" };
        let mut last = format!(
            "{state}: read {} in {}",
            count(self.checked, "event", "events"),
            count(self.chains.len(), "chain", "chains")
        );
        if self.unchained > 0 {
            let older = count(self.unchained, "is", "are");
            let _ = write!(last, ", {older} older than the chains");
        }
        lines.push(last);
        lines.join("\n")
    }
}

impl Problem {
    fn line(&self) -> String {
        let event = self.event_id.as_deref().unwrap_or("-");
        match &self.writer {
            Some(writer) => format!(
                "event {event}, number {} of writer {writer}: {}",
                self.sequence, self.text
            ),
            None => format!("event {event}: {}", self.text),
        }
    }
}

impl From<v1::ChainEnd> for Chain {
    fn from(end: v1::ChainEnd) -> Self {
        Self {
            writer: end.writer,
            kind: end.kind,
            started_at: timestamp(end.started_at),
            sequence: end.sequence,
            hash: end.hash,
            pruned: end.pruned,
        }
    }
}

impl From<v1::ChainProblem> for Problem {
    fn from(problem: v1::ChainProblem) -> Self {
        Self {
            writer: optional(problem.writer),
            sequence: problem.sequence,
            event_id: optional(problem.event_id),
            text: problem.problem,
        }
    }
}
