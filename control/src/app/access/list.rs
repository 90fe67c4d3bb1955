//! What a user may use, as an edge would list it.

use super::{judged, readable};
use crate::{
    app::{App, authenticate::Owner, identity},
    error::{Error, Result},
    op::Op,
    store::{self, Tx, names},
};
use ostia_domain::{
    clock::Timestamp,
    key::Mode,
    name::UpstreamName,
    policy::{Constraints, Grant, Policy, Scope, sees_upstream},
    tool::Tool,
    upstream::Upstream,
};
use std::collections::HashMap;
use uuid::Uuid;

pub(crate) struct Listed {
    /// By name.
    pub(crate) upstreams: Vec<AccessibleUpstream>,
    /// Names.
    pub(crate) policies: Vec<String>,
    pub(crate) unlimited: bool,
}

pub(crate) struct AccessibleUpstream {
    pub(crate) name: UpstreamName,
    pub(crate) demo: bool,
    pub(crate) failing: bool,
    pub(crate) discovered_at: Option<Timestamp>,
    pub(crate) tools: Vec<(Tool, Constraints)>,
}

impl App {
    pub(crate) async fn list_access(
        &self,
        op: &Op,
        user: &str,
        upstream: Option<&str>,
    ) -> Result<Listed> {
        let read = self.store.read().await?;
        let user = identity::reached(&read, op, user).await?.user;
        let owner = Owner::of(&read, user.id).await?;
        let owner = owner.ok_or_else(|| Error::not_found("user", &user.name))?;
        let grant = Grant {
            owner: owner.scope(),
            key: Scope::Unlimited,
            rules: None,
        };
        let policies = match &grant.owner {
            Scope::Unlimited => Vec::new(),
            Scope::Policies(ids) => {
                let names = names::of_policies(&read, ids.iter().copied()).await?;
                let mut names = names.all(ids);
                names.sort_unstable();
                names
            }
        };
        let mut upstreams = upstreams(&read, &grant).await?;
        if let Some(only) = upstream {
            upstreams.retain(|accessible| accessible.name.as_str() == only);
        }
        Ok(Listed {
            upstreams,
            policies,
            unlimited: grant.owner == Scope::Unlimited,
        })
    }
}

async fn upstreams(read: &Tx, grant: &Grant) -> Result<Vec<AccessibleUpstream>> {
    let policies = readable(read).await?;
    let catalogues = store::catalogues::list(read).await?;
    let mut catalogues: HashMap<Uuid, _> = catalogues
        .into_iter()
        .map(|found| (found.catalogue.upstream_id, found))
        .collect();
    let mut accessible = Vec::new();
    for stored in store::upstreams::list(read).await? {
        let upstream = stored.upstream;
        // A catalogue of an older definition says nothing about this one.
        let found = catalogues
            .remove(&upstream.id)
            .filter(|found| found.catalogue.upstream_version == upstream.version);
        let discovered_at = found.as_ref().map(|found| found.discovered_at);
        let tools = found.map(|found| found.catalogue.tools).unwrap_or_default();
        let tools = permitted(&policies, grant, &upstream, tools);
        let seen = sees_upstream(&policies, Mode::Live, grant, &upstream.name, upstream.demo);
        if !upstream.enabled || (tools.is_empty() && !seen) {
            continue;
        }
        accessible.push(AccessibleUpstream {
            name: upstream.name,
            demo: upstream.demo,
            failing: stored.problem.is_some(),
            discovered_at,
            tools,
        });
    }
    Ok(accessible)
}

fn permitted(
    policies: &HashMap<Uuid, Policy>,
    grant: &Grant,
    upstream: &Upstream,
    tools: Vec<Tool>,
) -> Vec<(Tool, Constraints)> {
    let tools = tools.into_iter().filter_map(|tool| {
        let access = judged(policies, Mode::Live, grant, upstream, &tool, None);
        access.allowed.then_some((tool, access.limits))
    });
    tools.collect()
}
