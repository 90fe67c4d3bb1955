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

/// Whether tools come with what their upstream says about them, which is most of an answer.
#[derive(Clone, Copy)]
pub(crate) enum Definitions {
    With,
    Without,
}

impl App {
    pub(crate) async fn list_access(
        &self,
        op: &Op,
        user: &str,
        upstream: Option<&str>,
        definitions: Definitions,
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
        Ok(Listed {
            upstreams: self
                .accessible(&read, &grant, upstream, definitions)
                .await?,
            policies,
            unlimited: grant.owner == Scope::Unlimited,
        })
    }

    async fn accessible(
        &self,
        read: &Tx,
        grant: &Grant,
        only: Option<&str>,
        definitions: Definitions,
    ) -> Result<Vec<AccessibleUpstream>> {
        let policies = readable(read).await?;
        let catalogues = self.catalogues.all(read).await?;
        let mut accessible = Vec::new();
        for stored in store::upstreams::list(read).await? {
            let upstream = stored.upstream;
            if only.is_some_and(|only| upstream.name.as_str() != only) {
                continue;
            }
            // A catalogue of an older definition says nothing about this one.
            let found = catalogues
                .get(&upstream.id)
                .filter(|found| found.catalogue.upstream_version == upstream.version);
            let tools = found.map_or(&[][..], |found| &found.catalogue.tools);
            let tools = permitted(&policies, grant, &upstream, tools, definitions);
            let seen = sees_upstream(&policies, Mode::Live, grant, &upstream.name, upstream.demo);
            if !upstream.enabled || (tools.is_empty() && !seen) {
                continue;
            }
            accessible.push(AccessibleUpstream {
                name: upstream.name,
                demo: upstream.demo,
                failing: stored.problem.is_some(),
                discovered_at: found.map(|found| found.discovered_at),
                tools,
            });
        }
        Ok(accessible)
    }
}

fn permitted(
    policies: &HashMap<Uuid, Policy>,
    grant: &Grant,
    upstream: &Upstream,
    tools: &[Tool],
    definitions: Definitions,
) -> Vec<(Tool, Constraints)> {
    let tools = tools.iter().filter_map(|tool| {
        let access = judged(policies, Mode::Live, grant, upstream, tool, None);
        let definition = match definitions {
            Definitions::With => tool.definition.clone(),
            Definitions::Without => String::new(),
        };
        let tool = || Tool {
            name: tool.name.clone(),
            definition,
            tier: tool.tier,
            asks_client: tool.asks_client,
        };
        access.allowed.then(|| (tool(), access.limits))
    });
    tools.collect()
}
