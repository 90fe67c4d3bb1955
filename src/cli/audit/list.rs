//! Events, newest first.

use super::{Event, MAX_PAGE, Wanted, view::table};
use crate::{failure::Failure, output::Output};
use ostia_proto::{ControlClient, v1};

pub(super) async fn run(
    limit: usize,
    wanted: &Wanted,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let mut events: Vec<Event> = Vec::new();
    let mut page_token = String::new();
    while events.len() < limit {
        let missing = u32::try_from(limit - events.len()).unwrap_or(MAX_PAGE);
        let request = v1::ListEventsRequest {
            page_size: missing.min(MAX_PAGE),
            page_token,
            ..wanted.request()
        };
        let page = control.audit().list_events(request).await?.into_inner();
        events.extend(page.events.into_iter().map(Event::from));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    output.result(&events, |events| table(events, wanted.nothing()))
}
