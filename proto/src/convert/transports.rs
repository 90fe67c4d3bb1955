//! How upstreams are reached.

use super::FieldError;
use crate::v1;
use ostia_domain::{
    key::Secret,
    upstream::{Command, HttpEndpoint, Transport},
};
use std::collections::{BTreeMap, HashMap};
use v1::upstream_definition::Transport as Reached;

impl From<Command> for v1::StdioCommand {
    /// With the values of the environment: whoever answers an operator empties them.
    fn from(command: Command) -> Self {
        Self {
            program: command.program,
            args: command.args,
            env: command
                .env
                .into_iter()
                .map(|(name, value)| (name, value.expose().to_owned()))
                .collect(),
            cwd: command.cwd,
        }
    }
}

impl TryFrom<v1::StdioCommand> for Command {
    type Error = FieldError;
    fn try_from(command: v1::StdioCommand) -> Result<Self, FieldError> {
        if command.program.trim().is_empty() {
            return Err(FieldError::missing("stdio.program"));
        }
        let texts = command
            .args
            .iter()
            .chain([&command.program])
            .chain(command.env.values());
        if texts
            .chain(command.env.keys())
            .any(|text| text.contains('\0'))
        {
            return Err(FieldError::new("stdio", "must not contain NUL characters"));
        }
        if let Some(name) = command
            .env
            .keys()
            .find(|name| name.is_empty() || name.contains('='))
        {
            return Err(FieldError::new(
                "stdio.env",
                format!("{name:?} is no variable name"),
            ));
        }
        Ok(Self {
            program: command.program,
            args: command.args,
            env: command
                .env
                .into_iter()
                .map(|(name, value)| (name, Secret::new(value)))
                .collect(),
            cwd: command.cwd,
        })
    }
}

impl From<HttpEndpoint> for v1::HttpEndpoint {
    /// With the values of headers: whoever answers an operator empties them.
    fn from(endpoint: HttpEndpoint) -> Self {
        Self {
            url: endpoint.url,
            headers: endpoint
                .headers
                .into_iter()
                .map(|(name, value)| (name, value.expose().to_owned()))
                .collect(),
            allow_private_network: endpoint.allow_private_network,
            credential: endpoint.credential.map(Into::into),
        }
    }
}

impl v1::UpstreamDefinition {
    /// Of an upstream that workers serve.
    pub fn stdio(&self) -> Option<&v1::StdioCommand> {
        match &self.transport {
            Some(Reached::Stdio(command)) => Some(command),
            _ => None,
        }
    }

    /// The environment of workers, or the headers.
    pub fn credentials_mut(&mut self) -> Option<&mut HashMap<String, String>> {
        match self.transport.as_mut()? {
            Reached::Stdio(command) => Some(&mut command.env),
            Reached::Http(endpoint) | Reached::Sse(endpoint) => Some(&mut endpoint.headers),
        }
    }
}

impl From<Transport> for Reached {
    fn from(transport: Transport) -> Self {
        match transport {
            Transport::Stdio(command) => Self::Stdio(command.into()),
            Transport::Http(endpoint) => Self::Http(endpoint.into()),
            Transport::Sse(endpoint) => Self::Sse(endpoint.into()),
        }
    }
}

impl TryFrom<Reached> for Transport {
    type Error = FieldError;
    fn try_from(transport: Reached) -> Result<Self, FieldError> {
        Ok(match transport {
            Reached::Stdio(command) => Self::Stdio(command.try_into()?),
            Reached::Http(http) => Self::Http(endpoint(http, "definition.http.headers")?),
            Reached::Sse(sse) => Self::Sse(endpoint(sse, "definition.sse.headers")?),
        })
    }
}

fn endpoint(
    endpoint: v1::HttpEndpoint,
    headers_field: &'static str,
) -> Result<HttpEndpoint, FieldError> {
    let mut headers = BTreeMap::new();
    for (name, value) in endpoint.headers {
        let name = name.to_ascii_lowercase();
        if headers.contains_key(&name) {
            let problem = format!("{name:?} is there twice: case makes no other header");
            return Err(FieldError::new(headers_field, problem));
        }
        headers.insert(name, Secret::new(value));
    }
    Ok(HttpEndpoint {
        url: endpoint.url,
        headers,
        allow_private_network: endpoint.allow_private_network,
        credential: endpoint.credential.map(Into::into),
    })
}
