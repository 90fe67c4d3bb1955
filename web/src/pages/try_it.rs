//! `/try`: calls a tool through the edge, as a client with a key of the visitor's would.
//!
//! Nothing is decided here. Control gives an access token for the key to its owner alone; the edge
//! authenticates, limits, judges, calls and records as it does for anybody.

mod arguments;
mod show;

use crate::{
    Site,
    address::Query,
    client::address_of,
    components::form::Posted,
    console::{self, Asking, Exchange, Failed},
    csrf::Checked,
    load::{Failure, load},
    render,
    visitor::Visitor,
};
use arguments::Argument;
use axum::{
    Router,
    extract::{ConnectInfo, State},
    response::Response,
    routing::get,
};
use http::{HeaderMap, StatusCode};
use leptos::prelude::*;
use ostia_domain::name::{ExposedNames, UpstreamName};
use ostia_proto::v1;
use serde::Deserialize;
use serde_json::{Map, Value};
use show::{Page, TryIt};
use std::net::{IpAddr, SocketAddr};
use tonic::{Code, Status};

const MAX_KEYS: u32 = 100;
/// Pages of a list of tools that are read.
const MAX_LISTS: usize = 20;

pub(crate) fn routes() -> Router<Site> {
    Router::new().route("/try", get(show).post(call))
}

#[derive(Deserialize)]
struct Asked {
    /// Id of the key. Empty: the newest that works.
    #[serde(default)]
    key: String,
    /// As clients see it, or `<upstream>.<tool>`.
    #[serde(default)]
    tool: String,
}

/// A tool as the edge lists it for the key.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    name: String,
    description: String,
    schema: Value,
}

async fn show(
    State(site): State<Site>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Response {
    let place = address_of(&site, peer, &headers);
    let desk = match desk(&site, &visitor, place, &asked).await {
        Ok(desk) => desk,
        Err(failure) => return failure.show(&visitor),
    };
    let arguments = desk.arguments();
    let mut posted = Posted::default();
    if desk.gone {
        posted.refuse("key", "there is no such key of yours; this is another one");
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return desk.page(&visitor, status, arguments, posted, None);
    }
    desk.page(&visitor, StatusCode::OK, arguments, posted, None)
}

async fn call(
    State(site): State<Site>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Checked { visitor, form }: Checked<Vec<(String, String)>>,
) -> Response {
    let place = address_of(&site, peer, &headers);
    let mut posted = Posted::new(form);
    let asked = Asked {
        key: posted.get("key").to_owned(),
        tool: posted.get("tool").to_owned(),
    };
    let desk = match desk(&site, &visitor, place, &asked).await {
        Ok(desk) => desk,
        Err(failure) => return failure.show(&visitor),
    };
    // Nothing is called with another key than was chosen.
    let (Some(tool), Some(token), false) = (&desk.tool, &desk.token, desk.gone) else {
        return Failure::NotThere.show(&visitor);
    };
    let mut arguments = desk.arguments();
    let given = arguments::read(&mut arguments, &mut posted);
    if posted.is_refused() || arguments.iter().any(|argument| argument.problem.is_some()) {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return desk.page(&visitor, status, arguments, posted, None);
    }
    let mut params = Map::new();
    params.insert("name".to_owned(), tool.name.clone().into());
    params.insert("arguments".to_owned(), Value::Object(given));
    let asking = Asking {
        token,
        address: place,
    };
    let exchange = console::exchange(&site, &asking, "tools/call", params).await;
    let outcome = Some(exchange);
    desk.page(&visitor, StatusCode::OK, arguments, posted, outcome)
}

/// What the page has before anything is called.
struct Desk {
    /// Those that work.
    keys: Vec<v1::Key>,
    /// Id of the one that is used. Empty: there is none.
    key: String,
    /// Whether the one that was asked for is not there.
    gone: bool,
    token: Option<String>,
    /// Unset: the edge did not say.
    tools: Option<Vec<Listed>>,
    /// Why not.
    refused: Option<Result<Exchange, Failed>>,
    tool: Option<Listed>,
    /// What was asked for and is not there for this key.
    missing: String,
}

async fn desk(
    site: &Site,
    visitor: &Visitor,
    place: IpAddr,
    asked: &Asked,
) -> Result<Desk, Failure> {
    let Chosen {
        keys,
        key,
        gone,
        token,
    } = load(chosen(visitor, asked)).await?;
    let mut desk = Desk {
        keys,
        key,
        gone,
        token,
        tools: None,
        refused: None,
        tool: None,
        missing: String::new(),
    };
    let Some(token) = &desk.token else {
        return Ok(desk);
    };
    let asking = Asking {
        token,
        address: place,
    };
    match listed(site, &asking).await {
        Ok(tools) => {
            desk.tool = tools.iter().find(|tool| is(tool, &asked.tool)).cloned();
            desk.tools = Some(tools);
        }
        Err(refused) => desk.refused = Some(refused),
    }
    if desk.tool.is_none() && !asked.tool.is_empty() {
        desk.missing.clone_from(&asked.tool);
    }
    Ok(desk)
}

/// The visitor's keys that work, the one that is meant, and a token for it.
struct Chosen {
    keys: Vec<v1::Key>,
    key: String,
    gone: bool,
    token: Option<String>,
}

async fn chosen(visitor: &Visitor, asked: &Asked) -> Result<Chosen, Status> {
    let mut keys = visitor.own_keys(MAX_KEYS, "").await?.keys;
    keys.retain(|key| key.state() == v1::KeyState::Active);
    let mut gone = false;
    if !asked.key.is_empty() {
        match token(visitor, &asked.key).await {
            Err(status) if status.code() == Code::NotFound => gone = true,
            token => {
                return Ok(Chosen {
                    keys,
                    key: asked.key.clone(),
                    gone,
                    token: Some(token?),
                });
            }
        }
    }
    let newest = keys.first().map(|key| key.id.clone()).unwrap_or_default();
    let token = if newest.is_empty() {
        None
    } else {
        Some(token(visitor, &newest).await?)
    };
    Ok(Chosen {
        keys,
        key: newest,
        gone,
        token,
    })
}

async fn token(visitor: &Visitor, key: &str) -> Result<String, Status> {
    let key = key.to_owned();
    let request = v1::IssueAccessTokenRequest { key };
    let token = visitor.control.keys().issue_access_token(request).await?;
    Ok(token.into_inner().access_token)
}

fn is(tool: &Listed, asked: &str) -> bool {
    let exposed = || {
        let (upstream, name) = asked.split_once('.')?;
        let upstream = UpstreamName::new(upstream).ok()?;
        Some(ExposedNames::Safe.expose(&upstream, name))
    };
    tool.name == asked || exposed().is_some_and(|exposed| exposed == tool.name)
}

/// Every tool of the key, or what the edge said instead.
async fn listed(site: &Site, asking: &Asking<'_>) -> Result<Vec<Listed>, Result<Exchange, Failed>> {
    let mut tools = Vec::new();
    let mut params = Map::new();
    for _ in 0..MAX_LISTS {
        let mut result = console::list(site, asking, "tools/list", params.clone()).await?;
        let page = result.get_mut("tools").and_then(Value::as_array_mut);
        tools.extend(page.into_iter().flatten().map(|tool| {
            Listed {
                name: tool["name"].as_str().unwrap_or_default().to_owned(),
                description: tool["description"].as_str().unwrap_or_default().to_owned(),
                schema: tool
                    .get_mut("inputSchema")
                    .map(Value::take)
                    .unwrap_or_default(),
            }
        }));
        match result["nextCursor"].as_str() {
            Some(next) => params.insert("cursor".to_owned(), next.into()),
            None => return Ok(tools),
        };
    }
    Ok(tools)
}

impl Desk {
    fn arguments(&self) -> Vec<Argument> {
        let tool = self.tool.as_ref();
        tool.map(|tool| arguments::of(&tool.schema))
            .unwrap_or_default()
    }

    fn page(
        self,
        visitor: &Visitor,
        status: StatusCode,
        arguments: Vec<Argument>,
        posted: Posted,
        outcome: Option<Result<Exchange, Failed>>,
    ) -> Response {
        let page = Page {
            keys: self.keys,
            key: self.key,
            tools: self.tools,
            refused: self.refused,
            tool: self.tool,
            missing: self.missing,
            arguments,
            posted,
            outcome,
        };
        render::page_of(visitor, status, || view! { <TryIt page=page/> })
    }
}
