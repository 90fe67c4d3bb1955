//! What the pages are started with. The binary reads it; nothing here looks at environment or files.

use ostia_domain::network::Network;
use std::time::Duration;

pub const DEFAULT_SESSION_IDLE: Duration = Duration::from_secs(8 * 3_600);
pub const DEFAULT_SESSION_MAX: Duration = Duration::from_secs(7 * 86_400);

#[derive(Clone, Debug)]
pub struct Config {
    /// Address of the MCP endpoint as clients reach it.
    pub mcp_url: String,
    /// The same as this process reaches it, for calls of tools over REST.
    pub edge_url: String,
    /// Address of the dashboard as people reach it, without a slash at its end. Where it is https, cookies
    /// are for TLS only and browsers are told to come back with TLS only.
    pub web_url: String,
    /// Origins whose pages may read answers of the API, as browsers send them. Empty: none but our own.
    pub api_origins: Vec<String>,
    /// Proxies that are believed about where a request comes from.
    pub trusted_proxies: Vec<Network>,
    /// A browser session ends after being idle for so long,
    pub session_idle: Duration,
    /// and after so long however much it is used.
    pub session_max: Duration,
}

impl Config {
    pub(crate) fn is_tls(&self) -> bool {
        self.web_url.starts_with("https://")
    }
}
