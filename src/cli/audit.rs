//! `ostia audit`: what happened.

mod arguments;
mod export;
mod follow;
mod list;
mod stretches;
mod tail;
mod verify;
mod view;

use super::criteria::{Criteria, NOTHING_MATCHES};
use crate::{failure::Failure, output::Output};
use clap::{Subcommand, ValueEnum};
use ostia_proto::ControlClient;
use std::path::PathBuf;
pub(crate) use view::{Event, table};

const MAX_PAGE: u32 = 1000;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show the newest events, oldest first
    Tail {
        /// Go on with what happens; with --json one object per line
        #[arg(long, short)]
        follow: bool,
        /// How many events to begin with, at most 1000
        #[arg(long, short = 'n', default_value_t = 50, value_name = "N",
              value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_PAGE)))]
        limit: u32,
        #[command(flatten)]
        wanted: Wanted,
    },
    /// List events, newest first
    List {
        /// At most so many
        #[arg(long, default_value_t = 100, value_name = "N")]
        limit: usize,
        #[command(flatten)]
        wanted: Wanted,
    },
    /// Write events to stdout, oldest first, for another program
    Export {
        /// One JSON object per line, or comma-separated values
        #[arg(long, default_value = "jsonl", value_name = "FORM")]
        format: Format,
        #[command(flatten)]
        wanted: Wanted,
    },
    /// Show what was kept of the arguments of a call, where its upstream keeps them
    ///
    /// For users of the role auditor alone, and written down in audit: call it with the key of a service
    /// account of that role in place of the service token.
    Arguments {
        /// Id of the event
        #[arg(value_name = "ID")]
        event: String,
    },
    /// Read the hash chains of all events and say which were changed, removed or moved
    ///
    /// Exits with 1 when there is a problem. Keep what --json prints somewhere else and pass it to the next
    /// run with --known: then not even who can write to the database can change what was before.
    Verify {
        /// What `ostia audit verify --json` printed earlier
        #[arg(long, value_name = "FILE")]
        known: Option<PathBuf>,
    },
}

#[derive(clap::Args, Clone)]
pub(crate) struct Wanted {
    #[command(flatten)]
    criteria: Criteria,
    /// Of this kind: tools/call, keys.revoke; with * at its end, all that begin so
    #[arg(long, value_name = "ACTION", help_heading = "Only")]
    action: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    Jsonl,
    Csv,
}

pub(crate) async fn run(
    command: Command,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    match command {
        Command::Tail {
            follow: false,
            limit,
            wanted,
        } => tail::show(limit, &wanted, control, output).await,
        Command::Tail { limit, wanted, .. } => tail::follow(limit, &wanted, control, output).await,
        Command::List { limit, wanted } => list::run(limit, &wanted, control, output).await,
        Command::Export { format, wanted } => export::run(format, &wanted, control).await,
        Command::Arguments { event } => arguments::run(event, control, output).await,
        Command::Verify { known } => verify::run(known.as_deref(), control, output).await,
    }
}

impl Wanted {
    /// What is said where no event was found.
    fn nothing(&self) -> &'static str {
        match self.action {
            Some(_) => NOTHING_MATCHES,
            None => self.criteria.nothing("nothing happened yet"),
        }
    }

    fn request(&self) -> ostia_proto::v1::ListEventsRequest {
        self.criteria.events(self.action.as_deref())
    }
}

fn lines(events: &[Event], nothing: &str) -> String {
    if events.is_empty() {
        return nothing.to_owned();
    }
    let lines: Vec<String> = events.iter().map(Event::line).collect();
    lines.join("\n")
}
