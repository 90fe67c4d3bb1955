//! What a key is held to, and its secrets.

use super::view::{Ends, QuotaLeft, State as KeyState, least, prefix, quotas_left, scopes};
use crate::components::{
    content::{Badge, Chips, Panel, Tone},
    number,
    table::{Cell, Table},
    time::{As, Time, instant},
};
use leptos::prelude::*;
use ostia_domain::{clock, period::Period};
use ostia_proto::v1;

#[component]
pub(super) fn Facts(key: v1::Key, allowances: Vec<v1::Allowance>, own: bool) -> impl IntoView {
    let held = key.restrictions.clone().unwrap_or_default();
    let from = [&key.last_used_address, &key.last_used_client];
    let from: Vec<_> = from
        .into_iter()
        .filter(|text| !text.is_empty())
        .cloned()
        .collect();
    let limits = allowances.iter().map(|allowance| {
        let of = match &allowance.plan {
            Some(plan) if allowance.subject_id == key.id => format!("plan {plan}"),
            Some(plan) => format!("plan {plan}, all keys of {} together", key.owner_name),
            None => "of its own".to_owned(),
        };
        format!(
            "{} ({of})",
            limits_text(allowance.limits.unwrap_or_default())
        )
    });
    let limits: Vec<_> = limits.collect();
    view! {
        <Panel title="About">
            <dl class="facts">
                <dt>"State"</dt>
                <dd>
                    <KeyState of=key.clone()/>
                    {key.idle_since
                        .map(|since| {
                            view! {
                                <p class="quiet">
                                    "Switched off, because nobody used it since "
                                    <Time at=Some(since) shown=As::Minute/>
                                </p>
                            }
                        })}
                </dd>
                <dt>"Begins with"</dt>
                <dd><code>{prefix(&key)}</code></dd>
                {(!own).then(|| view! { <dt>"Owner"</dt><dd>{key.owner_name.clone()}</dd> })}
                <dt>"May use"</dt>
                <dd><Chips of=scopes(&key)/></dd>
                <Quotas of=least_of_each(&allowances, &key)/>
                {(!limits.is_empty()).then(|| view! { <dt>"Limits"</dt><dd><Lines of=limits/></dd> })}
                {(!held.networks.is_empty())
                    .then(|| view! { <dt>"Only from"</dt><dd>{held.networks.join(", ")}</dd> })}
                {held.window.map(|window| view! { <dt>"Only at"</dt><dd>{format!("{window} UTC")}</dd> })}
                <dt>"Ends"</dt>
                <dd><Ends of=key.clone()/></dd>
                <dt>"Last used"</dt>
                <dd>
                    <Time at=key.last_used_at shown=As::Minute/>
                    <span class="quiet">{format!(" {}", from.join(", "))}</span>
                </dd>
                <dt>"Made"</dt>
                <dd><Time at=key.created_at shown=As::Minute/></dd>
            </dl>
        </Panel>
    }
}

/// Of each period the quota that ends first.
fn least_of_each(allowances: &[v1::Allowance], key: &v1::Key) -> Vec<QuotaLeft> {
    let of = |period| least(quotas_left(allowances, key).filter(|left| left.period == period));
    Period::ALL.into_iter().filter_map(of).collect()
}

#[component]
fn Quotas(of: Vec<QuotaLeft>) -> impl IntoView {
    if of.is_empty() {
        return view! { <dt>"Quota left"</dt><dd>"no quota"</dd> }.into_any();
    }
    let lines = of.into_iter().map(|quota| {
        let (left, all) = (number::count(quota.left), number::count(quota.quota));
        view! {
            <dt>{format!("Quota left {}", quota.now())}</dt>
            <dd>
                {format!("{left} of {all}, renewed ")}
                <Time at=quota.renews_at shown=As::Date/>
            </dd>
        }
    });
    lines.collect_view().into_any()
}

#[component]
fn Lines(of: Vec<String>) -> impl IntoView {
    of.into_iter()
        .map(|line| view! { <div>{line}</div> })
        .collect_view()
}

fn limits_text(limits: v1::Limits) -> String {
    let parts = [
        limits.calls_per_minute.map(|n| format!("{n} a minute")),
        limits.burst.map(|n| format!("{n} at once after a pause")),
        limits
            .max_in_flight
            .map(|n| format!("{n} at the same time")),
        limits
            .calls_per_day
            .map(|n| format!("{} a day", number::count(n))),
        limits
            .calls_per_month
            .map(|n| format!("{} a month", number::count(n))),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        return "no limits".to_owned();
    }
    parts.join(", ")
}

#[component]
pub(super) fn Secrets(key: v1::Key) -> impl IntoView {
    let now = clock::now();
    let state = key.state();
    let rows = key.secrets.into_iter().map(|secret| {
        let ended = instant(secret.expires_at).is_some_and(|end| end <= now);
        let (tone, text) = match state {
            _ if ended => (Tone::Plain, "Ended"),
            v1::KeyState::Revoked | v1::KeyState::Expired => (Tone::Plain, "Ended"),
            v1::KeyState::Inactive => (Tone::Warn, "Off"),
            v1::KeyState::Active | v1::KeyState::Unspecified => (Tone::Good, "Works"),
        };
        view! {
            <tr>
                <th scope="row"><code>{format!("…{}", secret.last_four)}</code></th>
                <Cell label="State"><Badge tone=tone text=text/></Cell>
                <Cell label="Made"><Time at=secret.created_at shown=As::Date/></Cell>
                <Cell label="Last used"><Time at=secret.last_used_at shown=As::Distance/></Cell>
                <Cell label="Ends">
                    <Time at=secret.expires_at shown=As::Minute otherwise="with the key"/>
                </Cell>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Panel title="Secrets" note="Newest first">
            <Table
                caption="Secrets of this key"
                quiet=true
                dense=true
                columns=vec!["Ends with", "State", "Made", "Last used", "Ends"]
            >
                {rows}
            </Table>
        </Panel>
    }
}
