//! The dashboard of this process.

use super::listen::Addresses;
use crate::config::RunSettings;
use ostia_domain::settings::Process;
use std::sync::Arc;

/// Calls of tools over REST go to the edge of this process, or else to where clients go.
pub(crate) fn config(
    settings: &RunSettings,
    addresses: &Addresses,
    process: Arc<Process>,
) -> ostia_web::Config {
    let edge_url = addresses.mcp_here();
    if edge_url.is_none() && settings.mcp_url.is_none() {
        tracing::warn!(
            url = addresses.mcp,
            "no edge runs here, so the dashboard calls tools at, and shows people, this address; name \
             the edge's with --mcp-url"
        );
    }
    ostia_web::Config {
        mcp_url: addresses.mcp.clone(),
        edge_url: edge_url.unwrap_or_else(|| addresses.mcp.clone()),
        web_url: addresses.web.clone(),
        api_origins: settings.web.api_origins.clone(),
        trusted_proxies: settings.edge.trusted_proxies.clone(),
        session_idle: settings.web.session_idle,
        session_max: settings.web.session_max,
        providers: settings.web.providers.clone(),
        recheck: settings.web.recheck,
        process,
    }
}
