//! The record of one request while it goes on.

use super::Recorder;
use crate::{
    authorize::Permit,
    call::Arrival,
    error::Error,
    trace::{self, Incoming},
};
use ostia_domain::{
    audit::{CallRecord, Caller},
    key::Presented,
    principal::Principal,
    usage::Outcome,
};
use ring::digest;
use std::{sync::Arc, time::Instant};
use tracing::Span;

/// Filled in along the way, written down when dropped: also when the client goes away and the request
/// with it. One without a method is dropped without a trace.
pub struct OpenRecord {
    record: Option<CallRecord>,
    started: Instant,
    /// Ends with the record.
    span: Option<Span>,
    recorder: Arc<Recorder>,
}

impl OpenRecord {
    pub(super) fn new(recorder: Arc<Recorder>, arrival: &Arrival) -> Self {
        let record = CallRecord {
            id: arrival.id.0,
            at: arrival.at,
            request_id: arrival.id.0,
            caller: None,
            presented_key: None,
            method: String::new(),
            upstream: None,
            tool: None,
            outcome: Outcome::Cancelled,
            error: None,
            rule: None,
            arguments_digest: None,
            duration_us: 0,
            request_bytes: 0,
            result_bytes: 0,
            remote_address: Some(arrival.remote.ip().to_string()),
            client: None,
        };
        Self {
            record: Some(record),
            started: arrival.started,
            span: None,
            recorder,
        }
    }

    fn edit(&mut self, change: impl FnOnce(&mut CallRecord)) {
        if let Some(record) = &mut self.record {
            change(record);
        }
    }

    pub fn caller(&mut self, principal: &Principal) {
        self.edit(|record| {
            record.caller = Some(Caller {
                key_id: principal.key_id,
                key_name: principal.key_name.clone(),
                owner_id: principal.owner_id,
                owner_name: principal.owner_name.clone(),
            });
        });
    }

    /// A credential that was refused; only the public part of a well-formed key is kept.
    pub fn refused_credential(&mut self, credential: &str) {
        if let Ok(key) = Presented::parse(credential) {
            self.edit(|record| record.presented_key = Some(key.public_id().to_string()));
        }
    }

    pub fn method(&mut self, method: &str) {
        // Names of a stranger's choice: bounded.
        self.edit(|record| record.method = method.chars().take(100).collect());
    }

    pub fn client(&mut self, client: Option<&str>) {
        self.edit(|record| record.client = client.map(|name| name.chars().take(200).collect()));
    }

    pub fn request_bytes(&mut self, bytes: usize) {
        self.edit(|record| record.request_bytes = bytes as u64);
    }

    /// What was asked for, before anything is known about it.
    pub fn requested_tool(&mut self, name: &str, arguments: Option<&str>) {
        self.edit(|record| {
            record.tool = Some(name.chars().take(200).collect());
            record.arguments_digest = arguments.map(|arguments| {
                let mut sha256 = [0; 32];
                sha256.copy_from_slice(
                    digest::digest(&digest::SHA256, arguments.as_bytes()).as_ref(),
                );
                sha256
            });
        });
    }

    pub fn target(&mut self, upstream: &str, tool: &str) {
        self.edit(|record| {
            record.upstream = Some(upstream.to_owned());
            record.tool = Some(tool.to_owned());
        });
    }

    pub fn permitted(&mut self, permit: &Permit) {
        self.edit(|record| record.rule = Some(permit.rule().to_owned()));
    }

    pub fn rule(&mut self, rule: String) {
        self.edit(|record| record.rule = Some(rule));
    }

    pub fn failed(&mut self, error: &Error) {
        self.edit(|record| {
            record.outcome = error.outcome;
            record.error = Some(error.code.as_str());
        });
    }

    pub fn ended(&mut self, outcome: Outcome, result_bytes: usize) {
        self.edit(|record| {
            record.outcome = outcome;
            record.result_bytes = result_bytes as u64;
        });
    }

    /// Begins the call's span; answers with the trace context that the upstream must get.
    pub fn trace(&mut self, tool: &str, incoming: &Incoming<'_>) -> Option<String> {
        let (span, outgoing) = trace::begin(tool, incoming);
        self.span = Some(span);
        outgoing
    }

    /// Nothing happened that anybody would look for.
    pub fn discard(mut self) {
        self.record = None;
    }
}

impl Drop for OpenRecord {
    fn drop(&mut self) {
        let Some(mut record) = self.record.take() else {
            return;
        };
        let took = self.started.elapsed();
        record.duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Some(span) = &self.span {
            span.record("outcome", record.outcome.as_str());
        }
        crate::metrics::request(&record, took);
        self.recorder.push(record);
    }
}
