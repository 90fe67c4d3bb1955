//! How an upstream is reached, as results show it. Of credentials the names alone: values are
//! write-only.

use ostia_proto::v1::{
    self, http_endpoint::Credential as Presented, upstream_definition::Transport,
};
use serde::Serialize;
use std::collections::HashMap;

#[derive(Serialize)]
#[serde(tag = "transport", rename_all = "lowercase")]
pub(super) enum Reached {
    Stdio(Command),
    Http(Endpoint),
    Sse(Endpoint),
}

#[derive(Serialize)]
pub(super) struct Command {
    program: String,
    args: Vec<String>,
    env: Vec<String>,
    cwd: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Endpoint {
    url: String,
    headers: Vec<String>,
    allow_private_network: bool,
    credential: Option<Credential>,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Credential {
    Bearer,
    Basic {
        username: String,
    },
    ClientCredentials {
        token_url: String,
        client_id: String,
        scopes: Vec<String>,
        resource: Option<String>,
        audience: Option<String>,
        authentication: &'static str,
    },
}

impl Reached {
    pub(super) fn transport(&self) -> &'static str {
        match self {
            Self::Stdio(_) => "stdio",
            Self::Http(_) => "http",
            Self::Sse(_) => "sse",
        }
    }

    /// Its command or its URL.
    pub(super) fn target(&self) -> String {
        match self {
            Self::Stdio(command) => {
                let words = std::iter::once(&command.program).chain(&command.args);
                words.map(String::as_str).collect::<Vec<_>>().join(" ")
            }
            Self::Http(endpoint) | Self::Sse(endpoint) => endpoint.url.clone(),
        }
    }

    /// For people: a name and a value each, and an empty value for what is not there.
    pub(super) fn details(&self) -> [(&'static str, String); 4] {
        match self {
            Self::Stdio(command) => [
                ("command", self.target()),
                ("environment", command.env.join(", ")),
                ("directory", command.cwd.clone().unwrap_or_default()),
                ("credential", String::new()),
            ],
            Self::Http(endpoint) | Self::Sse(endpoint) => {
                let allowed = endpoint.allow_private_network;
                [
                    ("url", endpoint.url.clone()),
                    ("headers", endpoint.headers.join(", ")),
                    (
                        "private net",
                        if allowed { "allowed" } else { "" }.to_owned(),
                    ),
                    (
                        "credential",
                        endpoint
                            .credential
                            .as_ref()
                            .map_or(String::new(), Credential::text),
                    ),
                ]
            }
        }
    }
}

impl From<Option<Transport>> for Reached {
    fn from(transport: Option<Transport>) -> Self {
        match transport {
            Some(Transport::Http(endpoint)) => Self::Http(endpoint.into()),
            Some(Transport::Sse(endpoint)) => Self::Sse(endpoint.into()),
            Some(Transport::Stdio(command)) => Self::Stdio(command.into()),
            // Control keeps no such upstream.
            None => Self::Stdio(v1::StdioCommand::default().into()),
        }
    }
}

impl Credential {
    fn text(&self) -> String {
        match self {
            Self::Bearer => "bearer".to_owned(),
            Self::Basic { username } => format!("basic, as {username}"),
            Self::ClientCredentials {
                token_url,
                client_id,
                ..
            } => format!("client credentials of {client_id} at {token_url}"),
        }
    }
}

impl From<Presented> for Credential {
    fn from(presented: Presented) -> Self {
        match presented {
            Presented::Bearer(_) => Self::Bearer,
            Presented::Basic(basic) => Self::Basic {
                username: basic.username,
            },
            Presented::ClientCredentials(grant) => Self::ClientCredentials {
                authentication: match grant.authentication() {
                    v1::ClientAuthentication::Post => "post",
                    v1::ClientAuthentication::Basic | v1::ClientAuthentication::Unspecified => {
                        "basic"
                    }
                },
                token_url: grant.token_url,
                client_id: grant.client_id,
                scopes: grant.scopes,
                resource: grant.resource,
                audience: grant.audience,
            },
        }
    }
}

impl From<v1::StdioCommand> for Command {
    fn from(command: v1::StdioCommand) -> Self {
        Self {
            program: command.program,
            args: command.args,
            env: names(command.env),
            cwd: command.cwd,
        }
    }
}

impl From<v1::HttpEndpoint> for Endpoint {
    fn from(endpoint: v1::HttpEndpoint) -> Self {
        Self {
            url: endpoint.url,
            headers: names(endpoint.headers),
            allow_private_network: endpoint.allow_private_network,
            credential: endpoint.credential.map(Credential::from),
        }
    }
}

fn names(credentials: HashMap<String, String>) -> Vec<String> {
    let mut names: Vec<String> = credentials.into_keys().collect();
    names.sort_unstable();
    names
}
