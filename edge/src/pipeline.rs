//! The steps of one request to an upstream, in order. Each takes what the one before proved.

use crate::{
    admit::Admission,
    authorize::{self, Permit},
    error::Error,
    pool::{Caller, Lease, LeaseError},
    record::OpenRecord,
    route::{self, Endpoint, Wanted},
    state::State,
    view::{Item, Kind, View},
};
use ostia_domain::{
    code::Code,
    policy::Arguments,
    principal::Principal,
    upstream::{Isolation, Transport, Upstream},
};
use serde_json::value::RawValue;
use std::sync::Arc;
use uuid::Uuid;

/// A call that may be made, and counts against its key's plan until it is over.
pub struct Allowed {
    pub permit: Permit,
    pub admission: Admission,
}

/// From "who asks for what" to a permit.
pub async fn allow(
    state: &State,
    principal: &Principal,
    endpoint: &Endpoint,
    wanted: Wanted<'_>,
    arguments: Option<&RawValue>,
    record: &mut OpenRecord,
) -> Result<Allowed, Error> {
    // Whole, because it is held across a wait.
    let view = state.view.load_full();
    let admission = state.gate.admit(&view, principal).await?;
    let item = authorize::find(&view, principal, endpoint, wanted);
    let arguments = Arguments::Known(arguments);
    let permit = permit((&view, principal), item, (wanted, arguments), record)?;
    state.tool_rates.admit(principal, &permit)?;
    Ok(Allowed { permit, admission })
}

/// The same for going on with a call that waits on its worker for what its client now brings. It was let in when it
/// began and has its place since then; whether it may be made is asked again.
pub fn allow_to_go_on(
    state: &State,
    principal: &Principal,
    endpoint: &Endpoint,
    wanted: Wanted<'_>,
    arguments: Option<&RawValue>,
    record: &mut OpenRecord,
) -> Result<Permit, Error> {
    let view = state.view.load();
    let item = authorize::find(&view, principal, endpoint, wanted);
    let arguments = Arguments::Known(arguments);
    permit((&view, principal), item, (wanted, arguments), record)
}

/// The same for a task, which may be asked about by whoever may still call its tool at this endpoint. Its
/// arguments were judged when it began, and it counted against quotas and as a call of its tool then.
pub fn allow_task(
    state: &State,
    principal: &Principal,
    endpoint: &Endpoint,
    (upstream, tool): (Uuid, &str),
    record: &mut OpenRecord,
) -> Result<Allowed, Error> {
    let view = state.view.load();
    let admission = state.gate.admit_follow_up(&view, principal)?;
    let item = route::own_tool(&view, endpoint, upstream, tool);
    let wanted = Wanted {
        kind: Kind::Tool,
        name: tool,
    };
    let permit = permit(
        (&view, principal),
        item,
        (wanted, Arguments::Unknown),
        record,
    )?;
    Ok(Allowed { permit, admission })
}

fn permit(
    (view, principal): (&View, &Principal),
    item: Option<Arc<Item>>,
    (wanted, arguments): (Wanted<'_>, Arguments<'_>),
    record: &mut OpenRecord,
) -> Result<Permit, Error> {
    record.target(item.as_ref(), wanted.name);
    if let (Some(item), Arguments::Known(Some(arguments))) = (&item, arguments) {
        record.keep(item, arguments);
    }
    match authorize::authorize(view, principal, item, wanted, arguments) {
        Ok(permit) => {
            record.permitted(&permit);
            Ok(permit)
        }
        Err(refusal) => {
            record.rule(refusal.rule);
            Err(refusal.error)
        }
    }
}

/// From a permit to a place on a worker of its upstream.
pub async fn lease(permit: &Permit, caller: &Caller) -> Result<Lease, Error> {
    let item = permit.item();
    if caller.session_moved && own_worker(&item.upstream) {
        return Err(Error::new(
            Code::SessionUnknown,
            format!(
                "The worker that the upstream \"{}\" had for this session is gone, with what it knew. The \
                 call was not made. Send `initialize` for a new session.",
                item.upstream.name
            ),
        ));
    }
    item.pool
        .lease(caller)
        .await
        .map_err(|error| explain(permit, &error))
}

/// From a permit to a place on the worker that has a task. Over HTTP any connection may do: whether the
/// task belongs to one, only the upstream knows.
pub async fn lease_on(permit: &Permit, worker: Uuid, caller: &Caller) -> Result<Lease, Error> {
    let item = permit.item();
    match item.pool.lease_on(worker, caller) {
        Ok(Some(lease)) => Ok(lease),
        Ok(None) if !matches!(item.upstream.transport, Transport::Stdio(_)) => {
            lease(permit, caller).await
        }
        Ok(None) => Err(Error::new(
            Code::TaskLost,
            format!(
                "The worker of the upstream \"{}\" that had this task ended, and the task with it. \
                 Whether it had an effect is not known: check before you repeat it.",
                item.upstream.name
            ),
        )),
        Err(error) => Err(explain(permit, &error)),
    }
}

/// Whether sessions have workers of their own there, which are processes of one edge.
fn own_worker(upstream: &Upstream) -> bool {
    upstream.isolation == Isolation::Session && matches!(upstream.transport, Transport::Stdio(_))
}

fn explain(permit: &Permit, error: &LeaseError) -> Error {
    let upstream = &permit.item().upstream.name;
    match error {
        LeaseError::Busy { retry_after } => Error::new(
            Code::UpstreamBusy,
            format!("Every worker of the upstream \"{upstream}\" is busy. The call was not made; try again later."),
        )
        .retry_after(*retry_after),
        // What exactly is wrong is for operators; it may name files and programs.
        LeaseError::Unavailable { retry_after, .. } => Error::new(
            Code::UpstreamUnavailable,
            format!("The upstream \"{upstream}\" has no running worker. The call was not made; an operator can see why."),
        )
        .retry_after(*retry_after),
    }
}
