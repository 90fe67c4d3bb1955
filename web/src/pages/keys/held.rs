//! The part of a form that says what a key is held to.

use super::form::{ALL, KEEP, Offer, PICKED};
use crate::components::{
    form::{AreaField, Choice, Choices, Posted, SelectField, TextField},
    number,
};
use leptos::prelude::*;
use ostia_proto::v1;
use std::collections::BTreeSet;

/// Everything but the name, the mode and the end.
#[component]
pub(super) fn Held(posted: Posted, offer: Offer) -> impl IntoView {
    let scope = posted.get("scope").to_owned();
    let is = move |value: &str| scope == value;
    let (all, picked) = (is(ALL), is(PICKED));
    let policies = offer.policies.iter().map(|policy| {
        let checked = posted.has("policy", policy);
        view! {
            <Choice kind="checkbox" name="policy" value=policy.clone() label=policy.clone() checked=checked/>
        }
    });
    let policies = policies.collect_view();
    let has_policies = !offer.policies.is_empty();
    let keep = offer.foreign_rules.clone().map(|rules| {
        view! {
            <Choice
                kind="radio"
                name="scope"
                value=KEEP
                label="Its rules as they are"
                hint="They were made elsewhere and say more than this form can show."
                checked=is(KEEP)
            />
            <details class="more">
                <summary>"The rules"</summary>
                <pre tabindex="0"><code>{rules}</code></pre>
            </details>
        }
    });
    let tiers = [
        ("", "Everything, also what destroys"),
        ("write", "Read and write, nothing destructive"),
        ("read", "Read only"),
    ];
    let tiers = tiers.map(|(value, said)| (value.to_owned(), said.to_owned()));
    view! {
        <Choices
            posted=posted.clone()
            name="scope"
            legend="What may it use?"
            hint="Never more than you may yourself, whatever is chosen here."
        >
            <Choice
                kind="radio"
                name="scope"
                value=ALL
                label="Everything that I may use"
                hint="Also what I am given later."
                checked=all
            />
            <Choice
                kind="radio"
                name="scope"
                value=PICKED
                label="Only the tools picked below"
                checked=picked
            />
            {keep}
        </Choices>
        <Picker posted=posted.clone() upstreams=offer.upstreams/>
        <SelectField
            posted=posted.clone()
            name="tier"
            label="How far may its tools go?"
            hint="As their upstream describes them. A tool that does not say counts as destructive."
            options=tiers.to_vec()
        />
        {has_policies
            .then(|| {
                view! {
                    <Choices
                        posted=posted.clone()
                        name="policy"
                        legend="Policies"
                        hint="With some of them, the key may use what these permit and no more."
                    >
                        {policies}
                    </Choices>
                }
            })}
        <Fences posted=posted/>
    }
}

/// Where from, when and how much.
#[component]
fn Fences(posted: Posted) -> impl IntoView {
    let fields = [
        "networks",
        "window",
        "calls_per_minute",
        "burst",
        "max_in_flight",
        "calls_per_day",
        "calls_per_month",
    ];
    let open = fields
        .iter()
        .any(|name| !posted.get(name).is_empty() || posted.problem(name).is_some());
    view! {
        <details class="more" open=open>
            <summary>"Where from, when, and how much"</summary>
            <div class="inside">
                <AreaField
                    posted=posted.clone()
                    name="networks"
                    label="Networks"
                    hint="One in a line, as 10.0.0.0/8 or as one address. Empty: from anywhere."
                    rows=3
                />
                <TextField
                    posted=posted.clone()
                    name="window"
                    label="Hours"
                    hint="In UTC, as mon-fri 08:00-18:00. Empty: always."
                />
                <div class="row end">
                    <TextField posted=posted.clone() name="calls_per_minute" label="Calls per minute" kind="number"/>
                    <TextField posted=posted.clone() name="burst" label="At once after a pause" kind="number"/>
                    <TextField posted=posted.clone() name="max_in_flight" label="At the same time" kind="number"/>
                    <TextField posted=posted.clone() name="calls_per_day" label="Calls per day" kind="number"/>
                    <TextField posted=posted.clone() name="calls_per_month" label="Calls per month" kind="number"/>
                </div>
                <p class="hint">"Empty: no limit of its own. What limits you limits all of your keys together."</p>
            </div>
        </details>
    }
}

/// The tools of the owner by upstream, and what was picked before and is not there any more.
#[component]
fn Picker(posted: Posted, upstreams: Vec<v1::AccessibleUpstream>) -> impl IntoView {
    let mut offered = BTreeSet::new();
    for upstream in &upstreams {
        offered.insert(format!("{}.*", upstream.name));
        let tools = upstream.tools.iter().filter_map(|tool| tool.tool.as_ref());
        offered.extend(tools.map(|tool| tool.canonical_name.clone()));
    }
    let gone = posted
        .all("tool")
        .filter(|tool| !offered.contains(*tool))
        .map(str::to_owned);
    let gone: Vec<_> = gone.collect();
    let groups = upstreams.into_iter().map(|upstream| {
        view! { <PickOf posted=posted.clone() upstream=upstream/> }
    });
    let groups = groups.collect_view();
    let gone = (!gone.is_empty()).then(|| {
        let choices = gone.into_iter().map(|tool| {
            view! { <Choice kind="checkbox" name="tool" value=tool.clone() label=tool checked=true/> }
        });
        view! {
            <fieldset>
                <legend>"Not there at the moment"</legend>
                <div class="choices">{choices.collect_view()}</div>
            </fieldset>
        }
    });
    view! { <div class="stack tight">{groups}{gone}</div> }
}

#[component]
fn PickOf(posted: Posted, upstream: v1::AccessibleUpstream) -> impl IntoView {
    let name = upstream.name;
    let all = format!("{name}.*");
    let whole = posted.has("tool", &all);
    let tools: Vec<_> = upstream
        .tools
        .into_iter()
        .filter_map(|tool| tool.tool)
        .collect();
    let picked = tools
        .iter()
        .filter(|tool| posted.has("tool", &tool.canonical_name))
        .count();
    let said = match (whole, picked) {
        (true, _) => "all of it".to_owned(),
        (false, 0) => number::counted(tools.len() as u64, "tool", "tools"),
        (false, picked) => format!("{picked} of {} picked", tools.len()),
    };
    let choices = tools.into_iter().map(|tool| {
        let checked = posted.has("tool", &tool.canonical_name);
        let hint = match tool.tier() {
            v1::Tier::Read => "read",
            v1::Tier::Write => "write",
            v1::Tier::Destructive | v1::Tier::Unspecified => "destructive",
        };
        view! {
            <Choice
                kind="checkbox"
                name="tool"
                value=tool.canonical_name
                label=tool.name
                hint=hint
                checked=checked
            />
        }
    });
    let choices = choices.collect_view();
    view! {
        <details class="more" open={whole || picked > 0}>
            <summary>{name.clone()} <span class="quiet small">{said}</span></summary>
            <fieldset>
                <legend class="seen-only">{format!("Tools of {name}")}</legend>
                <div class="choices">
                    <Choice
                        kind="checkbox"
                        name="tool"
                        value=all
                        label="All of it"
                        hint="Also tools that it gets later"
                        checked=whole
                    />
                    {choices}
                </div>
            </fieldset>
        </details>
    }
}
