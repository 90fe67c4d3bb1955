//! The web role: what people open in a browser, and REST for programs ([`api`]).
//!
//! A handler loads and decides; a component only renders what it is given ([`render`]). Every page is
//! plain HTML that works without scripts, under a policy that allows none.

mod api;
mod assets;
mod edge_client;
mod origin;
mod pages;
mod render;

use axum::{Router, routing::get};
use ostia_domain::network::Network;
use ostia_proto::ControlClient;
use std::sync::Arc;

/// What the pages say about this installation.
#[derive(Clone, Debug)]
pub struct Config {
    /// Address of the MCP endpoint as clients reach it.
    pub mcp_url: String,
    /// The same as this process reaches it, for calls of tools over REST.
    pub edge_url: String,
    /// Origins whose pages may read answers of the API, as browsers send them. Empty: none but our own.
    pub api_origins: Vec<String>,
    /// Proxies that are believed about where a request comes from.
    pub trusted_proxies: Vec<Network>,
}

/// The web role cannot start.
#[derive(Debug, thiserror::Error)]
#[error("there is no HTTP client for calls of tools")]
pub struct Error(#[from] reqwest::Error);

#[derive(Clone)]
struct Site {
    config: Arc<Config>,
    control: ControlClient,
    edge: reqwest::Client,
    answers: api::Answers,
    reports: api::Reports,
}

/// All pages and routes, and what they need. It wants to be served with the address of whoever connects.
pub fn router(config: Config, control: &ControlClient) -> Result<Router, Error> {
    let site = Site {
        config: Arc::new(config),
        control: control.acting_as("service:web"),
        edge: edge_client::client()?,
        answers: api::Answers::new(),
        reports: api::Reports::new(),
    };
    let api = api::router(&site);
    let pages = Router::new()
        .route("/", get(pages::home::show))
        .route(
            "/login/{token}",
            get(pages::login::show).post(pages::login::redeem),
        )
        .route(assets::STYLESHEET, get(assets::stylesheet))
        .fallback(pages::not_found::show)
        .with_state(site);
    Ok(pages.merge(api))
}
