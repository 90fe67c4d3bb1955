//! What upstreams tell modern clients about tasks: a client names them when it listens, and each upstream
//! that has some of them is listened to for that client alone.

use super::{
    envelope::{Message, member, string},
    era::{Era, META_CLIENT_CAPABILITIES, META_SUBSCRIPTION_ID},
    received::Received,
    task_ids::{self, Task},
    tasks::EXTENSION,
};
use crate::{
    authorize::limits,
    pool::{
        Caller, Pool,
        pending::{Event, Notification, Pending},
        worker::{Expecting, Way},
    },
    route,
    upstream::handshake::modern_meta,
};
use axum::body::Bytes;
use futures_util::{
    StreamExt as _,
    future::join_all,
    stream::{self, BoxStream, SelectAll},
};
use ostia_domain::capability::ClientCapabilities;
use serde_json::{Value, json, value::RawValue};
use std::{collections::HashMap, sync::Arc, time::Duration};
use uuid::Uuid;

/// How many tasks one client may listen to at once.
const MAX_TASKS: usize = 100;
/// What an upstream gets to say which of them it will tell of.
const PATIENCE: Duration = Duration::from_secs(5);

/// What was told about a task.
pub struct Told {
    pub upstream: Uuid,
    /// The upstream's own name of the tool that was called.
    pub tool: String,
    pub message: Vec<u8>,
}

/// Ends with nothing more to come; dropping it ends the listening.
pub type TaskStreams = SelectAll<BoxStream<'static, Told>>;

/// Listens to those of these tasks that the client may ask about. Answers with the ones that upstreams
/// will tell of, as the client named them.
pub async fn listen(received: &Received<'_>, ids: &[&str]) -> (Vec<Value>, TaskStreams) {
    let groups = grouped(received, ids).into_iter();
    let begun = join_all(groups.map(|((_, worker), (pool, tasks))| async move {
        let listening = Listening::begin(&pool, worker, tasks);
        tokio::time::timeout(PATIENCE, listening).await.ok()?
    }));
    let mut honoured = Vec::new();
    let mut streams = TaskStreams::new();
    for listening in begun.await.into_iter().flatten() {
        honoured.extend(listening.tasks.iter().map(|(_, shown)| json!(shown)));
        let subscription = received.id().to_owned();
        streams.push(listening.told(subscription));
    }
    (honoured, streams)
}

/// The tasks of one worker, each with its id as the client wrote it.
type Tasks = Vec<(Task, String)>;

/// By upstream and worker.
fn grouped(received: &Received<'_>, ids: &[&str]) -> HashMap<(Uuid, Uuid), (Arc<Pool>, Tasks)> {
    let view = received.state.view.load();
    let mut groups = HashMap::new();
    for id in ids.iter().take(MAX_TASKS) {
        let Some(task) = Task::open(&received.state.sealer, received.principal.key_id, id) else {
            continue;
        };
        let tool = route::own_tool(&view, &received.endpoint, task.upstream, &task.tool);
        let Some(item) = tool.filter(|item| limits(&view, &received.principal, item).is_some())
        else {
            continue;
        };
        if item.pool.era() == Era::Modern {
            let (_, tasks) = groups
                .entry((task.upstream, task.worker))
                .or_insert_with(|| (Arc::clone(&item.pool), Tasks::new()));
            tasks.push((task, (*id).to_owned()));
        }
    }
    groups
}

/// One `subscriptions/listen` to an upstream.
struct Listening {
    pending: Pending,
    upstream: Uuid,
    tasks: Tasks,
}

impl Listening {
    /// Resolves when the upstream said of which tasks it will tell; `None` where it will of none.
    async fn begin(pool: &Arc<Pool>, worker: Uuid, tasks: Tasks) -> Option<Self> {
        // No place is held: who only listens keeps no call from being made.
        let caller = Caller::default();
        let worker = if worker.is_nil() {
            Arc::clone(pool.lease(&caller).await.ok()?.worker())
        } else {
            pool.worker(worker)?
        };
        let own: Vec<&RawValue> = tasks
            .iter()
            .filter_map(|(task, _)| serde_json::from_str(&task.own).ok())
            .collect();
        let mut meta = modern_meta(ClientCapabilities::NONE, None);
        meta[META_CLIENT_CAPABILITIES] = json!({"extensions": {EXTENSION: {}}});
        let params = json!({"notifications": {"taskIds": own}, "_meta": meta});
        let line = |id| {
            let method = "subscriptions/listen";
            json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
                .to_string()
                .into_bytes()
        };
        let sent = worker.send(Expecting::Told, Way::default(), line).await;
        let mut listening = Self {
            pending: sent.ok()?,
            upstream: pool.upstream.id,
            tasks,
        };
        let first = listening.next().await?;
        listening.keep_honoured(&first);
        (!listening.tasks.is_empty()).then_some(listening)
    }

    /// The next notification; `None` once the upstream ended the listening.
    async fn next(&mut self) -> Option<Notification> {
        loop {
            match self.pending.next().await {
                Ok(Event::Notification(said)) => return Some(said),
                Ok(Event::Question(_)) => {}
                Ok(Event::Answer(_)) | Err(_) => return None,
            }
        }
    }

    fn keep_honoured(&mut self, acknowledgement: &Notification) {
        let message = Message::parse(&acknowledgement.line).unwrap_or_default();
        let honoured = message
            .params
            .and_then(|params| member(params, "notifications"))
            .and_then(|notifications| member(notifications, "taskIds"))
            .and_then(|ids| serde_json::from_str::<Vec<String>>(ids.get()).ok())
            .unwrap_or_default();
        self.tasks.retain(|(task, _)| {
            serde_json::from_str(&task.own).is_ok_and(|own: String| honoured.contains(&own))
        });
    }

    fn told(self, subscription: String) -> BoxStream<'static, Told> {
        let listening = (self, subscription);
        stream::unfold(listening, |(mut listening, subscription)| async {
            loop {
                let said = listening.next().await?;
                if let Some(told) = listening.rename(&said.line, &subscription) {
                    return Some((told, (listening, subscription)));
                }
            }
        })
        .boxed()
    }

    /// As this client reads it; unset for what it did not ask to hear.
    fn rename(&self, line: &Bytes, subscription: &str) -> Option<Told> {
        let message = Message::parse(line).ok()?;
        message
            .method
            .as_deref()
            .filter(|method| task_ids::is_status(method))?;
        let own = string(member(message.params?, task_ids::MEMBER)?)?;
        let same = |own_id: &str| serde_json::from_str(own_id).is_ok_and(|id: String| id == own);
        let (task, shown) = self.tasks.iter().find(|(task, _)| same(&task.own))?;
        let shown = Value::from(shown.as_str()).to_string();
        let mut told = task_ids::told(line, &shown)?;
        if let Some(place) = subscription_in(&told) {
            told.splice(place, subscription.bytes());
        }
        Some(Told {
            upstream: self.upstream,
            tool: task.tool.clone(),
            message: told,
        })
    }
}

fn subscription_in(line: &[u8]) -> Option<std::ops::Range<usize>> {
    let params = Message::parse(line).ok()?.params?;
    let id = member(member(params, "_meta")?, META_SUBSCRIPTION_ID)?;
    Some(super::envelope::span(line, id))
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.pending.cancel("nobody listens any more");
    }
}
