//! Events for other programs.

use super::{Event, Format, MAX_PAGE, Wanted};
use crate::{
    cli::export::{BEFORE_ALL, Export, Form},
    failure::Failure,
};
use ostia_proto::{ControlClient, v1};

pub(super) async fn run(
    format: Format,
    wanted: &Wanted,
    control: &ControlClient,
) -> Result<(), Failure> {
    let mut export = Export::begin::<Event>(match format {
        Format::Jsonl => Form::JsonLines,
        Format::Csv => Form::Csv,
    })?;
    // Oldest first: what happens meanwhile is at the end and not in the middle of two pages.
    let mut after = BEFORE_ALL.to_owned();
    loop {
        let request = v1::ListEventsRequest {
            after: Some(after.clone()),
            page_size: MAX_PAGE,
            ..wanted.request()
        };
        let events = control.audit().list_events(request).await?.into_inner();
        let events: Vec<Event> = events.events.into_iter().map(Event::from).collect();
        if export.page(&events)?.is_break() {
            return Ok(());
        }
        match events.last() {
            Some(last) if events.len() == MAX_PAGE as usize => last.id().clone_into(&mut after),
            _ => return export.end(),
        }
    }
}
