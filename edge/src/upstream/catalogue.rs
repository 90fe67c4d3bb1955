//! Finds out what an upstream offers.

use super::handshake::{error_code, modern_meta};
use crate::{
    mcp::{
        envelope::{member, string},
        param_headers,
    },
    pool::{
        Caller, Lease, LeaseError, Pool,
        pending::{Lost, Refusal},
    },
    view::Kind,
};
use ostia_domain::{
    capability::ClientCapabilities,
    tool::{Listed, Tier, Tool},
    upstream::{Catalogue, Era, Problem, Stage, Transport},
};
use serde::Deserialize;
use serde_json::{Map, Value, json, value::RawValue};
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

/// More pages than any real server has; a server that hands out cursors for ever is stopped here.
const MAX_PAGES: usize = 1000;
/// Of one list, as definitions: more than any real server has, and little enough to be kept.
const MAX_LIST_BYTES: usize = 16 << 20;
const PAGE_TIMEOUT: Duration = Duration::from_secs(30);
const METHOD_NOT_FOUND: i64 = -32601;

#[derive(Deserialize)]
struct Hints {
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

/// What one look at an upstream found.
pub struct Found {
    pub catalogue: Catalogue,
    /// Which of its lists could not be read, and why. Of those, the catalogue has what was known before: one
    /// bad list hides nothing else.
    pub problem: Option<Problem>,
}

/// Which lists of an upstream are not what it has now, because they could not be read.
#[derive(Debug, Default)]
pub struct Unlisted(AtomicU8);

impl Unlisted {
    pub fn has(&self, kind: Kind) -> bool {
        self.0.load(Ordering::Relaxed) & bit(kind) != 0
    }

    fn set(&self, kinds: &[Kind]) {
        let bits = kinds.iter().fold(0, |bits, kind| bits | bit(*kind));
        self.0.store(bits, Ordering::Relaxed);
    }
}

fn bit(kind: Kind) -> u8 {
    1 << kind as u8
}

/// Asks a worker for all pages of everything that the upstream says it has. `asking` is what it showed
/// besides to clients that can be asked, from one time to the next. An error says why nothing could be read
/// at all.
pub async fn discover(
    pool: &Arc<Pool>,
    known: Option<&Catalogue>,
    asking: &mut Option<Vec<Listed>>,
) -> Result<Found, Problem> {
    let capabilities = ClientCapabilities::NONE;
    let lease = lease(pool, capabilities).await?;
    let era = pool.era();
    let introduction = pool.introduction();
    let has: Map<String, Value> =
        serde_json::from_str(&introduction.capabilities).unwrap_or_default();
    let listing = Listing {
        pool,
        lease: &lease,
        era,
        capabilities,
    };
    let (mut unlisted, mut problems, mut asked) = (Vec::new(), Vec::new(), 0);
    let mut lists: HashMap<Kind, Vec<Listed>> = HashMap::new();
    for kind in Kind::ALL {
        let offered = match kind {
            // A server without this capability has no tools, but some forget to say that they have.
            Kind::Tool => true,
            Kind::Prompt => has.contains_key("prompts"),
            Kind::Resource | Kind::Template => has.contains_key("resources"),
        };
        if !offered {
            continue;
        }
        asked += 1;
        let may_lack = kind != Kind::Tool || !has.contains_key("tools");
        match listing.all(kind, may_lack).await {
            Ok(items) => drop(lists.insert(kind, items)),
            Err(refusal) => {
                unlisted.push(kind);
                problems.push(refusal.during(Stage::List));
            }
        }
    }
    drop(lease);
    if problems.len() == asked {
        return Err(problems.swap_remove(0));
    }
    let tools = match lists.remove(&Kind::Tool) {
        Some(tools) => {
            let tools = usable(pool, era, tools);
            if is_worth_asking(pool, known, &tools, asking.as_ref()) {
                *asking = shown_when_asked(pool, era).await.or(asking.take());
            }
            all_tools(tools, asking.as_deref().unwrap_or_default())
        }
        None => known.map(|known| known.tools.clone()).unwrap_or_default(),
    };
    let mut items = |kind, of: fn(&Catalogue) -> &Vec<Listed>| match lists.remove(&kind) {
        None if unlisted.contains(&kind) => known.map(of).cloned().unwrap_or_default(),
        listed => listed.unwrap_or_default(),
    };
    let catalogue = Catalogue {
        upstream_id: pool.upstream.id,
        upstream_version: pool.upstream.version,
        era,
        server_info: introduction.server_info,
        capabilities: introduction.capabilities,
        instructions: introduction.instructions,
        tools,
        prompts: items(Kind::Prompt, |known| &known.prompts),
        resources: items(Kind::Resource, |known| &known.resources),
        resource_templates: items(Kind::Template, |known| &known.resource_templates),
    };
    pool.unlisted.set(&unlisted);
    Ok(Found {
        catalogue,
        problem: problems.first().map(|first| {
            let texts: Vec<_> = problems.iter().map(|problem| &*problem.text).collect();
            Problem::new(first.stage, texts.join("; "))
        }),
    })
}

/// What is listed for everybody, and then what is shown only to clients that can be asked.
fn all_tools(tools: Vec<Listed>, asking: &[Listed]) -> Vec<Tool> {
    let known: HashSet<_> = tools.iter().map(|tool| tool.name.clone()).collect();
    let more = asking
        .iter()
        .filter(|tool| !known.contains(&tool.name))
        .map(|listed| tool(listed.clone(), true));
    let tools = tools.into_iter().map(|listed| tool(listed, false));
    tools.chain(more).collect()
}

fn caller(capabilities: ClientCapabilities) -> Caller {
    Caller {
        capabilities,
        ..Caller::default()
    }
}

async fn lease(pool: &Arc<Pool>, capabilities: ClientCapabilities) -> Result<Lease, Problem> {
    pool.lease(&caller(capabilities))
        .await
        .map_err(|error| match error {
            LeaseError::Unavailable { problem, .. } => problem,
            LeaseError::Busy { .. } => {
                Problem::new(Stage::Queue, "all its workers are busy or still starting")
            }
        })
}

/// A modern upstream over HTTP wants arguments repeated in headers as its tools say. Where a tool says it
/// in a way that is not valid, clients must not use it.
fn usable(pool: &Pool, era: Era, tools: Vec<Listed>) -> Vec<Listed> {
    let over_http = matches!(pool.upstream.transport, Transport::Http(_));
    let (usable, refused): (Vec<_>, Vec<_>) = tools.into_iter().partition(|tool| {
        !over_http || era == Era::Legacy || param_headers::is_valid(&tool.definition)
    });
    for tool in refused {
        tracing::warn!(
            upstream = %pool.upstream.name, tool = tool.name,
            "a tool with an annotation `x-mcp-header` that is not valid was left out"
        );
    }
    usable
}

/// To find out what is shown to clients that can be asked takes a worker of their kind. Where the pool has
/// one worker, that is stopped for it, and its successor may say in its turn that the tools changed. So its
/// word alone is not enough then.
fn is_worth_asking(
    pool: &Arc<Pool>,
    known: Option<&Catalogue>,
    tools: &[Listed],
    asking: Option<&Vec<Listed>>,
) -> bool {
    let said = pool.changes.take_tools_changed();
    let known = known.iter().flat_map(|known| &known.tools);
    let known = known.filter(|tool| !tool.asks_client);
    let same = known
        .map(|tool| (&tool.name, &tool.definition))
        .eq(tools.iter().map(|tool| (&tool.name, &tool.definition)));
    asking.is_none() || !same || (said && pool.has_place(&caller(ClientCapabilities::ALL)))
}

/// Some servers show more tools to clients that can be asked. Those are known too, and shown to such
/// clients alone. `None`: it could not be found out.
async fn shown_when_asked(pool: &Arc<Pool>, era: Era) -> Option<Vec<Listed>> {
    let capabilities = ClientCapabilities::ALL;
    let listed = async {
        let lease = lease(pool, capabilities).await?;
        let listing = Listing {
            pool,
            lease: &lease,
            era,
            capabilities,
        };
        let listed = listing.all(Kind::Tool, true).await;
        listed.map_err(|refusal| refusal.during(Stage::List))
    };
    match listed.await {
        Ok(tools) => Some(usable(pool, era, tools)),
        Err(problem) => {
            let upstream = &pool.upstream.name;
            tracing::debug!(%upstream, %problem, "no list for clients that can be asked");
            None
        }
    }
}

fn tool(listed: Listed, asks_client: bool) -> Tool {
    let hints = serde_json::from_str::<Hints>(&listed.definition)
        .ok()
        .and_then(|read| read.annotations)
        .unwrap_or_default();
    Tool {
        tier: Tier::from_hints(hints.read_only, hints.destructive),
        name: listed.name,
        definition: listed.definition,
        asks_client,
    }
}

/// One worker that is asked for lists.
struct Listing<'a> {
    pool: &'a Pool,
    lease: &'a Lease,
    era: Era,
    capabilities: ClientCapabilities,
}

impl Listing<'_> {
    /// Every page of one list. With `may_lack`, an upstream that does not know the method has nothing.
    async fn all(&self, kind: Kind, may_lack: bool) -> Result<Vec<Listed>, Refusal> {
        let method = kind.list_method();
        let mut found = Vec::new();
        let (mut names, mut cursors) = (HashSet::new(), HashSet::new());
        let mut cursor: Option<String> = None;
        let mut bytes = 0;
        for _ in 0..MAX_PAGES {
            let take = |definition: &RawValue| {
                bytes += definition.get().len();
                match listed(kind, definition) {
                    // The first of two with one name is the one that a call would reach.
                    Some(item) if names.insert(item.name.clone()) => found.push(item),
                    _ => tracing::warn!(
                        upstream = %self.pool.upstream.name, bytes = definition.get().len(),
                        "a definition without a name of its own was left out"
                    ),
                }
            };
            let next = self.page(kind, cursor.as_deref(), may_lack, take).await?;
            if bytes > MAX_LIST_BYTES {
                let most = MAX_LIST_BYTES >> 20;
                let problem = format!("its answer to `{method}` is larger than {most} MiB");
                return Err(problem.into());
            }
            match next {
                // The same page again would bring the same.
                Some(next) if cursors.insert(next.clone()) => cursor = Some(next),
                _ => return Ok(found),
            }
        }
        Err(format!("its answer to `{method}` has more than {MAX_PAGES} pages").into())
    }

    /// One page, and the cursor of the next.
    async fn page(
        &self,
        kind: Kind,
        cursor: Option<&str>,
        may_lack: bool,
        mut take: impl FnMut(&RawValue),
    ) -> Result<Option<String>, Refusal> {
        let method = kind.list_method();
        let mut params = json!({});
        if let Some(cursor) = cursor {
            params["cursor"] = json!(cursor);
        }
        if self.era == Era::Modern {
            params["_meta"] = modern_meta(self.capabilities, None);
        }
        let request = self.lease.worker().request(method, &params);
        let answer = tokio::time::timeout(PAGE_TIMEOUT, request)
            .await
            .map_err(|_| {
                let seconds = PAGE_TIMEOUT.as_secs();
                format!("it did not answer `{method}` within {seconds} s")
            })?
            .map_err(|lost| match lost {
                Lost::Gone => format!("it ended while it was asked for `{method}`").into(),
                Lost::Refused(refusal) => refusal,
                Lost::Invalid(what) => Refusal::from(format!("it answered {what}")),
            })?;
        if !answer.is_result {
            if may_lack && error_code(answer.payload()) == Some(METHOD_NOT_FOUND) {
                return Ok(None);
            }
            let error = String::from_utf8_lossy(answer.payload());
            return Err(format!("it refused `{method}`: {error}").into());
        }
        let not_one = || format!("its answer to `{method}` is not one");
        let result: &RawValue = serde_json::from_slice(answer.payload()).map_err(|_| not_one())?;
        let items: Vec<&RawValue> = member(result, kind.list_member())
            .and_then(|raw| serde_json::from_str(raw.get()).ok())
            .ok_or_else(not_one)?;
        items.into_iter().for_each(&mut take);
        Ok(member(result, "nextCursor")
            .and_then(string)
            .map(Into::into))
    }
}

fn listed(kind: Kind, definition: &RawValue) -> Option<Listed> {
    let name = member(definition, kind.name_member()).and_then(string)?;
    Some(Listed {
        name: name.into_owned(),
        definition: definition.get().to_owned(),
    })
}
