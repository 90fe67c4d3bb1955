//! `GET /`: how to connect, what can be used, and how much of it was.

use super::{
    Layout,
    keys::{QuotaLeft, all, least},
    tools::Status as UpstreamStatus,
};
use crate::{
    Site,
    components::{
        content::{Empty, PageHead, Panel},
        number,
        shell::{Section, Shell},
        snippets::{Snippets, VARIABLE},
        table::{Cell, Table, encoded},
        time::{As, Time, timestamp},
    },
    load::load,
    render,
    visitor::Visitor,
};
use axum::{extract::State, response::Response};
use http::StatusCode;
use leptos::prelude::*;
use ostia_domain::{clock, period::Period};
use ostia_proto::v1;
use tonic::Status;

/// Of the list of keys, which is short for most people.
const KEYS: u32 = 100;

pub(crate) async fn show(State(site): State<Site>, visitor: Option<Visitor>) -> Response {
    let mcp_url = site.config.mcp_url.clone();
    let Some(visitor) = visitor else {
        return render::page(StatusCode::OK, || view! { <Front mcp_url/> });
    };
    match load(loaded(&visitor)).await {
        Ok(found) => {
            let name = visitor.name.clone();
            render::page_of(&visitor, StatusCode::OK, || {
                view! { <Home name=name mcp_url=mcp_url found=found/> }
            })
        }
        Err(failure) => failure.show(&visitor),
    }
}

struct Found {
    upstreams: Vec<v1::AccessibleUpstream>,
    allowances: Vec<v1::Allowance>,
    calls: u64,
    errors: u64,
    active_keys: usize,
    has_keys: bool,
}

async fn loaded(visitor: &Visitor) -> Result<Found, Status> {
    let user = visitor.id.to_string();
    let this_month = v1::SummarizeUsageRequest {
        user: Some(user.clone()),
        from: Some(timestamp(Period::Month.at(clock::now()).starts_at)),
        ..v1::SummarizeUsageRequest::default()
    };
    let (access, allowances, usage, keys) = tokio::try_join!(
        visitor.access_by_name(&user),
        visitor.allowances(&user, Vec::new()),
        visitor.sums(this_month),
        visitor.own_keys(KEYS, "")
    )?;
    let keys = keys.keys;
    let active = keys
        .iter()
        .filter(|key| key.state() == v1::KeyState::Active);
    Ok(Found {
        upstreams: access.upstreams,
        allowances,
        calls: usage.iter().map(|row| row.calls).sum(),
        errors: usage.iter().map(|row| row.errors).sum(),
        active_keys: active.count(),
        has_keys: !keys.is_empty(),
    })
}

#[component]
fn Front(mcp_url: String) -> impl IntoView {
    view! {
        <Layout title="One door to every MCP server">
            <p>"This is an Ostia gateway. MCP clients connect to it with an API key:"</p>
            <p><code>{mcp_url}</code></p>
            <div class="row"><a class="button" href="/login">"Sign in"</a></div>
        </Layout>
    }
}

#[component]
fn Home(name: String, mcp_url: String, found: Found) -> impl IntoView {
    let left = least(found.allowances.iter().flat_map(all));
    let tools: usize = found
        .upstreams
        .iter()
        .map(|upstream| upstream.tools.len())
        .sum();
    let upstreams = found.upstreams.len() as u64;
    view! {
        <Shell title="Home" section=Section::Home>
            <PageHead title=format!("Hello, {name}") lead="One address and one key, for every server that you may use.">
                <a class="button" href="/keys/new">"Make a key"</a>
            </PageHead>
            <dl class="figures">
                <div>
                    <dt>"Calls this month"</dt>
                    <dd>{number::count(found.calls)}</dd>
                    <dd class="hint">{format!("{} refused or failed", number::count(found.errors))}</dd>
                </div>
                <Quota left=left/>
                <div>
                    <dt>"Active keys"</dt>
                    <dd>{found.active_keys}</dd>
                    <dd class="hint"><a href="/keys">"All keys"</a></dd>
                </div>
                <div>
                    <dt>"Tools you may call"</dt>
                    <dd>{number::count(tools as u64)}</dd>
                    <dd class="hint">{format!("at {}", number::counted(upstreams, "upstream", "upstreams"))}</dd>
                </div>
            </dl>
            {(!found.has_keys).then(|| view! { <First nothing_yet=found.upstreams.is_empty()/> })}
            <div class="grid lead">
                <Panel title="Connect a client" note=mcp_url.clone()>
                    <p class="quiet">
                        "Put a key of yours where it says " <code>{VARIABLE}</code>
                        "; right after you made one, it is filled in."
                    </p>
                    <Snippets mcp_url=mcp_url key=VARIABLE.to_owned()/>
                </Panel>
                <Panel title="Upstreams you may use">
                    <Upstreams of=found.upstreams/>
                </Panel>
            </div>
        </Shell>
    }
}

/// For somebody who has no key yet.
#[component]
fn First(nothing_yet: bool) -> impl IntoView {
    if nothing_yet {
        return view! {
            <Empty title="There is nothing that you may use yet">
                <p>"Ask an operator for a policy. What it allows is here then, and a key of yours may use it."</p>
            </Empty>
        }
        .into_any();
    }
    view! {
        <Empty title="First, make a key">
            <p>"It is what your client signs in with. It is shown once, so have a place for it."</p>
            <a class="button" href="/keys/new">"Make a key"</a>
        </Empty>
    }
    .into_any()
}

#[component]
fn Quota(left: Option<QuotaLeft>) -> impl IntoView {
    let Some(of) = left else {
        return view! {
            <div><dt>"Quota"</dt><dd>"None"</dd><dd class="hint">"No limit of calls a day or a month"</dd></div>
        }
        .into_any();
    };
    let QuotaLeft { quota, left, .. } = of;
    let taken = quota.saturating_sub(left);
    let class = if number::percent(taken, quota) >= 90 {
        "most"
    } else {
        ""
    };
    view! {
        <div>
            <dt id="quota">{format!("Quota left {}", of.now())}</dt>
            <dd>{number::count(left)}</dd>
            <dd class="hint">
                <progress class=class max=quota.to_string() value=taken.to_string() aria-labelledby="quota"></progress>
                {format!("of {}, renewed ", number::count(quota))}
                <Time at=of.renews_at shown=As::Date/>
            </dd>
        </div>
    }
    .into_any()
}

#[component]
fn Upstreams(of: Vec<v1::AccessibleUpstream>) -> impl IntoView {
    if of.is_empty() {
        return view! {
            <p class="quiet">
                "None yet. An operator gives you a policy that shows you some; it is here from then on."
            </p>
        }
        .into_any();
    }
    let rows = of.into_iter().map(|upstream| {
        let href = format!("/tools?upstream={}", encoded(&upstream.name));
        let (name, tools) = (upstream.name.clone(), upstream.tools.len());
        view! {
            <tr>
                <th scope="row"><a href=href>{name}</a></th>
                <Cell label="State"><UpstreamStatus of=upstream/></Cell>
                <Cell label="Tools" number=true>{tools}</Cell>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Table
            caption="Upstreams you may use, and their state"
            quiet=true
            dense=true
            columns=vec!["Upstream", "State", "#Tools"]
        >
            {rows}
        </Table>
    }
    .into_any()
}
