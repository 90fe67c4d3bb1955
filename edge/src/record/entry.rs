//! One request as the buffer holds it: mostly shared with what it is about, and spelled out only on its
//! way to control.

use crate::{call::Arrival, view::Item};
use http::HeaderValue;
use ostia_domain::{
    clock::Timestamp, code::Code, principal::Principal, redact::KeptArguments, usage::Outcome,
};
use ostia_proto::v1;
use std::{borrow::Cow, net::IpAddr, sync::Arc, time::Duration};
use uuid::Uuid;

pub struct Entry {
    pub id: Uuid,
    pub at: Timestamp,
    pub caller: Option<Arc<Principal>>,
    /// The public id of a key that was refused.
    pub presented_key: Option<String>,
    pub method: Cow<'static, str>,
    pub target: Target,
    pub outcome: Outcome,
    pub error: Option<Code>,
    pub rule: Option<String>,
    pub arguments_digest: Option<[u8; 32]>,
    /// Boxed: few upstreams keep them.
    pub arguments: Option<Box<KeptArguments>>,
    pub duration: Duration,
    pub request_bytes: usize,
    pub result_bytes: usize,
    /// Of an upstream over HTTP that answered.
    pub upstream_status: Option<u16>,
    pub remote: IpAddr,
    pub client: Option<HeaderValue>,
}

/// What a request was about.
pub enum Target {
    None,
    /// As the client called it; it belongs to no upstream.
    Named(String),
    Item(Arc<Item>),
}

/// Longer names of clients are cut.
const MAX_CLIENT: usize = 200;

impl Entry {
    /// A request that just arrived. Whatever ends it without a word is its client's going away.
    pub fn new(arrival: &Arrival) -> Self {
        Self {
            id: arrival.id.0,
            at: arrival.at,
            caller: None,
            presented_key: None,
            method: Cow::Borrowed(""),
            target: Target::None,
            outcome: Outcome::Cancelled,
            error: None,
            rule: None,
            arguments_digest: None,
            arguments: None,
            duration: Duration::ZERO,
            request_bytes: 0,
            result_bytes: 0,
            upstream_status: None,
            remote: arrival.remote,
            client: None,
        }
    }

    pub fn upstream(&self) -> Option<&str> {
        match &self.target {
            Target::Item(tool) => Some(tool.upstream.name.as_str()),
            Target::None | Target::Named(_) => None,
        }
    }

    pub fn arguments_bytes(&self) -> usize {
        self.arguments.as_ref().map_or(0, |kept| kept.json.len())
    }

    fn tool(&self) -> Option<&str> {
        match &self.target {
            Target::Item(tool) => Some(&tool.name),
            Target::Named(name) => Some(name),
            Target::None => None,
        }
    }
}

impl From<&Entry> for v1::CallRecord {
    fn from(entry: &Entry) -> Self {
        let client = entry
            .client
            .as_ref()
            .and_then(|client| client.to_str().ok());
        Self {
            id: entry.id.as_bytes().to_vec(),
            at_us: entry.at.timestamp_micros(),
            request_id: entry.id.as_bytes().to_vec(),
            caller: entry.caller.as_deref().map(caller),
            secret_id: entry.caller.as_deref().and_then(secret),
            presented_key: entry.presented_key.clone(),
            method: entry.method.clone().into_owned(),
            upstream: entry.upstream().map(str::to_owned),
            tool: entry.tool().map(str::to_owned),
            outcome: entry.outcome.as_str().to_owned(),
            error: entry.error.map(|code| code.as_str().to_owned()),
            rule: entry.rule.clone(),
            arguments_digest: entry.arguments_digest.map(Into::into),
            arguments: entry.arguments.as_deref().cloned().map(Into::into),
            duration_us: u64::try_from(entry.duration.as_micros()).unwrap_or(u64::MAX),
            request_bytes: entry.request_bytes as u64,
            result_bytes: entry.result_bytes as u64,
            upstream_status: entry.upstream_status.map(u32::from),
            // Every answer comes from its upstream.
            cached: false,
            remote_address: Some(entry.remote.to_string()),
            // A header that reads as text is ASCII, so every cut is between characters.
            client: client.map(|name| name[..name.len().min(MAX_CLIENT)].to_owned()),
        }
    }
}

fn secret(principal: &Principal) -> Option<Vec<u8>> {
    principal.secret_id.map(|id| id.as_bytes().to_vec())
}

fn caller(principal: &Principal) -> v1::RecordedCaller {
    v1::RecordedCaller {
        key_id: principal.key_id.as_bytes().to_vec(),
        key_name: principal.key_name.clone(),
        owner_id: principal.owner_id.as_bytes().to_vec(),
        owner_name: principal.owner_name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{call::RequestIds, fixture::principal};
    use ostia_domain::clock;

    #[test]
    fn a_record_says_which_secret_was_used() {
        let arrival = Arrival {
            id: RequestIds::new([0; 8]).next(clock::now()),
            at: clock::now(),
            started: clock::instant(),
            remote: [127, 0, 0, 1].into(),
        };
        let mut entry = Entry::new(&arrival);
        assert_eq!(v1::CallRecord::from(&entry).secret_id, None);
        let secret = Uuid::from_u128(7);
        entry.caller = Some(Arc::new(Principal {
            secret_id: Some(secret),
            ..principal()
        }));
        let record = v1::CallRecord::from(&entry);
        assert_eq!(record.secret_id.as_deref(), Some(&secret.as_bytes()[..]));
    }
}
