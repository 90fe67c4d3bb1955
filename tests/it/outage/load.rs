//! Calls from several clients at once, and what must have been written down of them.

use crate::harness::{
    control::{self, Control},
    mcp::{Answer, Endpoint, legacy::Session, modern},
    ostia::Ostia,
    wait,
};
use futures_util::future::join_all;
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{sync::watch, task::JoinHandle, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// How often each client calls.
const PACE: Duration = Duration::from_millis(10);
/// Longer than any number of calls here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Who calls.
pub(crate) enum Client {
    Modern(Endpoint),
    Legacy(Session),
}

impl Client {
    async fn call(&self) -> Answer {
        let arguments = json!({"message": "x"});
        match self {
            Self::Modern(endpoint) => {
                let call = modern::call(endpoint, "demo__echo", &arguments);
                call.send().await
            }
            Self::Legacy(session) => session.call("demo__echo", &arguments).await,
        }
    }
}

/// Clients that call until they are stopped.
pub(crate) struct Load {
    stop: CancellationToken,
    heard: Arc<Heard>,
    clients: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Heard {
    count: watch::Sender<usize>,
    answers: Mutex<Vec<Answer>>,
    slowest: Mutex<Duration>,
}

impl Load {
    #[allow(clippy::disallowed_methods, reason = "joined by `stop`")]
    pub(crate) fn start(clients: Vec<Client>) -> Self {
        let (stop, heard) = (CancellationToken::new(), Arc::new(Heard::default()));
        let clients = clients.into_iter().map(|client| {
            let (stop, heard) = (stop.clone(), Arc::clone(&heard));
            tokio::spawn(async move { heard.calls_of(client, stop).await })
        });
        Self {
            clients: clients.collect(),
            stop,
            heard,
        }
    }

    /// Waits until so many more calls were answered, each of them well.
    pub(crate) async fn goes_on(&self, calls: usize) {
        let mut count = self.heard.count.subscribe();
        let enough = *count.borrow_and_update() + calls;
        let answered = tokio::time::timeout(PATIENCE, count.wait_for(|now| *now >= enough));
        answered
            .await
            .expect("calls are answered")
            .expect("a count");
        self.heard.check();
    }

    /// The longest that a call took since this was asked for last.
    pub(crate) fn slowest(&self) -> Duration {
        std::mem::take(&mut *self.heard.slowest.lock().expect("a duration"))
    }

    /// Ids of the calls that were answered, once none is under way any more.
    pub(crate) async fn stop(self) -> Vec<String> {
        self.stop.cancel();
        for ended in join_all(self.clients).await {
            ended.expect("a client");
        }
        self.heard.check();
        let answers = self.heard.answers.lock().expect("answers");
        let ids = answers
            .iter()
            .map(|answer| answer.header("ostia-request-id"));
        ids.map(|id| id.expect("a request id").to_owned()).collect()
    }
}

impl Heard {
    async fn calls_of(&self, client: Client, stop: CancellationToken) {
        let mut pace = tokio::time::interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = pace.tick() => {}
                () = stop.cancelled() => return,
            }
            let began = ostia_domain::clock::instant();
            let answer = client.call().await;
            let mut slowest = self.slowest.lock().expect("a duration");
            *slowest = began.elapsed().max(*slowest);
            self.answers.lock().expect("answers").push(answer);
            self.count.send_modify(|count| *count += 1);
        }
    }

    fn check(&self) {
        let answers = self.answers.lock().expect("answers");
        let bad = answers
            .iter()
            .find(|answer| answer.status != 200 || answer.first_text() != "x");
        assert!(bad.is_none(), "a call was not answered well: {bad:#?}");
    }
}

/// Waits until nothing is on its way to control any more; then every call that was answered must be there as
/// one usage record and one audit event, and nothing else.
pub(crate) async fn assert_written_once(control: &Control, edge: &Ostia, answered: &[String]) {
    let expected = counted(answered.iter().map(String::as_str));
    let what = "all calls are written down";
    let written = wait::until(PATIENCE, what, || async {
        let usage = control::usage(control).await;
        let usage = counted(usage.iter().map(|record| record.id.as_str()));
        let audit = control::audit(control).await;
        let calls = audit.iter().filter(|event| event.action == "tools/call");
        let audit = counted(calls.map(|event| event.request_id.as_str()));
        let waiting = waiting(edge);
        let missing = |found: &BTreeMap<String, usize>| {
            expected
                .keys()
                .filter(|id| !found.contains_key(*id))
                .count()
        };
        match (missing(&usage), missing(&audit), waiting) {
            (0, 0, 0) => Ok((usage, audit)),
            behind => Err(behind),
        }
    });
    let ((usage, audit), _) = written.await;
    assert_eq!(usage, expected, "usage records are the calls");
    assert_eq!(audit, expected, "audit events are the calls");
}

/// Waits until an edge had to put records on its disk.
pub(crate) async fn spills(edge: &Ostia) {
    let spilled = wait::until(PATIENCE, "records wait on disk", || async {
        match waiting(edge) {
            0 => Err(edge.log()),
            _ => Ok(()),
        }
    });
    spilled.await;
}

/// Batches on the disk of an edge.
fn waiting(edge: &Ostia) -> usize {
    let files = std::fs::read_dir(edge.data_dir().join("spool")).expect("a folder");
    let names = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
    names.filter(|name| name.ends_with(".records")).count()
}

fn counted<'a>(ids: impl Iterator<Item = &'a str>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for id in ids {
        *counts.entry(id.to_owned()).or_default() += 1;
    }
    counts
}
