//! Whether any event was changed, removed or moved.

use super::stretches::{self, KeptSince, Stretch};
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
    /// What was read.
    stretches: Vec<Stretch>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Chain {
    pub(super) writer: String,
    pub(super) kind: String,
    pub(super) started_at: Option<String>,
    pub(super) sequence: u64,
    pub(super) hash: String,
    pub(super) pruned: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Problem {
    pub(super) writer: Option<String>,
    pub(super) sequence: u64,
    pub(super) event_id: Option<String>,
    #[serde(rename = "problem")]
    pub(super) text: String,
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

fn read(path: &Path) -> Result<Report, Failure> {
    let text = config::read_named("--known", path)?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::usage(format!("{} (--known)", path.display())).because(&error))
}

async fn verify(known: Report, control: &ControlClient) -> Result<Report, Failure> {
    let mut report = Report::default();
    let mut kept;
    let ends = known.chains.iter().map(|chain| v1::ChainEnd {
        writer: chain.writer.clone(),
        sequence: chain.sequence,
        hash: chain.hash.clone(),
        ..v1::ChainEnd::default()
    });
    let mut request = v1::VerifyEventsRequest {
        page_token: String::new(),
        known: ends.collect(),
    };
    loop {
        let page = control.audit().verify_events(request).await?.into_inner();
        // That of the last page: what gets old enough in the meantime may go in the meantime.
        kept = KeptSince::of(&page);
        report.checked += page.checked;
        report.unchained += page.unchained;
        report
            .chains
            .extend(page.chains.into_iter().map(Chain::from));
        report
            .problems
            .extend(page.problems.into_iter().map(Problem::from));
        let stretches = page.stretches.into_iter().filter_map(Stretch::of);
        stretches::join(&mut report.stretches, stretches);
        if page.next_page_token.is_empty() {
            break;
        }
        request = v1::VerifyEventsRequest {
            page_token: page.next_page_token,
            known: Vec::new(),
        };
    }
    let gone = stretches::compare(&known.chains, &known.stretches, &report.stretches, kept);
    report.problems.extend(gone);
    report.intact = report.problems.is_empty();
    Ok(report)
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
