use super::{FieldError, duration, from_duration, uuid};
use crate::v1;
use ostia_domain::{
    name::UpstreamName,
    upstream::{DEFAULT_CALL_TIMEOUT, Isolation, PoolLimits, Protocol, Stage, Upstream},
};
use std::num::NonZeroU32;

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

impl From<Stage> for v1::UpstreamStage {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Resolve => Self::Resolve,
            Stage::Connect => Self::Connect,
            Stage::Tls => Self::Tls,
            Stage::Authorize => Self::Authorize,
            Stage::Start => Self::Start,
            Stage::Handshake => Self::Handshake,
            Stage::Run => Self::Run,
            Stage::Queue => Self::Queue,
            Stage::List => Self::List,
        }
    }
}

impl v1::UpstreamStage {
    /// Unset where nobody said.
    pub fn known(self) -> Option<Stage> {
        Some(match self {
            Self::Unspecified => return None,
            Self::Resolve => Stage::Resolve,
            Self::Connect => Stage::Connect,
            Self::Tls => Stage::Tls,
            Self::Authorize => Stage::Authorize,
            Self::Start => Stage::Start,
            Self::Handshake => Stage::Handshake,
            Self::Run => Stage::Run,
            Self::Queue => Stage::Queue,
            Self::List => Stage::List,
        })
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
            calls_per_minute: limits.calls_per_minute.map(NonZeroU32::get),
            tool_calls_per_minute: limits.tool_calls_per_minute.map(NonZeroU32::get),
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
        let rate = |field, value: Option<u32>| {
            let zero = || FieldError::new(field, "must be at least 1");
            let read = value.map(|n| NonZeroU32::new(n).ok_or_else(zero));
            read.transpose()
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
            calls_per_minute: rate("pool.calls_per_minute", limits.calls_per_minute)?,
            tool_calls_per_minute: rate(
                "pool.tool_calls_per_minute",
                limits.tool_calls_per_minute,
            )?,
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

impl From<Upstream> for v1::Upstream {
    /// Without what only control knows: the creation time, the catalogue and the tag.
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
                keep_arguments: upstream.keep_arguments,
            }),
            version: upstream.version,
            enabled: upstream.enabled,
            created_at: None,
            catalogue: None,
            problem: None,
            problem_stage: v1::UpstreamStage::Unspecified.into(),
            problem_since: None,
            listing: upstream.listing,
            etag: String::new(),
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
        // One that is not known here may keep apart what those that are would mix.
        let isolation = v1::Isolation::try_from(definition.isolation)
            .map_err(|_| FieldError::new("definition.isolation", "is not known"))?;
        Ok(Self {
            id: uuid("id", &upstream.id)?,
            name: UpstreamName::new(definition.name)
                .map_err(|error| FieldError::new("definition.name", error))?,
            version: upstream.version,
            listing: upstream.listing,
            enabled: upstream.enabled,
            demo: definition.demo,
            transport: definition
                .transport
                .ok_or(FieldError::missing("definition.transport"))?
                .try_into()?,
            isolation: isolation.into(),
            protocol,
            keep_arguments: definition.keep_arguments,
            pool: definition.pool.unwrap_or_default().try_into()?,
            call_timeout: definition
                .call_timeout
                .map_or(Ok(DEFAULT_CALL_TIMEOUT), |d| {
                    from_duration("definition.call_timeout", d)
                })?,
        })
    }
}
