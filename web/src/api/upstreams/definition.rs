//! What an operator writes about an upstream. Credentials go in and never come out.

use super::{
    super::{problem::Problem, text::Change as Patch},
    not_of_this_transport,
    view::{Isolation, Protocol},
};
use ostia_proto::v1::{
    self, http_endpoint::Credential as Presented, upstream_definition::Transport as Reached,
};
use serde::Deserialize;
use std::{collections::HashMap, time::Duration};
use utoipa::ToSchema;

/// `program` and what goes with it for `stdio`, `url` and what goes with it for the others.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewUpstream)]
pub(super) struct New {
    /// Unique.
    #[schema(pattern = "^[a-z0-9][a-z0-9-]{0,31}$")]
    name: String,
    transport: Transport,
    /// Of `stdio`.
    program: Option<String>,
    /// Of `stdio`.
    args: Option<Vec<String>>,
    /// Of `stdio`: the worker's environment. Write-only.
    env: Option<HashMap<String, String>>,
    /// Of `stdio`: the working directory.
    cwd: Option<String>,
    /// Of `http` and `sse`: `https://…`, or `http://…` with `allow_private_network`.
    url: Option<String>,
    /// Of `http` and `sse`. Write-only.
    headers: Option<HashMap<String, String>>,
    /// Of `http` and `sse`: whether the host may lie in a private network.
    allow_private_network: Option<bool>,
    /// Of `http` and `sse`: what `Authorization` is made of.
    credential: Option<Credential>,
    isolation: Option<Isolation>,
    protocol: Option<Protocol>,
    /// Unset: 300,000.
    #[schema(minimum = 1, maximum = 86_400_000)]
    call_timeout_ms: Option<u64>,
    /// Whether audit keeps the arguments of calls, without what looks like a secret, for auditors alone.
    keep_arguments: Option<bool>,
    pool: Option<PoolLimits>,
}

/// What is not there stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpstreamChange)]
pub(super) struct Change {
    program: Option<String>,
    args: Option<Vec<String>>,
    /// Adds and replaces; null takes one away.
    env: Option<HashMap<String, Option<String>>>,
    /// Null: the edge's own.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    cwd: Patch<String>,
    url: Option<String>,
    /// Adds and replaces; null takes one away.
    headers: Option<HashMap<String, Option<String>>>,
    allow_private_network: Option<bool>,
    /// Null: none.
    #[serde(default)]
    #[schema(value_type = Option<Credential>)]
    credential: Patch<Credential>,
    isolation: Option<Isolation>,
    protocol: Option<Protocol>,
    #[schema(minimum = 1, maximum = 86_400_000)]
    call_timeout_ms: Option<u64>,
    keep_arguments: Option<bool>,
    pool: Option<PoolLimits>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Transport {
    Stdio,
    /// Streamable HTTP.
    Http,
    /// HTTP+SSE, the transport of 2024-11-05.
    Sse,
}

/// Bounds of the pool on each edge.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PoolLimits {
    #[schema(maximum = 4_294_967_295_i64)]
    min_idle: Option<u32>,
    #[schema(minimum = 1, maximum = 4_294_967_295_i64)]
    max_workers: Option<u32>,
    #[schema(minimum = 1, maximum = 4_294_967_295_i64)]
    max_in_flight: Option<u32>,
    #[schema(maximum = 4_294_967_295_i64)]
    max_queue: Option<u32>,
    #[schema(maximum = 86_400_000)]
    queue_timeout_ms: Option<u64>,
    #[schema(maximum = 86_400_000)]
    idle_timeout_ms: Option<u64>,
    /// Calls of everybody together, spread evenly; more are refused as busy. Null: not limited.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 4_294_967_295_i64)]
    calls_per_minute: Patch<u32>,
    /// The same for each tool.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 4_294_967_295_i64)]
    tool_calls_per_minute: Patch<u32>,
}

#[derive(Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[schema(as = NewUpstreamCredential)]
enum Credential {
    Bearer {
        token: String,
    },
    Basic {
        username: String,
        password: String,
    },
    /// The client credentials grant of OAuth 2.0.
    ClientCredentials {
        token_url: String,
        client_id: String,
        client_secret: String,
        #[serde(default)]
        scopes: Vec<String>,
        resource: Option<String>,
        audience: Option<String>,
        #[serde(default)]
        authentication: Authentication,
    },
}

/// How the client says who it is to the token endpoint.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ClientAuthentication)]
enum Authentication {
    #[default]
    Basic,
    Post,
}

impl TryFrom<New> for v1::UpstreamDefinition {
    type Error = Problem;

    fn try_from(new: New) -> Result<Self, Problem> {
        let required = |field: &str| Problem::invalid(field, "is required for this transport");
        let transport = if new.transport == Transport::Stdio {
            let of_http = [
                ("url", new.url.is_some()),
                ("headers", new.headers.is_some()),
                ("allow_private_network", new.allow_private_network.is_some()),
                ("credential", new.credential.is_some()),
            ];
            refuse(&of_http)?;
            Reached::Stdio(v1::StdioCommand {
                program: new.program.ok_or_else(|| required("program"))?,
                args: new.args.unwrap_or_default(),
                env: new.env.unwrap_or_default(),
                cwd: new.cwd,
            })
        } else {
            let of_stdio = [
                ("program", new.program.is_some()),
                ("args", new.args.is_some()),
                ("env", new.env.is_some()),
                ("cwd", new.cwd.is_some()),
            ];
            refuse(&of_stdio)?;
            let endpoint = v1::HttpEndpoint {
                url: new.url.ok_or_else(|| required("url"))?,
                headers: new.headers.unwrap_or_default(),
                allow_private_network: new.allow_private_network.unwrap_or_default(),
                credential: new.credential.map(Presented::from),
            };
            match new.transport {
                Transport::Sse => Reached::Sse(endpoint),
                Transport::Http | Transport::Stdio => Reached::Http(endpoint),
            }
        };
        let mut definition = Self {
            name: new.name,
            transport: Some(transport),
            pool: new.pool.map(|pool| pool.over(v1::PoolLimits::default())),
            call_timeout: new.call_timeout_ms.map(span),
            demo: false,
            keep_arguments: new.keep_arguments.unwrap_or_default(),
            ..Self::default()
        };
        definition.set_isolation(new.isolation.unwrap_or_default().into());
        definition.set_protocol(new.protocol.unwrap_or_default().into());
        Ok(definition)
    }
}

impl Change {
    pub(super) fn apply(mut self, definition: &mut v1::UpstreamDefinition) -> Result<(), Problem> {
        if let Some(isolation) = self.isolation {
            definition.set_isolation(isolation.into());
        }
        if let Some(protocol) = self.protocol {
            definition.set_protocol(protocol.into());
        }
        if let Some(limit) = self.call_timeout_ms {
            definition.call_timeout = Some(span(limit));
        }
        if let Some(keep) = self.keep_arguments {
            definition.keep_arguments = keep;
        }
        if let Some(pool) = self.pool.take() {
            let now = definition.pool.take().unwrap_or_default();
            definition.pool = Some(pool.over(now));
        }
        match &mut definition.transport {
            Some(Reached::Stdio(command)) => self.apply_to_command(command),
            Some(Reached::Http(endpoint) | Reached::Sse(endpoint)) => {
                self.apply_to_endpoint(endpoint)
            }
            // Control keeps no such upstream.
            None => Ok(()),
        }
    }

    fn apply_to_command(self, command: &mut v1::StdioCommand) -> Result<(), Problem> {
        refuse(&[
            ("url", self.url.is_some()),
            ("headers", self.headers.is_some()),
            (
                "allow_private_network",
                self.allow_private_network.is_some(),
            ),
            ("credential", self.credential.is_there()),
        ])?;
        if let Some(program) = self.program {
            command.program = program;
        }
        if let Some(args) = self.args {
            command.args = args;
        }
        command.cwd = self.cwd.over(command.cwd.take());
        for (name, value) in self.env.unwrap_or_default() {
            match value {
                Some(value) => command.env.insert(name, value),
                None => command.env.remove(&name),
            };
        }
        Ok(())
    }

    fn apply_to_endpoint(self, endpoint: &mut v1::HttpEndpoint) -> Result<(), Problem> {
        refuse(&[
            ("program", self.program.is_some()),
            ("args", self.args.is_some()),
            ("env", self.env.is_some()),
            ("cwd", self.cwd.is_there()),
        ])?;
        if let Some(url) = self.url {
            endpoint.url = url;
        }
        if let Some(allowed) = self.allow_private_network {
            endpoint.allow_private_network = allowed;
        }
        let credential = self.credential.map(Presented::from);
        endpoint.credential = credential.over(endpoint.credential.take());
        for (name, value) in self.headers.unwrap_or_default() {
            // Header names are one name in any case.
            endpoint
                .headers
                .retain(|before, _| !before.eq_ignore_ascii_case(&name));
            if let Some(value) = value {
                endpoint.headers.insert(name, value);
            }
        }
        Ok(())
    }
}

fn refuse(members: &[(&str, bool)]) -> Result<(), Problem> {
    match members.iter().find(|(_, is_there)| *is_there) {
        Some((name, _)) => Err(not_of_this_transport(name)),
        None => Ok(()),
    }
}

fn span(milliseconds: u64) -> prost_types::Duration {
    // Only fails beyond 292 billion years.
    prost_types::Duration::try_from(Duration::from_millis(milliseconds)).unwrap_or_default()
}

impl PoolLimits {
    /// These, and otherwise what there is.
    fn over(self, now: v1::PoolLimits) -> v1::PoolLimits {
        v1::PoolLimits {
            min_idle: self.min_idle.or(now.min_idle),
            max_workers: self.max_workers.or(now.max_workers),
            max_in_flight: self.max_in_flight.or(now.max_in_flight),
            max_queue: self.max_queue.or(now.max_queue),
            queue_timeout: self.queue_timeout_ms.map(span).or(now.queue_timeout),
            idle_timeout: self.idle_timeout_ms.map(span).or(now.idle_timeout),
            calls_per_minute: self.calls_per_minute.over(now.calls_per_minute),
            tool_calls_per_minute: self.tool_calls_per_minute.over(now.tool_calls_per_minute),
        }
    }
}

impl From<Credential> for Presented {
    fn from(credential: Credential) -> Self {
        match credential {
            Credential::Bearer { token } => Self::Bearer(v1::BearerCredential { token }),
            Credential::Basic { username, password } => {
                Self::Basic(v1::BasicCredential { username, password })
            }
            Credential::ClientCredentials {
                token_url,
                client_id,
                client_secret,
                scopes,
                resource,
                audience,
                authentication,
            } => {
                let authentication = match authentication {
                    Authentication::Basic => v1::ClientAuthentication::Basic,
                    Authentication::Post => v1::ClientAuthentication::Post,
                };
                Self::ClientCredentials(v1::ClientCredentials {
                    token_url,
                    client_id,
                    client_secret,
                    scopes,
                    resource,
                    audience,
                    authentication: authentication.into(),
                })
            }
        }
    }
}
