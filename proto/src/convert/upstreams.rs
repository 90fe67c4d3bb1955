use super::{FieldError, all, duration, from_duration, uuid};
use crate::v1;
use ostia_domain::{
    key::Secret,
    name::{UpstreamName, canonical},
    tool::{Listed, Tier, Tool},
    upstream::{
        Catalogue, Command, DEFAULT_CALL_TIMEOUT, Era, HttpEndpoint, Isolation, PoolLimits,
        Protocol, Transport, Upstream,
    },
};
use std::{collections::HashMap, num::NonZeroU32};
use v1::upstream_definition::Transport as Reached;

impl From<Protocol> for v1::UpstreamProtocol {
    fn from(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Auto => Self::Unspecified,
            Protocol::Legacy => Self::Legacy,
            Protocol::Modern => Self::UpstreamProtocol20260728,
        }
    }
}

impl From<v1::UpstreamProtocol> for Protocol {
    fn from(protocol: v1::UpstreamProtocol) -> Self {
        match protocol {
            v1::UpstreamProtocol::Unspecified => Self::Auto,
            v1::UpstreamProtocol::Legacy => Self::Legacy,
            v1::UpstreamProtocol::UpstreamProtocol20260728 => Self::Modern,
        }
    }
}

impl From<Era> for v1::Era {
    fn from(era: Era) -> Self {
        match era {
            Era::Legacy => Self::Legacy,
            Era::Modern => Self::Modern,
        }
    }
}

impl From<Tier> for v1::Tier {
    fn from(tier: Tier) -> Self {
        match tier {
            Tier::Read => Self::Read,
            Tier::Write => Self::Write,
            Tier::Destructive => Self::Destructive,
        }
    }
}

impl From<Isolation> for v1::Isolation {
    fn from(isolation: Isolation) -> Self {
        match isolation {
            Isolation::Shared => Self::Shared,
            Isolation::Key => Self::Key,
            Isolation::Session => Self::Session,
        }
    }
}

impl From<v1::Isolation> for Isolation {
    fn from(isolation: v1::Isolation) -> Self {
        match isolation {
            v1::Isolation::Unspecified | v1::Isolation::Shared => Self::Shared,
            v1::Isolation::Key => Self::Key,
            v1::Isolation::Session => Self::Session,
        }
    }
}

impl From<PoolLimits> for v1::PoolLimits {
    fn from(limits: PoolLimits) -> Self {
        Self {
            min_idle: Some(limits.min_idle),
            max_workers: Some(limits.max_workers.get()),
            max_in_flight: Some(limits.max_in_flight.get()),
            max_queue: Some(limits.max_queue),
            queue_timeout: Some(duration(limits.queue_timeout)),
            idle_timeout: Some(duration(limits.idle_timeout)),
        }
    }
}

impl TryFrom<v1::PoolLimits> for PoolLimits {
    type Error = FieldError;
    fn try_from(limits: v1::PoolLimits) -> Result<Self, FieldError> {
        let default = Self::default();
        let positive = |field, value: Option<u32>, default| match value {
            None => Ok(default),
            Some(n) => {
                NonZeroU32::new(n).ok_or_else(|| FieldError::new(field, "must be at least 1"))
            }
        };
        let pool = Self {
            min_idle: limits.min_idle.unwrap_or(default.min_idle),
            max_workers: positive("pool.max_workers", limits.max_workers, default.max_workers)?,
            max_in_flight: positive(
                "pool.max_in_flight",
                limits.max_in_flight,
                default.max_in_flight,
            )?,
            max_queue: limits.max_queue.unwrap_or(default.max_queue),
            queue_timeout: limits
                .queue_timeout
                .map_or(Ok(default.queue_timeout), |d| {
                    from_duration("pool.queue_timeout", d)
                })?,
            idle_timeout: limits.idle_timeout.map_or(Ok(default.idle_timeout), |d| {
                from_duration("pool.idle_timeout", d)
            })?,
        };
        if pool.min_idle > pool.max_workers.get() {
            return Err(FieldError::new(
                "pool.min_idle",
                "is more than pool.max_workers",
            ));
        }
        Ok(pool)
    }
}

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
        }
    }
}

impl From<v1::HttpEndpoint> for HttpEndpoint {
    fn from(endpoint: v1::HttpEndpoint) -> Self {
        Self {
            url: endpoint.url,
            headers: endpoint
                .headers
                .into_iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), Secret::new(value)))
                .collect(),
            allow_private_network: endpoint.allow_private_network,
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
            Reached::Http(endpoint) => Self::Http(endpoint.into()),
            Reached::Sse(endpoint) => Self::Sse(endpoint.into()),
        })
    }
}

impl From<Upstream> for v1::Upstream {
    /// Without what only control knows: the creation time and the catalogue.
    fn from(upstream: Upstream) -> Self {
        Self {
            id: upstream.id.to_string(),
            definition: Some(v1::UpstreamDefinition {
                name: upstream.name.into(),
                transport: Some(upstream.transport.into()),
                isolation: v1::Isolation::from(upstream.isolation).into(),
                protocol: v1::UpstreamProtocol::from(upstream.protocol).into(),
                pool: Some(upstream.pool.into()),
                call_timeout: Some(duration(upstream.call_timeout)),
                demo: upstream.demo,
            }),
            version: upstream.version,
            enabled: upstream.enabled,
            created_at: None,
            catalogue: None,
            problem: None,
        }
    }
}

impl TryFrom<v1::Upstream> for Upstream {
    type Error = FieldError;
    fn try_from(upstream: v1::Upstream) -> Result<Self, FieldError> {
        let definition = upstream
            .definition
            .ok_or(FieldError::missing("definition"))?;
        let protocol = definition.protocol().into();
        let isolation = definition.isolation().into();
        Ok(Self {
            id: uuid("id", &upstream.id)?,
            name: UpstreamName::new(definition.name)
                .map_err(|error| FieldError::new("definition.name", error))?,
            version: upstream.version,
            enabled: upstream.enabled,
            demo: definition.demo,
            transport: definition
                .transport
                .ok_or(FieldError::missing("definition.transport"))?
                .try_into()?,
            isolation,
            protocol,
            pool: definition.pool.unwrap_or_default().try_into()?,
            call_timeout: definition
                .call_timeout
                .map_or(Ok(DEFAULT_CALL_TIMEOUT), |d| {
                    from_duration("definition.call_timeout", d)
                })?,
        })
    }
}

impl v1::Tool {
    /// As operators see it, with the name that policies use.
    pub fn of(upstream: &UpstreamName, tool: Tool) -> Self {
        Self {
            canonical_name: canonical(upstream, &tool.name),
            ..tool.into()
        }
    }
}

impl From<Tool> for v1::Tool {
    fn from(tool: Tool) -> Self {
        Self {
            name: tool.name,
            canonical_name: String::new(),
            tier: v1::Tier::from(tool.tier).into(),
            definition: tool.definition,
            asks_client: tool.asks_client,
        }
    }
}

impl TryFrom<v1::Tool> for Tool {
    type Error = FieldError;
    fn try_from(tool: v1::Tool) -> Result<Self, FieldError> {
        let tier = match tool.tier() {
            v1::Tier::Read => Tier::Read,
            v1::Tier::Write => Tier::Write,
            // A tier this build does not know is treated as the worst one.
            v1::Tier::Destructive | v1::Tier::Unspecified => Tier::Destructive,
        };
        Ok(Self {
            name: tool.name,
            definition: tool.definition,
            tier,
            asks_client: tool.asks_client,
        })
    }
}

impl From<Listed> for v1::ListedItem {
    fn from(item: Listed) -> Self {
        Self {
            name: item.name,
            definition: item.definition,
        }
    }
}

impl From<v1::ListedItem> for Listed {
    fn from(item: v1::ListedItem) -> Self {
        Self {
            name: item.name,
            definition: item.definition,
        }
    }
}

impl From<Catalogue> for v1::Catalogue {
    fn from(catalogue: Catalogue) -> Self {
        Self {
            upstream_id: catalogue.upstream_id.to_string(),
            upstream_version: catalogue.upstream_version,
            era: v1::Era::from(catalogue.era).into(),
            server_info: catalogue.server_info,
            tools: all(catalogue.tools),
            capabilities: catalogue.capabilities,
            instructions: catalogue.instructions,
            prompts: all(catalogue.prompts),
            resources: all(catalogue.resources),
            resource_templates: all(catalogue.resource_templates),
        }
    }
}

impl TryFrom<v1::Catalogue> for Catalogue {
    type Error = FieldError;
    fn try_from(catalogue: v1::Catalogue) -> Result<Self, FieldError> {
        let era = match catalogue.era() {
            v1::Era::Legacy => Era::Legacy,
            v1::Era::Modern => Era::Modern,
            v1::Era::Unspecified => return Err(FieldError::missing("era")),
        };
        Ok(Self {
            upstream_id: uuid("upstream_id", &catalogue.upstream_id)?,
            upstream_version: catalogue.upstream_version,
            era,
            server_info: catalogue.server_info,
            tools: catalogue
                .tools
                .into_iter()
                .map(TryInto::try_into)
                .collect::<Result<_, _>>()?,
            capabilities: catalogue.capabilities,
            instructions: catalogue.instructions,
            prompts: all(catalogue.prompts),
            resources: all(catalogue.resources),
            resource_templates: all(catalogue.resource_templates),
        })
    }
}
