//! What is remembered: one event per decision, at the edge or in `control`.

use crate::{clock::Timestamp, redact::KeptArguments, usage::Outcome};
use uuid::Uuid;

/// One request at the edge, from its first byte to its answer. It leaves the edge once and becomes an
/// audit event and, for a tool call, a usage record.
#[derive(Clone, Debug, PartialEq)]
pub struct CallRecord {
    /// Made by the edge, ordered by time; writing the same id twice changes nothing.
    pub id: Uuid,
    pub at: Timestamp,
    /// What callers and logs call the request.
    pub request_id: Uuid,
    /// Unset when nobody was authenticated.
    pub caller: Option<Caller>,
    /// Which secret of the caller's key was used, where that is known.
    pub secret_id: Option<Uuid>,
    /// The public id of a key that was presented and refused, where it could be read.
    pub presented_key: Option<String>,
    /// The MCP method, or the HTTP method and path of a request that carried none.
    pub method: String,
    pub upstream: Option<String>,
    pub tool: Option<String>,
    pub outcome: Outcome,
    /// The code of the error that was answered (`docs/errors/`).
    pub error: Option<&'static str>,
    /// Which rule decided, as `<policy>: <list> <pattern>`.
    pub rule: Option<String>,
    /// SHA-256 of the arguments as they came.
    pub arguments_digest: Option<[u8; 32]>,
    /// Only of upstreams whose definition says so.
    pub arguments: Option<KeptArguments>,
    pub duration_us: u64,
    pub request_bytes: u64,
    pub result_bytes: u64,
    /// What an upstream over HTTP answered with.
    pub upstream_status: Option<u16>,
    /// Answered without the upstream.
    pub cached: bool,
    pub remote_address: Option<String>,
    pub client: Option<String>,
}

/// Who called, as audit keeps it: ids to join with, names as they were then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub key_id: Uuid,
    pub key_name: String,
    pub owner_id: Uuid,
    pub owner_name: String,
}
