//! The tools of an upstream, as it describes them.

use super::detail::Asked;
use crate::{
    components::{
        content::{Badge, Panel, Tone, pretty},
        number,
        table::{Pages, encoded},
    },
    pages::tools::{Schema, TierBadge},
    part::Part,
};
use leptos::prelude::*;
use ostia_proto::v1;
use serde_json::Value;

/// Those that were looked for, by name.
pub(super) struct Found {
    part: Part<v1::Tool>,
    all: usize,
    q: String,
}

impl Found {
    pub(super) fn of(mut tools: Vec<v1::Tool>, asked: Asked) -> Self {
        let all = tools.len();
        let wanted = asked.q.to_lowercase();
        tools.retain(|tool| tool.definition.to_lowercase().contains(&wanted));
        tools.sort_by(|a, b| a.name.cmp(&b.name));
        Self {
            part: Part::of(tools, &asked.cursor, |tool| &tool.name),
            all,
            q: asked.q,
        }
    }
}

#[component]
pub(super) fn Tools(of: Found, upstream: String) -> impl IntoView {
    let page = format!("/upstreams/{upstream}");
    let list = format!("{page}?q={}", encoded(&of.q));
    let note = number::counted(of.all as u64, "tool", "tools");
    let empty = of.part.rows.is_empty();
    let some = of.all > 0;
    let rows = of
        .part
        .rows
        .into_iter()
        .map(|tool| view! { <One tool=tool/> });
    let rows = rows.collect_view();
    view! {
        <Panel title="Tools" note=note>
            {some
                .then(|| {
                    view! {
                        <form method="get" action=page class="filters" role="search">
                            <div class="field">
                                <label for="q">"Of its definition"</label>
                                <input id="q" name="q" type="search" value=of.q/>
                            </div>
                            <button type="submit" class="second">"Search"</button>
                        </form>
                    }
                })}
            {empty
                .then(|| {
                    let said = if some { "None is like this." } else { "None is known." };
                    view! { <p class="quiet">{said}</p> }
                })}
            <div>{rows}</div>
            <Pages list=list later=of.part.later next=of.part.next/>
        </Panel>
    }
}

#[component]
fn One(tool: v1::Tool) -> impl IntoView {
    let definition: Value = serde_json::from_str(&tool.definition).unwrap_or_default();
    let text = |member: &str| definition[member].as_str().unwrap_or_default().to_owned();
    let schema = |member: &str| Some(pretty(&definition.get(member)?.to_string()));
    let (title, description) = (text("title"), text("description"));
    let (input, output) = (schema("inputSchema"), schema("outputSchema"));
    let annotations = annotations(&definition["annotations"]);
    let annotated = !annotations.is_empty();
    let annotations = annotations
        .into_iter()
        .map(|said| view! { <Badge tone=Tone::Plain text=said/> });
    let annotations = annotations.collect_view();
    let tier = tool.tier();
    view! {
        <details class="more">
            <summary><code>{tool.name}</code></summary>
            <div class="inside">
                {(!title.is_empty()).then(|| view! { <h3>{title}</h3> })}
                {(!description.is_empty()).then(|| view! { <p>{description}</p> })}
                <div class="row">
                    <TierBadge tier=tier/>
                    <span class="chip">{tool.canonical_name}</span>
                    {tool
                        .asks_client
                        .then(|| {
                            view! { <span class="quiet small">"Only for clients that it can ask something"</span> }
                        })}
                </div>
                <div class="row">
                    <span class="quiet small">
                        {if annotated { "It says of itself:" } else { "It says nothing of itself." }}
                    </span>
                    {annotations}
                </div>
                <Schema title="What it takes" of=input/>
                <Schema title="What it gives" of=output/>
            </div>
        </details>
    }
}

/// `readOnlyHint: true` and the like, whatever else an upstream writes there.
fn annotations(annotations: &Value) -> Vec<String> {
    let Some(members) = annotations.as_object() else {
        return Vec::new();
    };
    let said = members.iter().map(|(name, value)| match value {
        Value::String(text) => format!("{name}: {text}"),
        other => format!("{name}: {other}"),
    });
    said.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn annotations_are_shown_whatever_they_are() {
        let said = annotations(&json!({"readOnlyHint": true, "title": "Get", "x": [1]}));
        assert_eq!(said, ["readOnlyHint: true", "title: Get", "x: [1]"]);
        assert!(annotations(&json!("none")).is_empty());
    }
}
