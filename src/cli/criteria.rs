//! What lists of events and records are narrowed to.

use super::moment;
use ostia_domain::clock::Timestamp;
use ostia_proto::{convert::timestamp, v1};

/// Something may be there, but not of this kind.
pub(crate) const NOTHING_MATCHES: &str = "nothing matches";

#[derive(clap::Args, Clone, Default, PartialEq, Eq)]
#[command(next_help_heading = "Only")]
pub(crate) struct Criteria {
    /// Of this key, by id, public id or name
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Of this user and their keys, by id or name
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// To this upstream
    #[arg(long, value_name = "NAME")]
    upstream: Option<String>,
    /// Of this tool, as <upstream>.<tool>
    #[arg(long, value_name = "TOOL")]
    tool: Option<String>,
    /// That ended so: ok, denied, timeout, ...
    #[arg(long, value_name = "OUTCOME")]
    outcome: Option<String>,
    /// From this time on: 2026-11-21T10:00:00Z, 2026-11-21 (UTC), or 24h for so long ago
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    from: Option<Timestamp>,
    /// Until before this time
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    to: Option<Timestamp>,
}

impl Criteria {
    /// What is said where nothing was found: without criteria there is nothing at all.
    pub(crate) fn nothing(&self, at_all: &'static str) -> &'static str {
        if *self == Self::default() {
            at_all
        } else {
            NOTHING_MATCHES
        }
    }

    pub(crate) fn events(&self, action: Option<&str>) -> v1::ListEventsRequest {
        let own = self.clone();
        v1::ListEventsRequest {
            key: own.key,
            user: own.user,
            upstream: own.upstream,
            tool: own.tool,
            action: action.map(str::to_owned),
            outcome: own.outcome,
            from: own.from.map(timestamp),
            to: own.to.map(timestamp),
            ..v1::ListEventsRequest::default()
        }
    }

    pub(crate) fn summary(&self) -> v1::SummarizeUsageRequest {
        let own = self.clone();
        v1::SummarizeUsageRequest {
            key: own.key,
            user: own.user,
            upstream: own.upstream,
            tool: own.tool,
            outcome: own.outcome,
            from: own.from.map(timestamp),
            to: own.to.map(timestamp),
            ..v1::SummarizeUsageRequest::default()
        }
    }

    pub(crate) fn records(&self) -> v1::ListUsageRequest {
        let own = self.clone();
        v1::ListUsageRequest {
            key: own.key,
            user: own.user,
            upstream: own.upstream,
            tool: own.tool,
            outcome: own.outcome,
            from: own.from.map(timestamp),
            to: own.to.map(timestamp),
            ..v1::ListUsageRequest::default()
        }
    }
}
