//! `ostia audit`: what happened.

mod follow;
mod view;

use crate::{
    failure::Failure,
    output::{Output, line},
};
use clap::Subcommand;
use follow::Follower;
use ostia_proto::{ControlClient, v1};
use std::time::Duration;
use view::Event;

const POLL: Duration = Duration::from_millis(500);
const MAX_PAGE: u32 = 1000;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show the newest events, oldest first
    Tail {
        /// Go on with what happens; with --json one object per line
        #[arg(long, short)]
        follow: bool,
        /// Only what this key did, by id or public id
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
        /// How many events to begin with, at most 1000
        #[arg(long, short = 'n', default_value_t = 50, value_name = "N",
              value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_PAGE)))]
        limit: u32,
    },
}

pub(crate) async fn run(
    command: Command,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let Command::Tail { follow, key, limit } = command;
    let request = v1::ListEventsRequest {
        key: key.clone(),
        page_size: limit,
        ..v1::ListEventsRequest::default()
    };
    let mut newest = control
        .audit()
        .list_events(request)
        .await?
        .into_inner()
        .events;
    newest.reverse();
    if follow {
        return tail(newest, key, control, output).await;
    }
    let events: Vec<Event> = newest.into_iter().map(Event::from).collect();
    output.result(&events, |events| {
        if events.is_empty() {
            return "nothing happened yet".to_owned();
        }
        let lines: Vec<String> = events.iter().map(Event::line).collect();
        lines.join("\n")
    })
}

/// Prints until the process is interrupted.
async fn tail(
    newest: Vec<v1::AuditEvent>,
    key: Option<String>,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let mut follower = Follower::default();
    let mut events = newest;
    loop {
        for event in follower.unseen(events) {
            print(event, output)?;
        }
        tokio::time::sleep(POLL).await;
        let request = v1::ListEventsRequest {
            after: follower.anchor(),
            key: key.clone(),
            page_size: MAX_PAGE,
            ..v1::ListEventsRequest::default()
        };
        let anchored = request.after.is_some();
        events = control
            .audit()
            .list_events(request)
            .await?
            .into_inner()
            .events;
        if !anchored {
            events.reverse();
        }
    }
}

fn print(event: v1::AuditEvent, output: Output) -> Result<(), Failure> {
    let event = Event::from(event);
    if output.is_json() {
        let text = serde_json::to_string(&event)
            .map_err(|error| Failure::new("cannot write the event").because(&error))?;
        return line(&text);
    }
    line(&event.line())
}
