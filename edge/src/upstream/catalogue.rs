//! Finds out which tools an upstream offers.

use super::handshake::modern_meta;
use crate::pool::{Caller, LeaseError, Pool, pending::Lost};
use ostia_domain::{
    capability::ClientCapabilities,
    tool::{Tier, Tool},
    upstream::{Catalogue, Era},
};
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use std::{collections::HashSet, sync::Arc, time::Duration};

/// More pages than any real server has; a server that hands out cursors for ever is stopped here.
const MAX_PAGES: usize = 1000;
const PAGE_TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    tools: Vec<&'a RawValue>,
    #[serde(rename = "nextCursor")]
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Definition {
    name: String,
    #[serde(default)]
    annotations: Option<Annotations>,
}

#[derive(Deserialize, Default)]
struct Annotations {
    #[serde(rename = "readOnlyHint", default)]
    read_only: Option<bool>,
    #[serde(rename = "destructiveHint", default)]
    destructive: Option<bool>,
}

/// Asks one worker for all pages of `tools/list`. An error says, for people, what went wrong.
pub async fn discover(pool: &Arc<Pool>) -> Result<Catalogue, String> {
    let lease = pool
        .lease(&Caller::default())
        .await
        .map_err(|error| match error {
            LeaseError::Unavailable { problem, .. } => problem,
            LeaseError::Busy { .. } => "all its workers are busy or still starting".to_owned(),
        })?;
    let era = pool.era();
    let mut tools = Vec::new();
    let mut names = HashSet::new();
    let mut cursors = HashSet::new();
    let mut cursor: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let mut params = json!({});
        if let Some(cursor) = &cursor {
            params["cursor"] = json!(cursor);
        }
        if era == Era::Modern {
            params["_meta"] = modern_meta(ClientCapabilities::NONE, None);
        }
        let answer =
            tokio::time::timeout(PAGE_TIMEOUT, lease.worker().request("tools/list", &params))
                .await
                .map_err(|_| {
                    format!(
                        "it did not answer `tools/list` within {} s",
                        PAGE_TIMEOUT.as_secs()
                    )
                })?
                .map_err(|lost| match lost {
                    Lost::Gone => "it ended while it was asked for its tools".to_owned(),
                    Lost::Refused(problem) => problem,
                })?;
        if !answer.is_result {
            return Err(format!(
                "it refused `tools/list`: {}",
                String::from_utf8_lossy(answer.payload())
            ));
        }
        let page: Page<'_> = serde_json::from_slice(answer.payload())
            .map_err(|error| format!("its answer to `tools/list` is not one: {error}"))?;
        for definition in page.tools {
            match tool(definition) {
                // The first of two tools with one name is the one that a call would reach.
                Some(tool) if names.insert(tool.name.clone()) => tools.push(tool),
                _ => tracing::warn!(
                    upstream = %pool.upstream.name, bytes = definition.get().len(),
                    "a tool definition without a name of its own was left out"
                ),
            }
        }
        match page.next_cursor {
            Some(next) if cursors.insert(next.clone()) => cursor = Some(next),
            _ => break,
        }
    }
    let introduction = pool.introduction();
    Ok(Catalogue {
        upstream_id: pool.upstream.id,
        upstream_version: pool.upstream.version,
        era,
        server_info: introduction.server_info,
        capabilities: introduction.capabilities,
        instructions: introduction.instructions,
        tools,
        prompts: Vec::new(),
        resources: Vec::new(),
        resource_templates: Vec::new(),
    })
}

fn tool(definition: &RawValue) -> Option<Tool> {
    let read: Definition = serde_json::from_str(definition.get()).ok()?;
    let hints = read.annotations.unwrap_or_default();
    Some(Tool {
        tier: Tier::from_hints(hints.read_only, hints.destructive),
        name: read.name,
        definition: definition.get().to_owned(),
        asks_client: false,
    })
}
