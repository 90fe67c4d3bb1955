//! What a key may do now, judged as an edge would.

mod list;

pub(crate) use list::{AccessibleUpstream, Definitions};

use super::{App, authenticate, keys};
use crate::{
    error::{Error, Result},
    op::Op,
    store::{self, Tx},
};
use ostia_domain::{
    clock::Timestamp,
    code::Code,
    key::Mode,
    name::{ExposedNames, canonical},
    network::Network,
    policy::{Arguments, Constraints, Decision, Grant, Policy, Subject, constraints, evaluate},
    principal::Principal,
    tool::Tool,
    upstream::Upstream,
};
use serde_json::value::RawValue;
use std::{collections::HashMap, net::IpAddr};
use uuid::Uuid;

/// What somebody asks who wants to know before it is called.
pub(crate) struct TestAccess<'a> {
    /// By id, public id or name.
    pub(crate) key: &'a str,
    /// As it is called inside, or as clients see it.
    pub(crate) tool: &'a str,
    /// A JSON object.
    pub(crate) arguments: Option<&'a str>,
    /// An IP address.
    pub(crate) address: Option<&'a str>,
}

/// What an edge would decide, and why.
pub(crate) struct Access {
    pub(crate) allowed: bool,
    pub(crate) rule: String,
    /// `<upstream>.<tool>`, or what was asked for where there is no such tool.
    pub(crate) tool: String,
    pub(crate) limits: Constraints,
    /// Where the key works from, as long as nobody said where it is used.
    pub(crate) networks: Vec<Network>,
}

impl App {
    pub(crate) async fn test_access(&self, op: &Op, ask: TestAccess<'_>) -> Result<Access> {
        let tool = ask.tool;
        let arguments = ask.arguments.map(object).transpose()?;
        let address = ask.address.map(address).transpose()?;
        let read = self.store.read().await?;
        let key = keys::named(&read, op, ask.key).await?;
        let refused = |rule: &str, tool: &str| Access {
            allowed: false,
            rule: rule.to_owned(),
            tool: tool.to_owned(),
            limits: Constraints::default(),
            networks: Vec::new(),
        };
        let principal = authenticate::as_holder(&read, &key, op.now).await?;
        let principal = match principal.and_then(|it| here_and_now(it, address, op.now)) {
            Ok(principal) => principal,
            Err(code) => return Ok(refused(code.as_str(), tool)),
        };
        // To a member what they may not use and what is not there look the same, as they do at an edge.
        let own = op.only_of().is_some();
        let unavailable = if own { "not available" } else { "no such name" };
        let Some((upstream, found)) = self.tool_named(&read, tool).await? else {
            return Ok(refused(unavailable, tool));
        };
        if !upstream.enabled {
            let disabled = if own {
                unavailable
            } else {
                "the upstream is disabled"
            };
            return Ok(refused(disabled, tool));
        }
        let policies = readable(&read).await?;
        let judge = |arguments| {
            let (mode, grant) = (principal.mode, &principal.grant);
            judged(&policies, mode, grant, &upstream, &found, arguments)
        };
        let access = judge(None);
        if own && !access.allowed {
            return Ok(refused(unavailable, tool));
        }
        let access = match arguments {
            Some(_) => judge(arguments),
            None => access,
        };
        Ok(Access {
            networks: match address {
                Some(_) => Vec::new(),
                None => principal.networks,
            },
            ..access
        })
    }

    /// By its canonical name, or by either name that clients see.
    async fn tool_named(&self, read: &Tx, name: &str) -> Result<Option<(Upstream, Tool)>> {
        let catalogues = self.catalogues.all(read).await?;
        for stored in store::upstreams::list(read).await? {
            let upstream = stored.upstream;
            let Some(known) = catalogues.get(&upstream.id) else {
                continue;
            };
            if known.catalogue.upstream_version != upstream.version {
                continue;
            }
            let found = known.catalogue.tools.iter().find(|tool| {
                [ExposedNames::Safe, ExposedNames::Dotted]
                    .iter()
                    .any(|spelling| spelling.expose(&upstream.name, &tool.name) == name)
            });
            if let Some(tool) = found {
                return Ok(Some((upstream, tool.clone())));
            }
        }
        Ok(None)
    }
}

/// What an edge asks of a key that works: from where it is used, and when.
fn here_and_now(
    principal: Principal,
    address: Option<IpAddr>,
    now: Timestamp,
) -> Result<Principal, Code> {
    let networks = &principal.networks;
    let elsewhere = |at: IpAddr| !networks.is_empty() && !networks.iter().any(|it| it.contains(at));
    if address.is_some_and(elsewhere) {
        return Err(Code::AddressForbidden);
    }
    if principal.window.is_some_and(|window| !window.contains(now)) {
        return Err(Code::HourForbidden);
    }
    Ok(principal)
}

async fn readable(db: &impl store::Reads) -> Result<HashMap<Uuid, Policy>> {
    let policies = store::policies::readable(db).await?.into_iter();
    Ok(policies.map(|policy| (policy.id, policy)).collect())
}

fn judged(
    policies: &HashMap<Uuid, Policy>,
    mode: Mode,
    grant: &Grant,
    upstream: &Upstream,
    tool: &Tool,
    arguments: Option<&RawValue>,
) -> Access {
    let canonical = canonical(&upstream.name, &tool.name);
    let subject = Subject {
        upstream: &upstream.name,
        demo: upstream.demo,
        canonical: &canonical,
        tier: tool.tier,
    };
    let arguments = match arguments {
        Some(arguments) => Arguments::Known(Some(arguments)),
        None => Arguments::Unknown,
    };
    let decision = evaluate(policies, mode, grant, subject, arguments);
    let (Decision::Allow(reason) | Decision::Deny(reason)) = decision;
    Access {
        allowed: decision.is_allow(),
        rule: reason.to_string(),
        limits: constraints(policies, grant, subject),
        tool: canonical,
        networks: Vec::new(),
    }
}

fn address(text: &str) -> Result<IpAddr> {
    text.parse()
        .map_err(|_| Error::invalid("address", format!("{text:?} is not an IP address")))
}

fn object(arguments: &str) -> Result<&RawValue> {
    serde_json::from_str::<&RawValue>(arguments)
        .ok()
        .filter(|raw| raw.get().starts_with('{'))
        .ok_or_else(|| Error::invalid("arguments", "is not a JSON object"))
}
