//! How an upstream is reached, as results show it. Of credentials the names alone: values are
//! write-only.

use ostia_proto::v1::{self, upstream_definition::Transport};
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
    pub(super) fn details(&self) -> [(&'static str, String); 3] {
        match self {
            Self::Stdio(command) => [
                ("command", self.target()),
                ("environment", command.env.join(", ")),
                ("directory", command.cwd.clone().unwrap_or_default()),
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
        }
    }
}

fn names(credentials: HashMap<String, String>) -> Vec<String> {
    let mut names: Vec<String> = credentials.into_keys().collect();
    names.sort_unstable();
    names
}
