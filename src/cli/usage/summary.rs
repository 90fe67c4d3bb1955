//! Calls added up.

use super::NO_CALLS;
use crate::{
    cli::{
        criteria::Criteria,
        prices::money,
        show::{milliseconds, moment},
        table::Table,
    },
    failure::Failure,
    output::Output,
};
use clap::ValueEnum;
use ostia_proto::{ControlClient, v1};
use ostia_web::{UsageSummary, UsageSummaryRow};

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Bucket {
    Hour,
    Day,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dimension {
    Key,
    User,
    Upstream,
    Tool,
    Outcome,
}

pub(super) async fn run(
    bucket: Option<Bucket>,
    by: &[Dimension],
    criteria: &Criteria,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let request = v1::SummarizeUsageRequest {
        bucket: match bucket {
            None => v1::Bucket::Unspecified,
            Some(Bucket::Hour) => v1::Bucket::Hour,
            Some(Bucket::Day) => v1::Bucket::Day,
        }
        .into(),
        group_by: by.iter().map(|dimension| dimension.number()).collect(),
        ..criteria.summary()
    };
    let answer = control.usage().summarize_usage(request).await?.into_inner();
    output.result(&UsageSummary::from(answer), |summary| {
        table(summary, bucket, by, criteria.nothing(NO_CALLS))
    })
}

impl Dimension {
    fn number(self) -> i32 {
        match self {
            Self::Key => v1::Dimension::Key,
            Self::User => v1::Dimension::User,
            Self::Upstream => v1::Dimension::Upstream,
            Self::Tool => v1::Dimension::Tool,
            Self::Outcome => v1::Dimension::Outcome,
        }
        .into()
    }

    fn heading(self) -> &'static str {
        match self {
            Self::Key => "KEY",
            Self::User => "USER",
            Self::Upstream => "UPSTREAM",
            Self::Tool => "TOOL",
            Self::Outcome => "OUTCOME",
        }
    }

    fn cell(self, row: &UsageSummaryRow) -> String {
        let or = |name: &Option<String>, id: &Option<String>| {
            let found = name.clone().or_else(|| id.clone());
            found.unwrap_or_else(|| "-".to_owned())
        };
        match self {
            Self::Key => or(&row.key_name, &row.key_id),
            Self::User => or(&row.owner_name, &row.owner_id),
            Self::Upstream => or(&row.upstream, &None),
            Self::Tool => match (&row.upstream, &row.tool) {
                (Some(upstream), Some(tool)) => format!("{upstream}.{tool}"),
                _ => "-".to_owned(),
            },
            Self::Outcome => or(&row.outcome, &None),
        }
    }
}

fn table(
    summary: &UsageSummary,
    bucket: Option<Bucket>,
    by: &[Dimension],
    nothing: &'static str,
) -> String {
    let mut heading = Vec::new();
    if bucket.is_some() {
        heading.push("FROM");
    }
    heading.extend(by.iter().map(|dimension| dimension.heading()));
    heading.extend(["CALLS", "ERRORS", "MEAN", "P95", "COST"]);
    let rows = summary.rows.iter().map(|row| {
        let mut cells = Vec::new();
        if bucket.is_some() {
            cells.push(moment(row.start.as_ref(), "-"));
        }
        cells.extend(by.iter().map(|dimension| dimension.cell(row)));
        cells.extend([
            row.calls.to_string(),
            row.errors.to_string(),
            row.duration_us
                .checked_div(row.calls)
                .map_or("-".to_owned(), milliseconds),
            p95(summary, row),
            cost(row),
        ]);
        cells
    });
    Table::with_columns(heading, nothing).add(rows).text()
}

/// The class that the slowest of 95 in 100 calls is in.
fn p95(summary: &UsageSummary, row: &UsageSummaryRow) -> String {
    let rank = row.calls - row.calls / 20;
    let mut calls = 0;
    for (class, count) in row.durations.iter().enumerate() {
        calls += count;
        if calls >= rank {
            let of = |bound: &u64| format!("{} ms", bound / 1_000);
            return match (
                summary.duration_bounds_us.get(class),
                summary.duration_bounds_us.last(),
            ) {
                (Some(bound), _) => format!("<= {}", of(bound)),
                (None, last) => format!("> {}", last.map(of).unwrap_or_default()),
            };
        }
    }
    "-".to_owned()
}

fn cost(row: &UsageSummaryRow) -> String {
    if row.costs.is_empty() {
        return "-".to_owned();
    }
    let costs = row
        .costs
        .iter()
        .map(|cost| money(cost.micros, &cost.currency));
    costs.collect::<Vec<_>>().join(" + ")
}
