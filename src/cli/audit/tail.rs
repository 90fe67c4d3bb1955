//! The newest events, and what comes after them.

use super::{Event, MAX_PAGE, Wanted, follow::Follower, lines};
use crate::{
    failure::Failure,
    output::{Output, line},
};
use ostia_proto::{ControlClient, v1};
use std::time::Duration;

const POLL: Duration = Duration::from_millis(500);

pub(super) async fn show(
    limit: u32,
    wanted: &Wanted,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let newest = newest(limit, wanted, control).await?;
    let events: Vec<Event> = newest.into_iter().map(Event::from).collect();
    output.result(&events, |events| lines(events, wanted.nothing()))
}

/// Prints until the process is interrupted.
pub(super) async fn follow(
    limit: u32,
    wanted: &Wanted,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let mut follower = Follower::default();
    let mut events = newest(limit, wanted, control).await?;
    loop {
        for event in follower.unseen(events) {
            print(event, output)?;
        }
        tokio::time::sleep(POLL).await;
        events = match follower.anchor() {
            None => newest(MAX_PAGE, wanted, control).await?,
            Some(anchor) => after(anchor, wanted, control).await?,
        };
    }
}

/// Oldest first.
async fn newest(
    limit: u32,
    wanted: &Wanted,
    control: &ControlClient,
) -> Result<Vec<v1::AuditEvent>, Failure> {
    let request = v1::ListEventsRequest {
        page_size: limit,
        ..wanted.request()
    };
    let answer = control.audit().list_events(request).await?;
    let mut events = answer.into_inner().events;
    events.reverse();
    Ok(events)
}

async fn after(
    anchor: String,
    wanted: &Wanted,
    control: &ControlClient,
) -> Result<Vec<v1::AuditEvent>, Failure> {
    let request = v1::ListEventsRequest {
        after: Some(anchor),
        page_size: MAX_PAGE,
        ..wanted.request()
    };
    let answer = control.audit().list_events(request).await?;
    Ok(answer.into_inner().events)
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
