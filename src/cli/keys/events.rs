//! `ostia keys events`: what was done to a key, and who used it.

use super::{
    super::{
        audit::{Event, table},
        show::{moment, optional, timestamp},
        table::Table,
    },
    find,
};
use crate::{failure::Failure, output::Output};
use ostia_proto::{ControlClient, v1};
use serde::Serialize;

const MAX_PAGE: u32 = 500;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Its id, public id (the start of the key), or name
    key: String,
    /// How many changes at most, the newest first
    #[arg(long, default_value_t = 20, value_name = "NUMBER")]
    limit: usize,
}

#[derive(Serialize)]
struct Events {
    /// Newest first.
    changes: Vec<Event>,
    /// Who made its newest 200 requests, the latest first.
    uses: Vec<Use>,
}

#[derive(Serialize)]
struct Use {
    address: String,
    /// Null: it did not say.
    client: Option<String>,
    last_at: Option<String>,
    requests: u64,
}

pub(super) async fn run(
    args: Args,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let key = find(control, args.key).await?.id;
    let (mut changes, mut uses) = (Vec::new(), Vec::new());
    let mut page_token = String::new();
    loop {
        let missing = u32::try_from(args.limit - changes.len()).unwrap_or(MAX_PAGE);
        let request = v1::ListKeyEventsRequest {
            key: key.clone(),
            // 0 asks for as many as control thinks right.
            page_size: missing.clamp(1, MAX_PAGE),
            page_token,
        };
        let page = control.keys().list_key_events(request).await?.into_inner();
        changes.extend(page.changes.into_iter().map(Event::from));
        changes.truncate(args.limit);
        uses.extend(page.uses.into_iter().map(Use::from));
        page_token = page.next_page_token;
        if page_token.is_empty() || changes.len() == args.limit {
            break;
        }
    }
    output.result(&Events { changes, uses }, Events::text)
}

impl From<v1::KeyUse> for Use {
    fn from(used: v1::KeyUse) -> Self {
        Self {
            address: used.address,
            client: optional(used.client),
            last_at: timestamp(used.last_at),
            requests: used.requests,
        }
    }
}

impl Events {
    fn text(&self) -> String {
        let changes = table(&self.changes, "no changes are kept");
        let rows = self.uses.iter().map(|used| {
            [
                used.address.clone(),
                used.client.clone().unwrap_or_else(|| "-".to_owned()),
                used.requests.to_string(),
                moment(used.last_at.as_ref(), "-"),
            ]
        });
        let uses = Table::new(["USED FROM", "BY", "REQUESTS", "LAST"], "nobody used it")
            .rows(rows)
            .text();
        format!("{changes}\n\n{uses}")
    }
}
