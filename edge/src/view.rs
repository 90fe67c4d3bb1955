//! The snapshot as requests read it: names looked up, definitions ready to be sent.

use crate::{
    admit::Limits,
    mcp::{
        envelope::Params,
        param_headers::{self, ParamHeader},
        splice,
    },
    pool::Pool,
};
use ostia_domain::{
    name::{ExposedNames, canonical},
    policy::{Policy, Subject},
    snapshot::Snapshot,
    tool::Tier,
    upstream::Upstream,
};
use serde_json::value::RawValue;
use std::{collections::HashMap, sync::Arc};
use uuid::Uuid;

/// One revision of everything a request looks at. Never changed, only replaced.
#[derive(Default)]
pub struct View {
    pub revision: u64,
    pub policies: HashMap<Uuid, Policy>,
    pub limits: HashMap<Uuid, Arc<Limits>>,
    /// By name; the order in which lists show them.
    pub upstreams: Vec<Arc<UpstreamView>>,
    by_upstream: HashMap<String, Arc<UpstreamView>>,
    /// By both spellings of exposed names.
    tools: HashMap<String, Arc<ToolView>>,
}

pub struct UpstreamView {
    /// In the upstream's order.
    pub tools: Vec<Arc<ToolView>>,
    by_name: HashMap<String, Arc<ToolView>>,
}

pub struct ToolView {
    pub upstream: Arc<Upstream>,
    pub pool: Arc<Pool>,
    /// The upstream's own name, as text and as a JSON string.
    pub name: String,
    pub name_json: Vec<u8>,
    pub canonical: String,
    pub tier: Tier,
    pub param_headers: Vec<ParamHeader>,
    /// Of all calls of the upstream.
    pub durations: metrics::Histogram,
    /// As the upstream sent it.
    pub definition: String,
    /// The same under the name that the aggregated endpoint shows.
    pub exposed_definition: String,
}

impl ToolView {
    pub fn subject(&self) -> Subject<'_> {
        Subject {
            upstream: &self.upstream.name,
            demo: self.upstream.demo,
            canonical: &self.canonical,
            tier: self.tier,
        }
    }
}

impl UpstreamView {
    pub fn tool(&self, name: &str) -> Option<&Arc<ToolView>> {
        self.by_name.get(name)
    }
}

impl View {
    pub fn compile(
        snapshot: Snapshot,
        pools: &HashMap<Uuid, Arc<Pool>>,
        limits: HashMap<Uuid, Arc<Limits>>,
        names: ExposedNames,
    ) -> Self {
        let mut catalogues: HashMap<Uuid, _> = snapshot
            .catalogues
            .into_iter()
            .map(|found| (found.upstream_id, found))
            .collect();
        let mut view = Self {
            revision: snapshot.revision,
            policies: snapshot
                .policies
                .into_iter()
                .map(|policy| (policy.id, policy))
                .collect(),
            limits,
            ..Self::default()
        };
        let mut upstreams = snapshot.upstreams;
        upstreams.sort_by(|a, b| a.name.cmp(&b.name));
        for upstream in upstreams {
            let Some(pool) = pools.get(&upstream.id) else {
                continue;
            };
            let found = catalogues
                .remove(&upstream.id)
                .filter(|found| found.upstream_version == upstream.version);
            let tools = found.map(|found| found.tools).unwrap_or_default();
            view.add(&Arc::new(upstream), pool, tools, names);
        }
        view
    }

    fn add(
        &mut self,
        upstream: &Arc<Upstream>,
        pool: &Arc<Pool>,
        tools: Vec<ostia_domain::tool::Tool>,
        names: ExposedNames,
    ) {
        let durations = crate::metrics::call_durations(upstream.name.as_str());
        let tools: Vec<_> = tools
            .into_iter()
            .map(|tool| {
                let exposed = names.expose(&upstream.name, &tool.name);
                let view = Arc::new(ToolView {
                    canonical: canonical(&upstream.name, &tool.name),
                    name_json: json_string(&tool.name),
                    durations: durations.clone(),
                    param_headers: param_headers::of(&tool.definition),
                    exposed_definition: renamed(&tool.definition, &exposed),
                    upstream: Arc::clone(upstream),
                    pool: Arc::clone(pool),
                    name: tool.name,
                    tier: tool.tier,
                    definition: tool.definition,
                });
                // Calls accept either spelling, whichever lists show.
                for spelling in [ExposedNames::Safe, ExposedNames::Dotted] {
                    let name = spelling.expose(&upstream.name, &view.name);
                    self.tools.insert(name, Arc::clone(&view));
                }
                view
            })
            .collect();
        let by_name = tools
            .iter()
            .map(|tool| (tool.name.clone(), Arc::clone(tool)))
            .collect();
        let entry = Arc::new(UpstreamView { tools, by_name });
        self.by_upstream
            .insert(upstream.name.to_string(), Arc::clone(&entry));
        self.upstreams.push(entry);
    }

    pub fn upstream(&self, name: &str) -> Option<&Arc<UpstreamView>> {
        self.by_upstream.get(name)
    }

    /// By either spelling of its exposed name.
    pub fn tool(&self, name: &str) -> Option<&Arc<ToolView>> {
        self.tools.get(name)
    }
}

/// A tool definition under another name, and otherwise as it came.
fn renamed(definition: &str, name: &str) -> String {
    let read: Option<&RawValue> = serde_json::from_str::<&RawValue>(definition).ok();
    let Some(raw) = read
        .and_then(|raw| Params::parse(raw).ok())
        .and_then(|members| members.name)
    else {
        return definition.to_owned();
    };
    let at = crate::mcp::envelope::span(definition.as_bytes(), raw);
    let with = json_string(name);
    let edited = splice::splice(
        definition.as_bytes(),
        &mut [splice::Edit { at, with: &with }],
    );
    String::from_utf8(edited).unwrap_or_else(|_| definition.to_owned())
}

fn json_string(text: &str) -> Vec<u8> {
    serde_json::Value::from(text).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renamed_definition_keeps_everything_else() {
        let definition = r#"{"inputSchema":{"name":1},"x":1.0,"name":"a","title":"A"}"#;
        assert_eq!(
            renamed(definition, "u__a"),
            r#"{"inputSchema":{"name":1},"x":1.0,"name":"u__a","title":"A"}"#
        );
    }
}
