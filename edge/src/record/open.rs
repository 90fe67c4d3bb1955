//! The record of one request while it goes on.

use super::{
    Recorder,
    entry::{Entry, Target},
};
use crate::{
    authorize::Permit,
    call::{Arrival, RequestId},
    error::Error,
    trace::{self, Incoming},
    view::Item,
};
use http::HeaderValue;
use ostia_domain::{key::Presented, principal::Principal, redact::KeptArguments, usage::Outcome};
use ring::digest;
use serde_json::value::RawValue;
use std::{borrow::Cow, sync::Arc, time::Instant};
use tracing::Span;

/// Names of a stranger's choice are cut to this many characters.
const MAX_NAME: usize = 200;

/// Filled in along the way, written down when dropped: also when the client goes away and the request
/// with it.
pub struct OpenRecord {
    /// Unset once it is not to be written.
    entry: Option<Box<Entry>>,
    id: RequestId,
    started: Instant,
    /// Ends with the record.
    span: Option<Span>,
    recorder: Arc<Recorder>,
}

impl OpenRecord {
    pub(super) fn new(recorder: Arc<Recorder>, arrival: &Arrival) -> Self {
        let entry = Some(Box::new(Entry::new(arrival)));
        Self {
            entry,
            id: arrival.id,
            started: arrival.started,
            span: None,
            recorder,
        }
    }

    /// The id of the request.
    pub fn id(&self) -> RequestId {
        self.id
    }

    fn edit(&mut self, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = &mut self.entry {
            change(entry);
        }
    }

    pub fn caller(&mut self, principal: &Arc<Principal>) {
        self.edit(|entry| entry.caller = Some(Arc::clone(principal)));
    }

    /// A credential that was refused; only the public part of a well-formed key is kept.
    pub fn refused_credential(&mut self, credential: &str) {
        if let Ok(key) = Presented::parse(credential) {
            self.edit(|entry| entry.presented_key = Some(key.public_id().to_string()));
        }
    }

    pub fn method(&mut self, method: &str) {
        let method = match crate::metrics::known_method(method) {
            Some(known) => Cow::Borrowed(known),
            None => Cow::Owned(shortened(method)),
        };
        self.edit(|entry| entry.method = method);
    }

    pub fn client(&mut self, client: Option<&HeaderValue>) {
        self.edit(|entry| entry.client = client.cloned());
    }

    pub fn request_bytes(&mut self, bytes: usize) {
        self.edit(|entry| entry.request_bytes = bytes);
    }

    /// What a call carries, as a digest.
    pub fn arguments(&mut self, arguments: &str) {
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest::digest(&digest::SHA256, arguments.as_bytes()).as_ref());
        self.edit(|entry| entry.arguments_digest = Some(sha256));
    }

    /// What a name stands for, or the name where it stands for none.
    pub fn target(&mut self, item: Option<&Arc<Item>>, name: &str) {
        self.edit(|entry| {
            entry.target = match item {
                Some(item) => Target::Item(Arc::clone(item)),
                None => Target::Named(shortened(name)),
            }
        });
    }

    /// What a call carries, as far as it may be kept, where its upstream wants that.
    pub fn keep(&mut self, item: &Item, arguments: &RawValue) {
        if item.upstream.keep_arguments {
            let kept = Box::new(KeptArguments::of(arguments));
            self.edit(|entry| entry.arguments = Some(kept));
        }
    }

    pub fn permitted(&mut self, permit: &Permit) {
        self.edit(|entry| entry.rule = Some(permit.rule().to_owned()));
    }

    pub fn rule(&mut self, rule: String) {
        self.edit(|entry| entry.rule = Some(rule));
    }

    pub fn failed(&mut self, error: &Error) {
        self.edit(|entry| {
            entry.outcome = error.outcome;
            entry.error = Some(error.code);
        });
    }

    pub fn ended(&mut self, outcome: Outcome, result_bytes: usize) {
        self.edit(|entry| {
            entry.outcome = outcome;
            entry.result_bytes = result_bytes;
        });
    }

    /// Of an upstream over HTTP, once it answered.
    pub fn upstream_status(&mut self, status: Option<u16>) {
        self.edit(|entry| entry.upstream_status = status);
    }

    /// Begins the call's span; answers with the trace context that the upstream must get.
    pub fn trace(&mut self, tool: &str, incoming: &Incoming<'_>) -> Option<String> {
        let (span, outgoing) = trace::begin(tool, incoming);
        self.span = Some(span);
        outgoing
    }

    /// Nothing happened that anybody would look for.
    pub fn discard(mut self) {
        self.entry = None;
    }
}

impl Drop for OpenRecord {
    fn drop(&mut self) {
        let Some(mut entry) = self.entry.take() else {
            return;
        };
        entry.duration = self.started.elapsed();
        if let Some(span) = &self.span {
            span.record("outcome", entry.outcome.as_str());
        }
        self.recorder.metrics.request(&entry);
        self.recorder.buffer.push(*entry);
    }
}

fn shortened(name: &str) -> String {
    name.chars().take(MAX_NAME).collect()
}
