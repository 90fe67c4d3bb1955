//! One tool, prompt or resource as requests read it.

use crate::{
    mcp::{
        envelope::{member, span, string},
        param_headers::ParamHeader,
        splice::{Edit, insert_members, splice},
    },
    pool::Pool,
};
use ostia_domain::{
    bundle::Override,
    name::{UpstreamName, canonical},
    policy::Subject,
    tool::Tier,
    upstream::Upstream,
};
use serde_json::value::RawValue;
use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Tool,
    Prompt,
    Resource,
    /// A URI template.
    Template,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Tool, Self::Prompt, Self::Resource, Self::Template];

    pub fn list_method(self) -> &'static str {
        match self {
            Self::Tool => "tools/list",
            Self::Prompt => "prompts/list",
            Self::Resource => "resources/list",
            Self::Template => "resources/templates/list",
        }
    }

    /// The member of a list's result that holds its definitions.
    pub fn list_member(self) -> &'static str {
        match self {
            Self::Tool => "tools",
            Self::Prompt => "prompts",
            Self::Resource => "resources",
            Self::Template => "resourceTemplates",
        }
    }

    /// Whether a request for one has arguments that a policy may judge.
    pub fn takes_arguments(self) -> bool {
        matches!(self, Self::Tool | Self::Prompt)
    }

    /// The member of a definition that names it.
    pub fn name_member(self) -> &'static str {
        match self {
            Self::Tool | Self::Prompt => "name",
            Self::Resource => "uri",
            Self::Template => "uriTemplate",
        }
    }
}

pub struct Item {
    pub kind: Kind,
    pub upstream: Arc<Upstream>,
    pub pool: Arc<Pool>,
    /// The upstream's own name, as text and as a JSON string; of a resource its URI.
    pub name: String,
    pub name_json: Vec<u8>,
    pub canonical: String,
    pub tier: Tier,
    /// Listed only to clients that can be asked.
    pub asks_client: bool,
    pub param_headers: Vec<ParamHeader>,
    /// Whether asking twice does no more than asking once.
    pub repeatable: bool,
    /// Of all calls of the upstream.
    pub durations: metrics::Histogram,
    /// As the upstream sent it; empty for a resource that it does not list.
    pub definition: String,
    /// The same under the name that the aggregated endpoint shows.
    pub exposed_definition: String,
    /// Of the exposed definition: what a list shows changed when this did.
    pub fingerprint: u64,
}

impl Item {
    pub fn new(
        kind: Kind,
        (upstream, pool): (&Arc<Upstream>, &Arc<Pool>),
        name: String,
        definition: String,
        durations: metrics::Histogram,
    ) -> Self {
        Self {
            kind,
            canonical: canonical(&upstream.name, &name),
            name_json: json_string(&name),
            tier: Tier::Read,
            asks_client: false,
            param_headers: Vec::new(),
            repeatable: kind != Kind::Tool,
            durations,
            exposed_definition: String::new(),
            fingerprint: 0,
            upstream: Arc::clone(upstream),
            pool: Arc::clone(pool),
            name,
            definition,
        }
    }

    #[must_use]
    pub fn exposed(self, name: &str) -> Self {
        let mut exposed_definition = renamed(&self.definition, self.kind, name);
        if self.kind == Kind::Tool {
            exposed_definition = with_exposed_app(exposed_definition, &self.upstream.name);
        }
        let mut hasher = DefaultHasher::new();
        exposed_definition.hash(&mut hasher);
        Self {
            fingerprint: hasher.finish(),
            exposed_definition,
            ..self
        }
    }

    /// The definition of a tool as a bundle shows it.
    pub fn shown_as(&self, shown: &Override) -> String {
        let mut definition = self.exposed_definition.clone();
        if let Some(name) = &shown.name {
            definition = renamed(&definition, self.kind, name);
        }
        if let Some(description) = &shown.description {
            definition = described(&definition, description);
        }
        definition
    }

    pub fn subject(&self) -> Subject<'_> {
        Subject {
            upstream: &self.upstream.name,
            demo: self.upstream.demo,
            canonical: &self.canonical,
            tier: self.tier,
        }
    }
}

/// The scheme of MCP Apps: hosts know the pages that tools bring by it.
pub const APP_SCHEME: &str = "ui://";

/// `<upstream>+<uri>`, and of an app `ui://<upstream>+<rest>`: a name of an upstream has no plus sign, so
/// it reads back as it was.
pub fn exposed_uri(upstream: &UpstreamName, uri: &str) -> String {
    match uri.strip_prefix(APP_SCHEME) {
        Some(rest) => format!("{APP_SCHEME}{upstream}+{rest}"),
        None => format!("{upstream}+{uri}"),
    }
}

/// The definition of a tool that names the page of its app as resources are listed.
fn with_exposed_app(definition: String, upstream: &UpstreamName) -> String {
    let named = |raw: &RawValue| {
        let own = string(raw).filter(|uri| uri.starts_with(APP_SCHEME))?;
        let at = span(definition.as_bytes(), raw);
        Some((at, json_string(&exposed_uri(upstream, &own))))
    };
    let meta = serde_json::from_str::<&RawValue>(&definition)
        .ok()
        .and_then(|raw| member(raw, "_meta"));
    let Some(meta) = meta else { return definition };
    let in_object = member(meta, "ui").and_then(|ui| member(ui, "resourceUri"));
    // As it was called before MCP Apps became an extension of its own; some servers send both.
    let flat = member(meta, "ui/resourceUri");
    let found: Vec<_> = [in_object, flat]
        .into_iter()
        .flatten()
        .filter_map(named)
        .collect();
    let mut edits: Vec<_> = found
        .iter()
        .map(|(at, with)| Edit {
            at: at.clone(),
            with,
        })
        .collect();
    let edited = splice(definition.as_bytes(), &mut edits);
    String::from_utf8(edited).unwrap_or(definition)
}

/// A definition under another name, and otherwise as it came.
pub fn renamed(definition: &str, kind: Kind, name: &str) -> String {
    let named = serde_json::from_str::<&RawValue>(definition)
        .ok()
        .and_then(|raw| member(raw, kind.name_member()));
    let Some(raw) = named else {
        return definition.to_owned();
    };
    let at = span(definition.as_bytes(), raw);
    let with = json_string(name);
    let edited = splice(definition.as_bytes(), &mut [Edit { at, with: &with }]);
    String::from_utf8(edited).unwrap_or_else(|_| definition.to_owned())
}

/// A definition with another description, and otherwise as it came.
fn described(definition: &str, description: &str) -> String {
    let with = json_string(description);
    let Ok(raw) = serde_json::from_str::<&RawValue>(definition) else {
        return definition.to_owned();
    };
    let mut added = [br#""description":"#, with.as_slice()].concat();
    let source = definition.as_bytes();
    let edit = match member(raw, "description") {
        Some(old) => Edit {
            at: span(source, old),
            with: &with,
        },
        None => insert_members(&mut added, source, span(source, raw)),
    };
    let edited = splice(source, &mut [edit]);
    String::from_utf8(edited).unwrap_or_else(|_| definition.to_owned())
}

pub fn json_string(text: &str) -> Vec<u8> {
    serde_json::Value::from(text).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_keeps_everything_but_its_name() {
        let definition = r#"{"x":1.0,"name":"a","inputSchema":{"name":"a"},"title":"\u00e9"}"#;
        assert_eq!(
            renamed(definition, Kind::Tool, "u__a"),
            r#"{"x":1.0,"name":"u__a","inputSchema":{"name":"a"},"title":"\u00e9"}"#
        );
        for (before, after) in [
            (
                r#"{"name":"a","description":"x","z":1}"#,
                r#"{"name":"a","description":"new","z":1}"#,
            ),
            (
                r#"{"name":"a","z":1}"#,
                r#"{"description":"new","name":"a","z":1}"#,
            ),
        ] {
            assert_eq!(described(before, "new"), after);
        }
        assert_eq!(
            renamed(r#"{"name":"n","uri":"a:b"}"#, Kind::Resource, "u+a:b"),
            r#"{"name":"n","uri":"u+a:b"}"#
        );
    }

    #[test]
    fn a_tool_names_the_page_of_its_app_as_resources_list_it() {
        let exposed = |definition: &str| {
            let upstream = UpstreamName::new("u").unwrap();
            with_exposed_app(definition.to_owned(), &upstream)
        };
        assert_eq!(
            exposed(
                r#"{"_meta":{"ui/resourceUri":"ui://a/b","ui":{"x":1,"resourceUri":"ui://a/b"}}}"#
            ),
            r#"{"_meta":{"ui/resourceUri":"ui://u+a/b","ui":{"x":1,"resourceUri":"ui://u+a/b"}}}"#
        );
        for other in [
            r#"{"name":"ui://a/b","_meta":{"ui":{"resourceUri":"https://a/b"}}}"#,
            r#"{"_meta":{"ui":"ui://a/b"}}"#,
            r#"{"_meta":7}"#,
        ] {
            assert_eq!(exposed(other), other);
        }
    }
}
