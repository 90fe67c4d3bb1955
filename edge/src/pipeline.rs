//! The steps of one request to an upstream, in order. Each takes what the one before proved.

use crate::{
    admit::Admission,
    authorize::{self, Permit},
    error::Error,
    pool::{Caller, Lease, LeaseError},
    record::OpenRecord,
    route::{Endpoint, Wanted},
    state::State,
};
use ostia_domain::{code::Code, policy::Arguments, principal::Principal};
use serde_json::value::RawValue;

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
    record.target(item.as_ref(), wanted.name);
    let arguments = Arguments::Known(arguments);
    match authorize::authorize(&view, principal, item, wanted, arguments) {
        Ok(permit) => {
            record.permitted(&permit);
            state.tool_rates.admit(principal, &permit)?;
            Ok(Allowed { permit, admission })
        }
        Err(refusal) => {
            record.rule(refusal.rule);
            Err(refusal.error)
        }
    }
}

/// From a permit to a place on a worker of its upstream.
pub async fn lease(permit: &Permit, caller: &Caller) -> Result<Lease, Error> {
    permit
        .item()
        .pool
        .lease(caller)
        .await
        .map_err(|error| explain(permit, &error))
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
