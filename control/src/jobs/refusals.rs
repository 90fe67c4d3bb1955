//! Calls of control and of REST that were refused, written down as audit events.
//!
//! Whoever asks waits for nothing of it. What finds the queue full is counted, and the log says how much it was.

mod counters;

use crate::{
    authority::{With, actor},
    store::{self, Store, Tx, audit::NewChange},
};
use counters::{Counters, Told};
use ostia_domain::{
    clock::{self, Timestamp},
    code::Code,
    key::PublicId,
};
use serde_json::{Map, Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const QUEUE: usize = 1_024;
/// How often is looked whether a minute is over, and a database that was away is tried again.
const INTERVAL: Duration = Duration::from_secs(1);
/// Events that wait for a database that is away.
const MAX_WAITING: usize = 1_000;
/// As audit calls it, whatever was to be done.
const ACTION: &str = "access.deny";
const NOBODY: &str = "anonymous";
const UNKNOWN_METHOD: &str = "unknown method";
const MAX_METHOD_BYTES: usize = 80;

/// A call that was refused for who made it.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) at: Timestamp,
    /// What was to be called, as `KeysService.CreateKey` or `POST /api/v1/keys`.
    pub(crate) method: String,
    /// What was answered.
    pub(crate) code: Code,
    /// What is wrong with the key that was presented, where the answer does not say it.
    pub(crate) reason: Option<Code>,
    /// Who proved to be there.
    pub(crate) user: Option<Uuid>,
    pub(crate) with: With,
    /// The public id of a key that was refused. Anybody may name one.
    pub(crate) presented: Option<PublicId>,
}

impl Refusal {
    /// Of a call of control by nobody that is known yet.
    pub(crate) fn unknown(path: &str, with: With) -> Self {
        Self {
            at: clock::now(),
            method: method(path),
            code: Code::ServiceUnauthenticated,
            reason: None,
            user: None,
            with,
            presented: None,
        }
    }

    /// It is this user who calls, in this way.
    pub(crate) fn proved(&mut self, user: Uuid, with: &With) {
        self.user = Some(user);
        self.with = with.clone();
        self.presented = None;
    }
}

/// `KeysService.ListKeys`. A stranger may ask for any path: what is not one of a method is not repeated.
fn method(path: &str) -> String {
    let method = path.strip_prefix("/ostia.v1.").unwrap_or_default();
    let named = method.split_once('/').filter(|(service, name)| {
        let is_word = |word: &str| word.bytes().all(|byte| byte.is_ascii_alphanumeric());
        method.len() <= MAX_METHOD_BYTES && is_word(service) && is_word(name)
    });
    match named {
        Some((service, name)) => format!("{service}.{name}"),
        None => UNKNOWN_METHOD.to_owned(),
    }
}

/// Where refusals are noted.
#[derive(Clone)]
pub(crate) struct Refusals {
    queue: mpsc::Sender<Refusal>,
    dropped: Arc<AtomicU64>,
}

impl Refusals {
    pub(crate) fn note(&self, refusal: Refusal) {
        if self.queue.try_send(refusal).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

pub(crate) struct Writer {
    queue: mpsc::Receiver<Refusal>,
    dropped: Arc<AtomicU64>,
    store: Store,
    counters: Counters,
    waiting: Vec<Told>,
}

pub(crate) fn channel(store: Store) -> (Refusals, Writer) {
    let (sender, queue) = mpsc::channel(QUEUE);
    let dropped = Arc::new(AtomicU64::new(0));
    let writer = Writer {
        queue,
        dropped: dropped.clone(),
        store,
        counters: Counters::default(),
        waiting: Vec::new(),
    };
    let refusals = Refusals {
        queue: sender,
        dropped,
    };
    (refusals, writer)
}

impl Writer {
    /// Until the token is cancelled; what was noted by then is written.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        loop {
            let stopping = tokio::select! {
                Some(refusal) = self.queue.recv() => {
                    self.count(refusal);
                    false
                }
                () = tokio::time::sleep(INTERVAL) => false,
                () = stop.cancelled() => true,
            };
            while let Ok(refusal) = self.queue.try_recv() {
                self.count(refusal);
            }
            let until = (!stopping).then(clock::instant);
            let ended = self.counters.ended(until);
            self.wait(ended);
            if let Err(error) = self.write().await {
                let waiting = self.waiting.len();
                tracing::warn!(%error, waiting, "refused calls could not be written to audit");
            }
            if stopping {
                return;
            }
        }
    }

    fn count(&mut self, refusal: Refusal) {
        let told = self.counters.count(refusal, clock::instant());
        self.wait(told);
    }

    fn wait(&mut self, told: impl IntoIterator<Item = Told>) {
        for told in told {
            let refusal = &told.refusal;
            tracing::warn!(
                method = refusal.method,
                code = refusal.code.as_str(),
                reason = refusal.reason.map(Code::as_str),
                user = refusal.user.map(tracing::field::display),
                address = refusal.with.address.map(tracing::field::display),
                more = told.more,
                "a call was refused"
            );
            if self.waiting.len() < MAX_WAITING {
                self.waiting.push(told);
            } else {
                self.dropped.fetch_add(1 + told.more, Ordering::Relaxed);
            }
        }
    }

    async fn write(&mut self) -> Result<(), store::Error> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let mut write = self.store.write_alone().await?;
        for told in &self.waiting {
            let who = Who::of(write.tx(), &told.refusal).await?;
            let event = NewChange {
                at: told.refusal.at,
                request_id: Uuid::now_v7(),
                actor: &who.actor,
                user: who.user,
                with: &who.with,
                action: ACTION,
                target: &told.refusal.method,
                refused: Some(told.refusal.code),
                detail: detail(told),
            };
            self.store.audit(&mut write, event).await?;
        }
        write.commit().await?;
        self.waiting.clear();
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            tracing::warn!(
                dropped,
                "refused calls came too fast to be written to audit"
            );
        }
        Ok(())
    }
}

/// Without secrets: there is nothing of what was presented but a public id.
fn detail(told: &Told) -> Value {
    let Told {
        refusal,
        more,
        several,
    } = told;
    let mut detail = Map::new();
    if let Some(presented) = &refusal.presented {
        detail.insert("presented_key".to_owned(), json!(presented.as_str()));
    }
    if let Some(reason) = refusal.reason {
        detail.insert("reason".to_owned(), json!(reason.as_str()));
    }
    if *more > 0 {
        detail.insert("more".to_owned(), json!(more));
    }
    if *several {
        detail.insert("callers".to_owned(), json!("several"));
    }
    Value::Object(detail)
}

/// Whom an event is of.
struct Who {
    actor: String,
    user: Option<Uuid>,
    with: With,
}

impl Who {
    async fn of(tx: &Tx, refusal: &Refusal) -> Result<Self, store::Error> {
        let mut who = Self {
            actor: NOBODY.to_owned(),
            user: refusal.user,
            with: refusal.with.clone(),
        };
        if let Some(user) = refusal.user {
            if let Some(stored) = store::identity::by_id(tx, user).await? {
                who.actor = actor(&stored.user);
            }
            return Ok(who);
        }
        // As with calls at an edge: whoever had a secret of the key is put on its account, and is nobody yet.
        let code = refusal.reason.unwrap_or(refusal.code);
        if let Some(presented) = refusal
            .presented
            .as_ref()
            .filter(|_| code.proves_a_secret())
            && let Some(key) = store::keys::by_public_id(tx, presented).await?
        {
            who.user = Some(key.owner_id);
            who.with.key = Some(key.id);
        }
        Ok(who)
    }
}
