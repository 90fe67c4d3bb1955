//! Clients that open a stream and do not read it: they cost a bounded buffer, and nobody else a worker.

use crate::harness::{
    control::{self, Control},
    mcp::{Endpoint, legacy::Session, modern},
    ostia::Ostia,
    upstreams, wait,
};
use serde_json::{Value, json};
use std::time::Duration;

/// What `chatty.py` says in one call: 128 MiB.
const MESSAGES: u64 = 2048;
/// What Ostia may keep of it: buffers of messages, and of connections.
const KEPT: u64 = 64 << 20;
/// A reader has half a minute, and the machine may be busy.
const CUT_OFF: Duration = Duration::from_secs(60);

struct Chatty {
    ostia: Ostia,
    control: Control,
    endpoint: Endpoint,
    /// Resident memory before anybody spoke, in bytes.
    before: u64,
}

impl Chatty {
    /// One worker that takes two calls at once, and has answered once.
    async fn start() -> Self {
        let ostia = Ostia::start().await;
        let control = control::client(&ostia);
        let definition = upstreams::script("chatty", "chatty.py", &[]);
        definition.pool(1, 2, 10).add(&control).await;
        let key = control::master_key(&control, "all").await;
        let endpoint = Endpoint::new(&ostia.mcp_url, &key);
        let mut chatty = Self {
            ostia,
            control,
            endpoint,
            before: 0,
        };
        chatty.said().await;
        chatty.before = chatty.memory();
        chatty
    }

    fn memory(&self) -> u64 {
        resident_bytes(self.ostia.pid())
    }

    /// What the worker knows of the newest chatter: that it is asked shows that others are served.
    async fn said(&self) -> Value {
        let said = modern::call(&self.endpoint, "chatty__said", &json!({}));
        serde_json::from_str(&said.send().await.first_text()).expect("JSON")
    }

    /// Waits for the worker, which writes on although nobody reads.
    async fn all_is_said(&self) {
        let done = wait::until(CUT_OFF, "the worker has said all", || async {
            let said = self.said().await;
            (said["said"] == MESSAGES).then_some(()).ok_or(said)
        });
        done.await;
        let grown = self.memory().saturating_sub(self.before);
        assert!(grown < KEPT, "{grown} bytes are kept for who does not read");
    }

    async fn outcome(&self) -> String {
        let recorded = wait::until(CUT_OFF, "the call is recorded", || async {
            let usage = control::usage(&self.control).await;
            let record = usage.into_iter().find(|record| record.tool == "chatter");
            record.map(|record| record.outcome).ok_or("no record")
        });
        recorded.await.0
    }
}

/// Memory of a process that is not swapped out, in bytes.
fn resident_bytes(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next());
    let kibibytes: u64 = kibibytes.expect("VmRSS").parse().expect("a number");
    kibibytes * 1024
}

/// Reads to the end, and fails where an answer is.
async fn assert_no_answer(mut response: reqwest::Response) {
    let mut text = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        text.extend_from_slice(&chunk);
    }
    let finder = memchr::memmem::Finder::new(b"\"result\"");
    assert!(finder.find(&text).is_none(), "it was answered");
}

#[tokio::test]
async fn who_does_not_read_is_cut_off() {
    let chatty = Chatty::start().await;
    let mut meta = modern::meta();
    meta["progressToken"] = json!("t");
    let params = json!({"name": "chatty__chatter", "arguments": {}, "_meta": meta});
    let call = modern::request(&chatty.endpoint, 1, "tools/call", &params);
    let unread = call.begin().await;
    chatty.all_is_said().await;

    let told = wait::until(CUT_OFF, "the worker is told", || async {
        let said = chatty.said().await;
        (said["cancelled"] == true).then_some(()).ok_or(said)
    });
    told.await;
    assert_eq!(chatty.outcome().await, "cancelled");
    // Both places of the worker are there for others.
    let meet = || modern::call(&chatty.endpoint, "chatty__meet", &json!({})).send();
    let (first, second) = tokio::join!(meet(), meet());
    assert_eq!(
        (first.first_text(), second.first_text()),
        ("met".into(), "met".into())
    );
    assert_no_answer(unread).await;
}

/// A call under a session goes on without its reader, who finds a break where too much was said.
#[tokio::test]
async fn a_session_that_does_not_read_costs_a_bounded_buffer() {
    let chatty = Chatty::start().await;
    let session = Session::open(&chatty.endpoint).await;
    let params = json!({"name": "chatty__chatter", "arguments": {"then": "answer"}, "_meta": {"progressToken": 1}});
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
    let unread = session.post(body.to_string()).begin().await;
    chatty.all_is_said().await;
    assert_eq!(chatty.outcome().await, "ok");
    assert_no_answer(unread).await;
}
