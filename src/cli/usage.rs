//! `ostia usage`: tool calls that were made.

mod export;
mod summary;
mod view;

use super::criteria::Criteria;
use crate::{failure::Failure, output::Output};
use clap::{Subcommand, ValueEnum};
use ostia_proto::{ControlClient, v1};
use view::{Record, table};

const MAX_PAGE: u32 = 1000;
const NO_CALLS: &str = "no calls yet";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List calls, newest first
    List {
        /// At most so many
        #[arg(long, default_value_t = 100, value_name = "N")]
        limit: usize,
        #[command(flatten)]
        criteria: Criteria,
    },
    /// Add calls up, by time and by what they have in common
    Summary {
        /// A row for each of these [default: one for all the time]
        #[arg(long, value_name = "LENGTH")]
        bucket: Option<summary::Bucket>,
        /// A row for each of these; several with commas
        #[arg(long, value_name = "WHAT", value_delimiter = ',')]
        by: Vec<summary::Dimension>,
        #[command(flatten)]
        criteria: Criteria,
    },
    /// Write calls to stdout, oldest first, for another program
    Export {
        /// Comma-separated values, or one JSON array
        #[arg(long, default_value = "csv", value_name = "FORM")]
        format: Format,
        #[command(flatten)]
        criteria: Criteria,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    Csv,
    Json,
}

pub(crate) async fn run(
    command: Command,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    match command {
        Command::List { limit, criteria } => list(limit, &criteria, control, output).await,
        Command::Summary {
            bucket,
            by,
            criteria,
        } => summary::run(bucket, &by, &criteria, control, output).await,
        Command::Export { format, criteria } => export::run(format, &criteria, control).await,
    }
}

async fn list(
    limit: usize,
    criteria: &Criteria,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let mut records: Vec<Record> = Vec::new();
    let mut page_token = String::new();
    while records.len() < limit {
        let missing = u32::try_from(limit - records.len()).unwrap_or(MAX_PAGE);
        let request = v1::ListUsageRequest {
            page_size: missing.min(MAX_PAGE),
            page_token,
            ..criteria.records()
        };
        let page = control.usage().list_usage(request).await?.into_inner();
        records.extend(page.records.into_iter().map(Record::from));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    output.result(&records, |records| {
        table(records, criteria.nothing(NO_CALLS))
    })
}
