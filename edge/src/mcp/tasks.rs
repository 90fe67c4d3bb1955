//! Tasks: calls that go on after they were answered. The modern era has them as an extension, the legacy
//! one in its last revision; neither says what the other would have to do with them, so that a client
//! sees the tasks of upstreams of its own era alone.

use super::{
    conversation::{Bounds, Conversation},
    envelope::{member, string},
    era::Era,
    introduce::uses,
    owner::Owner,
    received::{Received, refuse},
    relay::{self, Relayed},
    task_ids::{Task, TaskIds},
};
use crate::{
    error::Error,
    pipeline::{self, Allowed},
    pool::worker::{Expecting, Worker},
    record::OpenRecord,
    route,
    upstream::exchange::Exchange,
    view::{Item, UpstreamView},
};
use axum::response::Response;
use ostia_domain::{code::Code, upstream::Transport};
use serde_json::{Map, Value, json, value::RawValue};
use std::sync::Arc;
use uuid::Uuid;

pub const EXTENSION: &str = "io.modelcontextprotocol/tasks";

/// What is asked about a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Get,
    Update,
    Cancel,
    /// Waits for the end.
    Result,
}

impl Asked {
    pub fn of(era: Era, method: &str) -> Option<Self> {
        Some(match (era, method) {
            (_, "tasks/get") => Self::Get,
            (_, "tasks/cancel") => Self::Cancel,
            (Era::Modern, "tasks/update") => Self::Update,
            (Era::Legacy, "tasks/result") => Self::Result,
            _ => return None,
        })
    }
}

pub async fn serve(received: Received<'_>, asked: Asked, mut record: OpenRecord) -> Response {
    let begun = match allow(&received, &mut record) {
        Ok((id, task, allowed)) => begin(&received, asked, (id, task), allowed, record).await,
        Err(error) => Err((record, error)),
    };
    match begun {
        Ok(conversation) => relay::respond(&received, conversation).await,
        Err((record, error)) => refuse(&received, record, &error),
    }
}

/// From an id to a permit for its tool: whoever may not call a tool any more may not ask about it either.
fn allow<'a>(
    received: &Received<'a>,
    record: &mut OpenRecord,
) -> Result<(&'a RawValue, Task, Allowed), Error> {
    check_offered(received)?;
    let id = received.params.as_ref().and_then(|params| params.task_id);
    let Some((id, text)) = id.and_then(|raw| Some((raw, string(raw)?))) else {
        let message = "The member `taskId` must be the id of a task.";
        return Err(Error::new(Code::InvalidParams, message));
    };
    let state = received.state;
    let task = Task::open(&state.sealer, received.principal.key_id, &text).ok_or_else(unknown)?;
    let tool = (task.upstream, task.tool.as_str());
    let allowed =
        pipeline::allow_task(state, &received.principal, &received.endpoint, tool, record)
            .map_err(|error| match error.code {
                Code::ToolUnavailable => unknown().recorded_as(error.outcome),
                _ => error,
            })?;
    if allowed.permit.item().pool.era() == received.era {
        Ok((id, task, allowed))
    } else {
        Err(unknown())
    }
}

/// The edge that has the worker of the task that is asked about, where the task names one.
pub fn edge_of(received: &Received<'_>) -> Option<Owner> {
    Asked::of(received.era, received.message.method.as_deref()?)?;
    let id = received.params.as_ref()?.task_id.and_then(string)?;
    Task::open(&received.state.sealer, received.principal.key_id, &id)?.at
}

fn unknown() -> Error {
    let message = "There is no such task for this API key: it may have ended long ago.";
    Error::new(Code::TaskUnknown, message)
}

/// Where no upstream has tasks there are no such methods; where one has, a modern client says with each
/// request that it has them too.
fn check_offered(received: &Received<'_>) -> Result<(), Error> {
    let view = received.state.view.load();
    let mut upstreams = route::upstreams(&view, &received.endpoint).iter();
    if !upstreams.any(|upstream| offers(upstream, received.era) && uses(received, &view, upstream))
    {
        let message = "No upstream at this endpoint has tasks of this protocol version.";
        return Err(Error::new(Code::MethodNotFound, message));
    }
    if received.era == Era::Legacy || declared(received) {
        return Ok(());
    }
    let message = "Who asks about tasks declares the extension `io.modelcontextprotocol/tasks`.";
    Err(Error::new(Code::ClientCapabilityMissing, message).with(
        "requiredCapabilities",
        json!({"extensions": {EXTENSION: {}}}),
    ))
}

fn declared(received: &Received<'_>) -> bool {
    let declared = received.meta.as_ref();
    declared
        .and_then(|meta| meta.client_capabilities)
        .and_then(|capabilities| member(capabilities, "extensions"))
        .is_some_and(|extensions| member(extensions, EXTENSION).is_some())
}

/// Whether an upstream has tasks that clients of this era can have.
pub fn offers(upstream: &UpstreamView, era: Era) -> bool {
    let Some(capabilities) = &upstream.capabilities else {
        return false;
    };
    upstream.pool.era() == era
        && match era {
            Era::Modern => capabilities
                .get("extensions")
                .is_some_and(|extensions| extensions.get(EXTENSION).is_some()),
            Era::Legacy => capabilities
                .get("tasks")
                .is_some_and(|tasks| tasks["requests"]["tools"]["call"].is_object()),
        }
}

/// Adds what clients of this era are told about tasks. Nobody is given a list of them: Ostia keeps none.
pub fn introduce(
    capabilities: &mut Map<String, Value>,
    upstreams: &[&Arc<UpstreamView>],
    era: Era,
) {
    let mut with_tasks = upstreams
        .iter()
        .filter(|upstream| offers(upstream, era))
        .peekable();
    if with_tasks.peek().is_none() {
        return;
    }
    if era == Era::Modern {
        capabilities.insert("extensions".into(), json!({EXTENSION: {}}));
        return;
    }
    let mut tasks = json!({"requests": {"tools": {"call": {}}}});
    let cancels = |upstream: &&&Arc<UpstreamView>| {
        let said = upstream
            .capabilities
            .as_ref()
            .and_then(|said| said.get("tasks"));
        said.is_some_and(|tasks| !tasks["cancel"].is_null())
    };
    if with_tasks.any(|upstream| cancels(&upstream)) {
        tasks["cancel"] = json!({});
    }
    capabilities.insert("tasks".into(), tasks);
}

async fn begin(
    received: &Received<'_>,
    asked: Asked,
    (id, task): (&RawValue, Task),
    allowed: Allowed,
    mut record: OpenRecord,
) -> Result<Conversation, (OpenRecord, Error)> {
    let caller = relay::caller(received);
    let leased = if task.worker.is_nil() {
        pipeline::lease(&allowed.permit, &caller).await
    } else {
        pipeline::lease_on(&allowed.permit, task.worker, &caller).await
    };
    let lease = match leased {
        Ok(lease) => lease,
        Err(error) => return Err((record, error)),
    };
    let item = allowed.permit.item();
    let bounds = Bounds {
        limits: allowed.permit.limits(),
        quota: None,
    };
    let expecting = match asked {
        Asked::Result => relay::expecting(received),
        // What an upstream asks or tells in between belongs to a call.
        Asked::Get | Asked::Update | Asked::Cancel => Expecting::Answer,
    };
    let renamed = Some((id, task.own.as_bytes()));
    let permit = &allowed.permit;
    let mut request = relay::request(received, (renamed, None), permit, expecting, &mut record);
    request.way.repeatable = asked != Asked::Update;
    let mut ids = ids(received, item, lease.worker());
    ids.asked = Some((task, id.get().to_owned()));
    let entry = relay::entry(received);
    let held = (lease, allowed.admission, record);
    let tasks = received.state.tasks.clone();
    let exchange = Exchange::begin(request, held, received.era, entry, tasks).await?;
    let addressee = relay::addressee(received, Relayed::Task);
    Ok(Conversation::new(
        received, exchange, addressee, bounds, ids,
    ))
}

/// How tasks of this tool, on this worker, are told to whoever sent the request.
pub fn ids(received: &Received<'_>, item: &Item, worker: &Worker) -> TaskIds {
    let stdio = matches!(item.upstream.transport, Transport::Stdio(_));
    // Over HTTP a modern upstream knows no connections.
    let anywhere = !stdio && item.pool.era() == Era::Modern;
    let params = received.params.as_ref();
    // In the legacy era it is the session that says where.
    let own = &received.state.own;
    let named = stdio && received.era == Era::Modern && own.url.is_some();
    TaskIds {
        at: named.then(|| own.clone()),
        sealer: Arc::clone(&received.state.sealer),
        owner: received.principal.key_id,
        upstream: item.upstream.id,
        worker: if anywhere { Uuid::nil() } else { worker.name },
        tool: item.name.clone(),
        wanted: params.is_some_and(|params| params.task.is_some()),
        asked: None,
    }
}
