//! Policy becomes a permit. Lists and calls ask the same function.

#[cfg(test)]
mod agreement;

use crate::{
    error::Error,
    route::{self, Endpoint, Wanted},
    view::{Item, Kind, UpstreamView, View},
};
use ostia_domain::{
    code::Code,
    policy::{Arguments, Constraints, Decision, Reason, constraints, evaluate, sees_upstream},
    principal::Principal,
    usage::Outcome,
};
use std::sync::Arc;

/// Proof that a principal may use a tool, prompt or resource. Only this module makes one.
pub struct Permit {
    item: Arc<Item>,
    /// Which rule said so, for the record.
    rule: String,
    /// What limits the call.
    limits: Constraints,
}

impl Permit {
    pub fn item(&self) -> &Arc<Item> {
        &self.item
    }

    pub fn rule(&self) -> &str {
        &self.rule
    }

    pub fn limits(&self) -> Constraints {
        self.limits
    }
}

/// What was decided against a caller: the answer they get, and what only the record says.
pub struct Refusal {
    pub error: Error,
    pub rule: String,
}

/// What this principal means by a name, whether or not it may use it.
pub fn find(
    view: &View,
    principal: &Principal,
    endpoint: &Endpoint,
    wanted: Wanted<'_>,
) -> Option<Arc<Item>> {
    route::resolve(view, endpoint, wanted, |item| {
        route::has(view, endpoint, item)
            && decide(view, principal, item, Arguments::Unknown).is_allow()
    })
}

/// May this principal use what it `wanted`, which was found to be this, with these arguments?
pub fn authorize(
    view: &View,
    principal: &Principal,
    item: Option<Arc<Item>>,
    wanted: Wanted<'_>,
    arguments: Arguments<'_>,
) -> Result<Permit, Refusal> {
    let Some(item) = item else {
        return Err(Refusal {
            error: unavailable(wanted),
            rule: "no such name".into(),
        });
    };
    match decide(view, principal, &item, arguments) {
        Decision::Allow(reason) => Ok(Permit {
            rule: reason.to_string(),
            limits: constraints(&view.policies, &principal.grant, item.subject()),
            item,
        }),
        Decision::Deny(reason) => {
            let error = match reason {
                // The tool is listed, so what is wrong with the call is no secret.
                Reason::Argument { rule, .. } if item.kind.takes_arguments() => Error::new(
                    Code::ArgumentRefused,
                    format!("The policy of this API key does not allow {} with these arguments: {rule}.", wanted.name),
                )
                .with("argument", rule.argument.to_string()),
                _ => unavailable(wanted),
            };
            Err(Refusal {
                error: error.recorded_as(Outcome::Denied),
                rule: reason.to_string(),
            })
        }
    }
}

/// What limits this principal's use of what was found for it already; unset where it may not use it.
pub fn limits(view: &View, principal: &Principal, item: &Item) -> Option<Constraints> {
    decide(view, principal, item, Arguments::Unknown)
        .is_allow()
        .then(|| constraints(&view.policies, &principal.grant, item.subject()))
}

/// Of one kind, everything that an endpoint shows this principal, in order.
pub fn visible<'v>(
    view: &'v View,
    principal: &'v Principal,
    endpoint: &'v Endpoint,
    kind: Kind,
) -> impl Iterator<Item = &'v Arc<Item>> {
    route::upstreams(view, endpoint)
        .iter()
        .flat_map(move |upstream| of_kind(upstream, kind))
        .filter(move |item| route::has(view, endpoint, item))
        .filter(|item| decide(view, principal, item, Arguments::Unknown).is_allow())
}

/// Whether this principal may use anything of an upstream, as far as its name tells: what the upstream
/// has may not be known.
pub fn reachable(view: &View, principal: &Principal, upstream: &UpstreamView) -> bool {
    sees_upstream(
        &view.policies,
        principal.mode,
        &principal.grant,
        &upstream.upstream.name,
        upstream.upstream.demo,
    )
}

fn of_kind(upstream: &UpstreamView, kind: Kind) -> &[Arc<Item>] {
    match kind {
        Kind::Tool => &upstream.tools,
        Kind::Prompt => &upstream.prompts,
        Kind::Resource => &upstream.resources,
        Kind::Template => &upstream.templates,
    }
}

/// What takes no arguments has none in a list either, and whatever a request says they are: a rule that wants one
/// keeps it from being seen as well as from being read.
fn decide<'v>(
    view: &'v View,
    principal: &'v Principal,
    item: &Item,
    arguments: Arguments<'_>,
) -> Decision<'v> {
    let arguments = if item.kind.takes_arguments() {
        arguments
    } else {
        Arguments::Known(None)
    };
    evaluate(
        &view.policies,
        principal.mode,
        &principal.grant,
        item.subject(),
        arguments,
    )
}

/// One answer for what does not exist and for what is forbidden: whoever may not use something does not
/// learn that it is there.
fn unavailable(wanted: Wanted<'_>) -> Error {
    let shown: String = wanted.name.chars().take(100).collect();
    let (code, noun, list) = match wanted.kind {
        Kind::Tool => (Code::ToolUnavailable, "tool", "tools/list"),
        Kind::Prompt => (Code::PromptUnavailable, "prompt", "prompts/list"),
        Kind::Resource => (Code::ResourceUnavailable, "resource", "resources/list"),
        Kind::Template => (
            Code::ResourceUnavailable,
            "resource",
            "resources/templates/list",
        ),
    };
    let error = Error::new(
        code,
        format!(
            "There is no {noun} {shown:?} for this API key. Call {list} for those there are, or ask \
             an administrator for a policy that allows it."
        ),
    );
    match code {
        // The specification asks for it.
        Code::ResourceUnavailable => error.with("uri", shown),
        _ => error,
    }
}
