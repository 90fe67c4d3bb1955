//! The web role: what people open in a browser.
//!
//! A handler loads and decides; a component only renders what it is given ([`render`]). Every page is
//! plain HTML that works without scripts, under a policy that allows none.

mod assets;
mod origin;
mod pages;
mod render;

use axum::{Router, routing::get};
use ostia_proto::ControlClient;
use std::sync::Arc;

/// What the pages say about this installation.
#[derive(Clone, Debug)]
pub struct Config {
    /// Address of the MCP endpoint as clients reach it.
    pub mcp_url: String,
}

#[derive(Clone)]
struct Site {
    config: Arc<Config>,
    control: ControlClient,
}

/// All pages and what they need.
pub fn router(config: Config, control: &ControlClient) -> Router {
    let site = Site {
        config: Arc::new(config),
        control: control.acting_as("service:web"),
    };
    Router::new()
        .route("/", get(pages::home::show))
        .route(
            "/login/{token}",
            get(pages::login::show).post(pages::login::redeem),
        )
        .route(assets::STYLESHEET, get(assets::stylesheet))
        .fallback(pages::not_found::show)
        .with_state(site)
}
