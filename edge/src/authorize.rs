//! Policy becomes a permit. Lists and calls ask the same function.

use crate::{
    error::Error,
    route::{self, Endpoint},
    view::{ToolView, View},
};
use ostia_domain::{
    code::Code,
    policy::{Decision, evaluate},
    principal::Principal,
    usage::Outcome,
};
use std::sync::Arc;

/// Proof that a principal may call a tool. Only this module makes one.
pub struct Permit {
    tool: Arc<ToolView>,
    /// Which rule said so, for the record.
    rule: String,
}

impl Permit {
    pub fn tool(&self) -> &Arc<ToolView> {
        &self.tool
    }

    pub fn rule(&self) -> &str {
        &self.rule
    }
}

/// What was decided against a caller: the answer they get, and what only the record says.
pub struct Refusal {
    pub error: Error,
    pub rule: String,
}

/// May this principal call this tool? `name` is what the client called it.
pub fn authorize(
    view: &View,
    principal: &Principal,
    tool: Option<&Arc<ToolView>>,
    name: &str,
) -> Result<Permit, Refusal> {
    let Some(tool) = tool else {
        return Err(Refusal {
            error: unavailable(name),
            rule: "no such tool".into(),
        });
    };
    match decide(view, principal, tool) {
        Decision::Allow(reason) => Ok(Permit {
            tool: Arc::clone(tool),
            rule: reason.to_string(),
        }),
        Decision::Deny(reason) => Err(Refusal {
            error: unavailable(name).recorded_as(Outcome::Denied),
            rule: reason.to_string(),
        }),
    }
}

/// Everything that an endpoint shows this principal, in order.
pub fn visible<'v>(
    view: &'v View,
    principal: &'v Principal,
    endpoint: &Endpoint,
) -> impl Iterator<Item = &'v Arc<ToolView>> {
    route::upstreams(view, endpoint)
        .iter()
        .flat_map(|upstream| &upstream.tools)
        .filter(|tool| decide(view, principal, tool).is_allow())
}

fn decide<'v>(view: &'v View, principal: &Principal, tool: &ToolView) -> Decision<'v> {
    evaluate(
        &view.policies,
        principal.mode,
        &principal.grant,
        tool.subject(),
    )
}

/// One answer for a tool that does not exist and for one that is forbidden: whoever may not call a tool
/// does not learn that it is there.
fn unavailable(name: &str) -> Error {
    let shown: String = name.chars().take(100).collect();
    Error::new(
        Code::ToolUnavailable,
        format!(
            "There is no tool {shown:?} for this API key. Call tools/list for those there are, or ask \
             an administrator for a policy that allows it."
        ),
    )
}
