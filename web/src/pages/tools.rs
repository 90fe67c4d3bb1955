//! `/tools`: what whoever looks may call, with what it costs a model to know of it.

use crate::{
    Site,
    components::{
        content::{Badge, Empty, PageHead, Panel, Tone, pretty},
        number,
        shell::{Section, Shell},
        table::encoded,
        time::{As, Time},
    },
    load::load,
    render,
    visitor::Visitor,
};
use axum::{Router, extract::Query, response::Response, routing::get};
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::v1;
use serde::Deserialize;
use serde_json::Value;

/// Of definitions; models differ, and this is near for English and JSON.
const CHARACTERS_PER_TOKEN: usize = 4;

pub(crate) fn routes() -> Router<Site> {
    Router::new().route("/tools", get(show))
}

#[derive(Deserialize)]
struct Asked {
    /// Words that are all in a tool's name or description.
    #[serde(default)]
    q: String,
    #[serde(default)]
    upstream: String,
}

/// A tool as it is shown.
#[derive(Clone)]
struct Shown {
    canonical: String,
    name: String,
    title: String,
    description: String,
    tier: v1::Tier,
    asks_client: bool,
    input: Option<String>,
    output: Option<String>,
    limits: Vec<String>,
    tokens: usize,
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
    fn text(&self) -> String {
        format!("{} {} {}", self.canonical, self.title, self.description)
    }

    fn matches(&self, words: &[String]) -> bool {
        let text = self.text().to_lowercase();
        words.iter().all(|word| text.contains(word))
    }
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

/// An upstream with those of its tools that were looked for.
struct Group {
    upstream: v1::AccessibleUpstream,
    tools: Vec<Shown>,
    /// Of all its tools.
    tokens: usize,
    all: usize,
}

async fn show(visitor: Visitor, Query(asked): Query<Asked>) -> Response {
    let user = visitor.id.to_string();
    let only = (!asked.upstream.is_empty()).then_some(&*asked.upstream);
    let access = match load(visitor.access(&user, only)).await {
        Ok(access) => access,
        Err(failure) => return failure.show(&visitor),
    };
    let words: Vec<_> = asked.q.split_whitespace().map(str::to_lowercase).collect();
    let groups = access.upstreams.into_iter().map(|mut upstream| {
        let tools = std::mem::take(&mut upstream.tools);
        let all: Vec<_> = tools.into_iter().filter_map(Shown::of).collect();
        Group {
            upstream,
            tokens: all.iter().map(|tool| tool.tokens).sum(),
            all: all.len(),
            tools: all
                .into_iter()
                .filter(|tool| tool.matches(&words))
                .collect(),
        }
    });
    // An upstream without tools says so, unless something is looked for in it.
    let groups: Vec<_> = groups
        .filter(|group| !group.tools.is_empty() || words.is_empty())
        .collect();
    render::page_of(&visitor, StatusCode::OK, || {
        view! { <Tools asked=asked groups=groups/> }
    })
}

#[component]
fn Tools(asked: Asked, groups: Vec<Group>) -> impl IntoView {
    let tokens: usize = groups.iter().map(|group| group.tokens).sum();
    let tools: usize = groups.iter().map(|group| group.all).sum();
    let narrowed = !asked.q.is_empty() || !asked.upstream.is_empty();
    let lead = format!(
        "{} you may call. A client that loads them all spends about {} tokens of its model's context on \
         their definitions; that is an estimate, of {CHARACTERS_PER_TOKEN} characters per token.",
        number::counted(tools as u64, "tool", "tools"),
        number::count(tokens as u64)
    );
    let empty = groups.is_empty();
    let groups = groups
        .into_iter()
        .map(|group| view! { <OfUpstream group=group/> });
    let groups = groups.collect_view();
    view! {
        <Shell title="Tools" section=Section::Tools>
            <PageHead title="Tools" lead=lead/>
            <form method="get" action="/tools" class="filters" role="search">
                <div class="field">
                    <label for="q">"Search"</label>
                    <input
                        id="q"
                        name="q"
                        type="search"
                        value=asked.q
                        placeholder="name or description"
                        data-filter=".tool"
                    />
                </div>
                {(!asked.upstream.is_empty())
                    .then(|| view! { <input type="hidden" name="upstream" value=asked.upstream.clone()/> })}
                <button type="submit" class="second">"Search"</button>
                {narrowed.then(|| view! { <a class="button second" href="/tools">"Show all"</a> })}
            </form>
            {(empty && narrowed)
                .then(|| {
                    view! {
                        <Empty title="Nothing matches">
                            <p>"No tool that you may call has all of these words in its name or description."</p>
                        </Empty>
                    }
                })}
            {(empty && !narrowed)
                .then(|| {
                    view! {
                        <Empty title="There is nothing that you may call yet">
                            <p>"An operator gives you a policy that allows some tools; they are here from then on."</p>
                        </Empty>
                    }
                })}
            {groups}
        </Shell>
    }
}

#[component]
fn OfUpstream(group: Group) -> impl IntoView {
    let upstream = group.upstream;
    let name = upstream.name.clone();
    let note = format!(
        "{}, about {} tokens",
        number::counted(group.all as u64, "tool", "tools"),
        number::count(group.tokens as u64)
    );
    let none = group.all == 0;
    let tools = group
        .tools
        .into_iter()
        .map(|tool| view! { <One tool=tool/> });
    let tools = tools.collect_view();
    view! {
        <div data-group="">
            <Panel title=name note=note>
                <div class="row">
                    <Status of=upstream.clone()/>
                    <span class="quiet small">
                        "Found " <Time at=upstream.discovered_at shown=As::Distance otherwise="not yet"/>
                    </span>
                </div>
                {none.then(|| view! { <p class="quiet">"You see this upstream, and may call none of its tools."</p> })}
                <div>{tools}</div>
            </Panel>
        </div>
    }
}

#[component]
fn One(tool: Shown) -> impl IntoView {
    let text = tool.text();
    let first = tool.description.lines().next().unwrap_or_default();
    let short: String = first.chars().take(120).collect();
    let more = tool.description.chars().count() > short.chars().count();
    let href = format!("/try?tool={}", encoded(&tool.canonical));
    view! {
        <details class="more tool" data-text=text>
            <summary>
                <span>
                    <code>{tool.name}</code>
                    " "
                    <span class="quiet">{format!("{short}{}", if more { "…" } else { "" })}</span>
                </span>
            </summary>
            <div class="inside">
                {(!tool.title.is_empty()).then(|| view! { <h3>{tool.title}</h3> })}
                {more.then(|| view! { <p>{tool.description}</p> })}
                <div class="row">
                    <TierBadge tier=tool.tier/>
                    <span class="chip">{tool.canonical}</span>
                    <span class="quiet small">
                        {format!("about {} tokens", number::count(tool.tokens as u64))}
                    </span>
                    {tool
                        .asks_client
                        .then(|| {
                            view! { <span class="quiet small">"Only for clients that it can ask something"</span> }
                        })}
                    {(!tool.limits.is_empty())
                        .then(|| view! { <span class="quiet small">{tool.limits.join(", ")}</span> })}
                </div>
                <Schema title="What it takes" of=tool.input/>
                <Schema title="What it gives" of=tool.output/>
                <div class="row"><a class="button second" href=href>"Try it"</a></div>
            </div>
        </details>
    }
}

#[component]
pub(crate) fn Schema(title: &'static str, of: Option<String>) -> impl IntoView {
    of.map(|schema| {
        view! {
            <div class="stack tight">
                <h3>{title}</h3>
                <pre tabindex="0" role="group" aria-label=title><code>{schema}</code></pre>
            </div>
        }
    })
}

#[component]
pub(crate) fn TierBadge(tier: v1::Tier) -> impl IntoView {
    let (tone, text) = match tier {
        v1::Tier::Read => (Tone::Good, "Read only"),
        v1::Tier::Write => (Tone::Warn, "Writes"),
        v1::Tier::Destructive | v1::Tier::Unspecified => (Tone::Bad, "May destroy"),
    };
    view! { <Badge tone=tone text=text/> }
}

/// Whether an upstream can be used now, as far as control knows.
#[component]
pub(crate) fn Status(of: v1::AccessibleUpstream) -> impl IntoView {
    let (tone, text) = match (of.failing, of.discovered_at) {
        (true, _) => (Tone::Bad, "Has a problem"),
        (false, Some(_)) => (Tone::Good, "Works"),
        (false, None) => (Tone::Warn, "Starting"),
    };
    view! { <Badge tone=tone text=text/> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_words_must_be_there_in_any_order() {
        let tool = Shown::of(v1::AccessibleTool {
            tool: Some(v1::Tool {
                name: "get".to_owned(),
                canonical_name: "mail.get".to_owned(),
                definition: r#"{"description":"Reads one Message"}"#.to_owned(),
                ..v1::Tool::default()
            }),
            limits: None,
        })
        .unwrap();
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert!(tool.matches(&words("message mail.get")));
        assert!(!tool.matches(&words("message calendar")));
        assert!(tool.matches(&[]));
    }
}
