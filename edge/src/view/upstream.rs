//! One upstream as requests read it.

use super::item::{Item, Kind, exposed_uri};
use crate::{mcp::param_headers, pool::Pool};
use ostia_domain::{
    name::ExposedNames,
    tool::{Listed, Tool},
    upstream::{Catalogue, Upstream},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

pub struct UpstreamView {
    pub upstream: Arc<Upstream>,
    pub pool: Arc<Pool>,
    /// What it was made from.
    found: Option<Arc<Catalogue>>,
    durations: metrics::Histogram,
    /// What it can do, as it said itself; unset while nothing is known of it.
    pub capabilities: Option<Map<String, Value>>,
    pub instructions: Option<String>,
    /// Its own name and version, as it said; unset where it said nothing that clients take.
    pub server_info: Option<Value>,
    /// All four in the upstream's order.
    pub tools: Vec<Arc<Item>>,
    pub prompts: Vec<Arc<Item>>,
    pub resources: Vec<Arc<Item>>,
    pub templates: Vec<Arc<Item>>,
    by_name: HashMap<Kind, HashMap<String, Arc<Item>>>,
}

impl UpstreamView {
    pub fn new(
        upstream: Arc<Upstream>,
        pool: &Arc<Pool>,
        found: Option<Arc<Catalogue>>,
        names: ExposedNames,
    ) -> Self {
        let mut view = Self {
            found: found.clone(),
            durations: crate::metrics::call_durations(upstream.name.as_str()),
            pool: Arc::clone(pool),
            upstream,
            capabilities: None,
            instructions: None,
            server_info: None,
            tools: Vec::new(),
            prompts: Vec::new(),
            resources: Vec::new(),
            templates: Vec::new(),
            by_name: HashMap::new(),
        };
        let Some(found) = found else {
            return view;
        };
        view.capabilities = Some(serde_json::from_str(&found.capabilities).unwrap_or_default());
        view.instructions.clone_from(&found.instructions);
        view.server_info = serde_json::from_str(&found.server_info)
            .ok()
            .filter(|info: &Value| info["name"].is_string() && info["version"].is_string());
        let tools = found
            .tools
            .iter()
            .map(|tool| view.tool_item(tool.clone(), names));
        view.tools = each_once(tools);
        view.prompts = view.items(Kind::Prompt, &found.prompts, names);
        view.resources = view.items(Kind::Resource, &found.resources, names);
        view.templates = view.items(Kind::Template, &found.resource_templates, names);
        let lists = [&view.tools, &view.prompts, &view.resources, &view.templates];
        for item in lists.into_iter().flatten() {
            view.by_name
                .entry(item.kind)
                .or_default()
                .insert(item.name.clone(), Arc::clone(item));
        }
        view
    }

    /// Whether this is what these make.
    pub fn is_of(
        &self,
        upstream: &Arc<Upstream>,
        pool: &Arc<Pool>,
        found: Option<&Arc<Catalogue>>,
    ) -> bool {
        let same = match (&self.found, found) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, None) => true,
            _ => false,
        };
        same && Arc::ptr_eq(&self.upstream, upstream) && Arc::ptr_eq(&self.pool, pool)
    }

    fn tool_item(&self, tool: Tool, names: ExposedNames) -> Arc<Item> {
        let exposed = names.expose(&self.upstream.name, &tool.name);
        let item = Item {
            tier: tool.tier,
            asks_client: tool.asks_client,
            param_headers: param_headers::of(&tool.definition),
            repeatable: is_repeatable(&tool.definition),
            ..self.blank(Kind::Tool, tool.name, tool.definition)
        };
        Arc::new(item.exposed(&exposed))
    }

    fn items(&self, kind: Kind, found: &[Listed], names: ExposedNames) -> Vec<Arc<Item>> {
        let items = found.iter().cloned().map(|item| {
            let exposed = match kind {
                Kind::Tool | Kind::Prompt => names.expose(&self.upstream.name, &item.name),
                Kind::Resource | Kind::Template => exposed_uri(&self.upstream.name, &item.name),
            };
            Arc::new(
                self.blank(kind, item.name, item.definition)
                    .exposed(&exposed),
            )
        });
        items.collect()
    }

    fn blank(&self, kind: Kind, name: String, definition: String) -> Item {
        let durations = self.durations.clone();
        Item::new(
            kind,
            (&self.upstream, &self.pool),
            name,
            definition,
            durations,
        )
    }

    pub fn name(&self) -> &str {
        self.upstream.name.as_str()
    }

    pub fn tool(&self, name: &str) -> Option<&Arc<Item>> {
        self.by_name.get(&Kind::Tool)?.get(name)
    }

    pub fn prompt(&self, name: &str) -> Option<&Arc<Item>> {
        self.by_name.get(&Kind::Prompt)?.get(name)
    }

    pub fn listed_resource(&self, uri: &str) -> Option<&Arc<Item>> {
        let of = |kind| self.by_name.get(&kind)?.get(uri);
        of(Kind::Resource).or_else(|| of(Kind::Template))
    }

    /// Also one that is not listed: servers have resources by template, and some that they only link to.
    pub fn resource(&self, uri: &str) -> Option<Arc<Item>> {
        if let Some(listed) = self.listed_resource(uri) {
            return Some(Arc::clone(listed));
        }
        let offers = self.capabilities.as_ref()?.contains_key("resources");
        offers.then(|| Arc::new(self.blank(Kind::Resource, uri.to_owned(), String::new())))
    }
}

/// A name that a server lists twice is one tool, which may do what either may: what a list shows is what a
/// call of it means.
fn each_once(tools: impl Iterator<Item = Arc<Item>>) -> Vec<Arc<Item>> {
    let mut once: Vec<Arc<Item>> = Vec::new();
    let mut places = HashMap::new();
    for tool in tools {
        match places.entry(tool.name.clone()) {
            Entry::Vacant(free) => {
                free.insert(once.len());
                once.push(tool);
            }
            Entry::Occupied(place) => {
                let known = &mut once[*place.get()];
                if tool.tier > known.tier {
                    *known = tool;
                }
            }
        }
    }
    once
}

/// Whether a tool says that calling it twice does no more than calling it once. What it does not say is
/// not so.
fn is_repeatable(definition: &str) -> bool {
    #[derive(Deserialize, Default)]
    struct Tool {
        #[serde(default)]
        annotations: Option<Annotations>,
    }
    #[derive(Deserialize, Default)]
    struct Annotations {
        #[serde(rename = "readOnlyHint", default)]
        read_only: Option<bool>,
        #[serde(rename = "idempotentHint", default)]
        idempotent: Option<bool>,
    }
    let tool = serde_json::from_str::<Tool>(definition).unwrap_or_default();
    let said = tool.annotations.unwrap_or_default();
    said.read_only == Some(true) || said.idempotent == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_tool_that_says_so_is_repeated() {
        for (annotations, repeated) in [
            (r#"{"readOnlyHint":true}"#, true),
            (r#"{"idempotentHint":true,"destructiveHint":true}"#, true),
            (r#"{"idempotentHint":false,"readOnlyHint":null}"#, false),
            (r#"{"destructiveHint":false}"#, false),
            (r#"{"readOnlyHint":"true"}"#, false),
            ("null", false),
        ] {
            let definition = format!(r#"{{"name":"t","annotations":{annotations}}}"#);
            assert_eq!(is_repeatable(&definition), repeated, "{annotations}");
        }
    }
}
