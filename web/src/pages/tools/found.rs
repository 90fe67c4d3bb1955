//! The tools of one page, out of all that somebody may call.
//!
//! A thousand tools with their schemas are a megabyte, so a page has some of them; what they cost together is
//! counted of all.

use crate::components::{content::pretty, number};
use ostia_proto::v1;
use serde::Deserialize;
use serde_json::Value;

/// Of definitions; models differ, and this is near for English and JSON.
pub(super) const CHARACTERS_PER_TOKEN: usize = 4;
/// On one page.
const SHOWN: usize = 50;

#[derive(Default)]
pub(super) struct Found {
    /// Those with tools on this page.
    pub(super) groups: Vec<Group>,
    /// Of all upstreams in which something was found.
    pub(super) tools: usize,
    pub(super) tokens: usize,
    /// Where the next page begins. Empty: this is the last one.
    pub(super) next: String,
}

/// An upstream with those of its tools that are on this page.
pub(super) struct Group {
    pub(super) upstream: v1::AccessibleUpstream,
    pub(super) tools: Vec<Shown>,
    /// Of all its tools.
    pub(super) tokens: usize,
    pub(super) all: usize,
}

/// A tool as it is shown.
pub(super) struct Shown {
    pub(super) canonical: String,
    pub(super) name: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) tier: v1::Tier,
    pub(super) asks_client: bool,
    pub(super) input: Option<String>,
    pub(super) output: Option<String>,
    pub(super) limits: Vec<String>,
    pub(super) tokens: usize,
}

impl Found {
    /// Tools with all of these words, but for the first `from` of them.
    pub(super) fn among(upstreams: Vec<v1::AccessibleUpstream>, words: &str, from: usize) -> Self {
        let words: Vec<_> = words.split_whitespace().map(str::to_lowercase).collect();
        let end = from.saturating_add(SHOWN);
        let (mut found, mut matched) = (Self::default(), 0);
        for mut upstream in upstreams {
            let accessible = std::mem::take(&mut upstream.tools);
            let mut group = Group {
                upstream,
                tools: Vec::new(),
                tokens: 0,
                all: accessible.len(),
            };
            let before = matched;
            for accessible in accessible {
                let Some(tool) = &accessible.tool else {
                    continue;
                };
                group.tokens += tokens(&tool.definition);
                if !matches(tool, &words) {
                    continue;
                }
                if (from..end).contains(&matched) {
                    group.tools.extend(Shown::of(accessible));
                }
                matched += 1;
            }
            // An upstream without tools says so, unless something is looked for in it.
            if matched == before && !words.is_empty() {
                continue;
            }
            found.tools += group.all;
            found.tokens += group.tokens;
            if !group.tools.is_empty() || (group.all == 0 && from == 0) {
                found.groups.push(group);
            }
        }
        if matched > end {
            found.next = end.to_string();
        }
        found
    }
}

impl Shown {
    fn of(accessible: v1::AccessibleTool) -> Option<Self> {
        let tool = accessible.tool?;
        let definition: Value = serde_json::from_str(&tool.definition).unwrap_or_default();
        let text = |name: &str| definition[name].as_str().unwrap_or_default().to_owned();
        let schema = |name: &str| {
            let schema = definition.get(name)?;
            Some(pretty(&schema.to_string()))
        };
        Some(Self {
            title: text("title"),
            description: text("description"),
            input: schema("inputSchema"),
            output: schema("outputSchema"),
            tier: tool.tier(),
            limits: limits(&accessible.limits.unwrap_or_default()),
            tokens: tokens(&tool.definition),
            asks_client: tool.asks_client,
            canonical: tool.canonical_name,
            name: tool.name,
        })
    }

    /// What is searched.
    pub(super) fn text(&self) -> String {
        searched(&self.canonical, &self.title, &self.description)
    }
}

fn searched(canonical: &str, title: &str, description: &str) -> String {
    format!("{canonical} {title} {description}")
}

/// Schemas are most of a definition, and nobody searches them.
#[derive(Default, Deserialize)]
struct Said {
    #[serde(default)]
    title: Value,
    #[serde(default)]
    description: Value,
}

fn matches(tool: &v1::Tool, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let said: Said = serde_json::from_str(&tool.definition).unwrap_or_default();
    let (title, description) = (said.title.as_str(), said.description.as_str());
    let text = searched(
        &tool.canonical_name,
        title.unwrap_or_default(),
        description.unwrap_or_default(),
    );
    let text = text.to_lowercase();
    words.iter().all(|word| text.contains(word))
}

fn tokens(definition: &str) -> usize {
    definition.chars().count().div_ceil(CHARACTERS_PER_TOKEN)
}

fn limits(limits: &v1::Constraint) -> Vec<String> {
    let of = [
        limits
            .calls_per_minute
            .map(|n| format!("{n} calls a minute")),
        limits.max_results.map(|n| format!("at most {n} results")),
        limits
            .max_result_bytes
            .map(|n| format!("results of {} at most", number::bytes(n))),
        limits
            .timeout_ms
            .map(|n| format!("{} at most", number::duration(n.saturating_mul(1_000)))),
    ];
    of.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(name: &str, definition: &str) -> v1::AccessibleTool {
        let tool = v1::Tool {
            name: name.to_owned(),
            canonical_name: format!("mail.{name}"),
            definition: definition.to_owned(),
            ..v1::Tool::default()
        };
        v1::AccessibleTool {
            tool: Some(tool),
            limits: None,
        }
    }

    fn upstream(tools: Vec<v1::AccessibleTool>) -> v1::AccessibleUpstream {
        v1::AccessibleUpstream {
            tools,
            ..v1::AccessibleUpstream::default()
        }
    }

    fn names(found: &Found) -> Vec<String> {
        let tools = found.groups.iter().flat_map(|group| &group.tools);
        tools.map(|tool| tool.name.clone()).collect()
    }

    #[test]
    fn all_words_must_be_there_in_any_order() {
        let get = || upstream(vec![tool("get", r#"{"description":"Reads one Message"}"#)]);
        let found = |words| names(&Found::among(vec![get()], words, 0));
        assert_eq!(found("message mail.get"), ["get"]);
        assert_eq!(found(""), ["get"]);
        assert!(found("message calendar").is_empty());
    }

    #[test]
    fn pages_go_over_upstreams_and_count_all_tools() {
        let tools = |from: usize, to: usize| {
            let tools = (from..to).map(|n| tool(&n.to_string(), "12345678"));
            upstream(tools.collect())
        };
        let all = || vec![tools(0, 30), upstream(Vec::new()), tools(30, 120)];
        let (mut seen, mut from, mut groups) = (Vec::new(), 0, Vec::new());
        loop {
            let found = Found::among(all(), "", from);
            assert_eq!((found.tools, found.tokens), (120, 240));
            groups.push(found.groups.len());
            seen.extend(names(&found));
            if found.next.is_empty() {
                break;
            }
            from = found.next.parse().unwrap();
        }
        assert_eq!(seen, (0..120).map(|n| n.to_string()).collect::<Vec<_>>());
        assert_eq!(groups, [3, 1, 1]);
        assert!(names(&Found::among(all(), "", usize::MAX)).is_empty());
    }
}
