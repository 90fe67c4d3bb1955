//! `/tools`: what whoever looks may call, with what it costs a model to know of it.

mod found;

use crate::{
    Site,
    address::Query,
    components::{
        content::{Badge, Empty, PageHead, Panel, Tone},
        number,
        shell::{Section, Shell},
        table::{Pages, encoded},
        time::{As, Time},
    },
    load::load,
    render,
    visitor::Visitor,
};
use axum::{Router, response::Response, routing::get};
use found::{CHARACTERS_PER_TOKEN, Found, Group, Shown};
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::v1;
use serde::Deserialize;

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
    /// How many tools the pages before had.
    #[serde(default)]
    cursor: String,
}

impl Asked {
    fn from(&self) -> usize {
        self.cursor.parse().unwrap_or(0)
    }

    /// Without a cursor.
    fn address(&self) -> String {
        let parts = [("q", &self.q), ("upstream", &self.upstream)];
        let parts = parts.into_iter().filter(|(_, value)| !value.is_empty());
        let parts: Vec<_> = parts
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        if parts.is_empty() {
            return "/tools".to_owned();
        }
        format!("/tools?{}", parts.join("&"))
    }
}

async fn show(visitor: Visitor, Query(asked): Query<Asked>) -> Response {
    let user = visitor.id.to_string();
    let only = (!asked.upstream.is_empty()).then_some(&*asked.upstream);
    let access = match load(visitor.access(&user, only)).await {
        Ok(access) => access,
        Err(failure) => return failure.show(&visitor),
    };
    let found = Found::among(access.upstreams, &asked.q, asked.from());
    render::page_of(&visitor, StatusCode::OK, || {
        view! { <Tools asked=asked found=found/> }
    })
}

#[component]
fn Tools(asked: Asked, found: Found) -> impl IntoView {
    let (list, later) = (asked.address(), asked.from() > 0);
    // A script can only look through what is there.
    let filter = (!later && found.next.is_empty()).then_some(".tool");
    let narrowed = !asked.q.is_empty() || !asked.upstream.is_empty();
    let lead = match found.tools {
        0 => "What you may call, and what it costs a model to know of it.".to_owned(),
        tools => format!(
            "{} you may call. A client that loads them all spends about {} tokens of its model's context on \
             their definitions; that is an estimate, of {CHARACTERS_PER_TOKEN} characters per token.",
            number::counted(tools as u64, "tool", "tools"),
            number::count(found.tokens as u64)
        ),
    };
    let empty = found.groups.is_empty() && !later;
    let groups = found
        .groups
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
                        data-filter=filter
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
            <Pages list=list later=later next=found.next/>
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
