//! What audit tells of an upstream: all of its definition but the values of credentials.

use crate::{
    store::{audit::arguments::hash, upstreams::StoredUpstream},
    vault::CREDENTIAL,
};
use ostia_domain::{
    redact,
    upstream::{Command, HttpEndpoint, PoolLimits, Transport},
};
use serde_json::{Value, json};
use std::time::Duration;

pub(in crate::app) fn detail(stored: &StoredUpstream) -> Value {
    let upstream = &stored.upstream;
    let credentials: Vec<_> = stored
        .credentials
        .keys()
        .filter(|name| *name != CREDENTIAL)
        .collect();
    let (target, way) = match &upstream.transport {
        Transport::Stdio(command) => (&command.program, of_command(command)),
        Transport::Http(endpoint) | Transport::Sse(endpoint) => {
            (&endpoint.url, of_endpoint(endpoint))
        }
    };
    let mut detail = json!({
        "upstream_id": upstream.id,
        // Of values of credentials that changed, too.
        "version": upstream.version,
        "enabled": upstream.enabled,
        "transport": upstream.transport.as_str(),
        "target": target,
        "credentials": credentials,
        "isolation": upstream.isolation,
        "protocol": upstream.protocol,
        "pool": of_pool(&upstream.pool),
        "call_timeout_ms": milliseconds(upstream.call_timeout),
        "demo": upstream.demo,
        "keep_arguments": upstream.keep_arguments,
    });
    if let (Value::Object(detail), Value::Object(way)) = (&mut detail, way) {
        detail.extend(way);
    }
    detail
}

/// Arguments may hold credentials where an upstream takes them no other way. The digest shows that something
/// changed which is not shown.
fn of_command(command: &Command) -> Value {
    json!({
        "args": redact::command_line(&command.args),
        "args_sha256": hash(&json!(command.args).to_string()),
        "cwd": command.cwd,
    })
}

/// A credential is written down without its secret.
fn of_endpoint(endpoint: &HttpEndpoint) -> Value {
    json!({
        "allow_private_network": endpoint.allow_private_network,
        "credential": endpoint.credential,
    })
}

/// Named one by one, so that a limit that is new is left out by nobody.
fn of_pool(pool: &PoolLimits) -> Value {
    let PoolLimits {
        min_idle,
        max_workers,
        max_in_flight,
        max_queue,
        queue_timeout,
        idle_timeout,
        calls_per_minute,
        tool_calls_per_minute,
    } = pool;
    json!({
        "min_idle": min_idle,
        "max_workers": max_workers,
        "max_in_flight": max_in_flight,
        "max_queue": max_queue,
        "queue_timeout_ms": milliseconds(*queue_timeout),
        "idle_timeout_ms": milliseconds(*idle_timeout),
        "calls_per_minute": calls_per_minute,
        "tool_calls_per_minute": tool_calls_per_minute,
    })
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
