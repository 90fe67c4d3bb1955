//! What the pages are started with. The binary reads it; nothing here looks at environment or files.

use ostia_domain::{key::Secret, network::Network, settings::Process, user::Role};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

pub const DEFAULT_SESSION_IDLE: Duration = Duration::from_secs(8 * 3_600);
pub const DEFAULT_RECHECK: Duration = Duration::from_secs(300);
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
    /// Whom people can sign in with, in the order of the sign-in page.
    pub providers: Vec<ProviderConfig>,
    /// The provider is asked again who may sign in after so long, while a session is used.
    pub recheck: Duration,
    /// What this process runs with, for people.
    pub process: Arc<Process>,
}

/// An OpenID provider.
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// In addresses and in audit.
    pub name: String,
    /// What people read. Unset: the name.
    pub label: Option<String>,
    /// As the provider writes it in its tokens.
    pub issuer: String,
    pub client_id: String,
    /// Unset: PKCE alone proves who asks.
    pub client_secret: Option<Secret>,
    /// Besides `openid`.
    pub scopes: Vec<String>,
    /// The claim that has the groups. Unset: the provider has no say in groups.
    pub groups_claim: Option<String>,
    /// What groups of the provider may do. Empty: the provider has no say in roles.
    pub roles: BTreeMap<String, Role>,
    /// Empty: everybody whom the provider lets in.
    pub allowed_email_domains: Vec<String>,
    /// Loopback and private networks, and plain HTTP.
    pub allow_private_network: bool,
}

impl ProviderConfig {
    pub fn named(name: &str, issuer: &str, client_id: &str) -> Self {
        Self {
            name: name.to_owned(),
            label: None,
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            client_secret: None,
            scopes: Vec::new(),
            groups_claim: None,
            roles: BTreeMap::new(),
            allowed_email_domains: Vec::new(),
            allow_private_network: false,
        }
    }

    pub(crate) fn label(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.name)
    }

    /// What somebody must say of a person before it is known who they are and whether they may come in.
    pub(crate) fn claims_needed(&self) -> Vec<&str> {
        let groups = self.groups_claim.as_deref();
        let groups = groups.map(|claim| claim.split('.').next().unwrap_or(claim));
        let email = (!self.allowed_email_domains.is_empty()).then_some("email");
        ["preferred_username"]
            .into_iter()
            .chain(groups)
            .chain(email)
            .collect()
    }
}

impl Config {
    pub(crate) fn is_tls(&self) -> bool {
        self.web_url.starts_with("https://")
    }
}
