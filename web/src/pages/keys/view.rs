//! Keys as lists and details show them.

use crate::components::{
    content::{Badge, Tone},
    time::{As, Time, instant},
};
use chrono::TimeDelta;
use leptos::prelude::*;
use ostia_domain::{clock, period::Period};
use ostia_proto::{convert::period, v1};
use std::cmp::Reverse;

/// An end that is nearer than this is worth a warning.
const SOON: TimeDelta = TimeDelta::days(14);
/// Of rules that list many tools.
const MAX_SCOPES: usize = 6;

/// `ost_live_…`: what people and logs call a key.
pub(super) fn prefix(key: &v1::Key) -> String {
    let mode = match key.mode() {
        v1::KeyMode::Test => "test",
        v1::KeyMode::Live | v1::KeyMode::Unspecified => "live",
    };
    format!("ost_{mode}_{}", key.public_id)
}

/// The same with the end of its newest secret.
pub(super) fn secret_name(key: &v1::Key) -> String {
    let newest = key.secrets.first().map(|secret| secret.last_four.as_str());
    format!("{}…{}", prefix(key), newest.unwrap_or_default())
}

pub(super) fn is_ended(key: &v1::Key) -> bool {
    key.state() == v1::KeyState::Revoked
}

/// What a key may use, in a few words.
pub(super) fn scopes(key: &v1::Key) -> Vec<String> {
    let mut scopes = Vec::new();
    if key.mode() == v1::KeyMode::Test {
        scopes.push("demo only".to_owned());
    }
    scopes.extend(key.policies.iter().cloned());
    let rules = key
        .restrictions
        .as_ref()
        .and_then(|held| held.rules.as_ref());
    if let Some(rules) = rules {
        match rules.max_tier() {
            v1::Tier::Read => scopes.push("read only".to_owned()),
            v1::Tier::Write => scopes.push("nothing destructive".to_owned()),
            v1::Tier::Destructive | v1::Tier::Unspecified => {}
        }
        if rules.allow != ["*"] {
            scopes.extend(rules.allow.iter().cloned());
        } else if key.policies.is_empty() {
            scopes.push("all that its owner may".to_owned());
        }
        scopes.extend(rules.deny.iter().map(|pattern| format!("not {pattern}")));
    }
    if scopes.len() > MAX_SCOPES {
        let more = scopes.len() - (MAX_SCOPES - 1);
        scopes.truncate(MAX_SCOPES - 1);
        scopes.push(format!("and {more} more"));
    }
    scopes
}

#[component]
pub(super) fn State(of: v1::Key) -> impl IntoView {
    let (tone, text) = match of.state() {
        v1::KeyState::Active => (Tone::Good, "Active"),
        v1::KeyState::Inactive => (Tone::Warn, "Inactive"),
        v1::KeyState::Revoked => (Tone::Bad, "Revoked"),
        v1::KeyState::Expired => (Tone::Bad, "Expired"),
        v1::KeyState::Unspecified => (Tone::Plain, "Unknown"),
    };
    let demo =
        (of.mode() == v1::KeyMode::Test).then(|| view! { <Badge tone=Tone::Plain text="Test"/> });
    view! { <div class="chips"><Badge tone=tone text=text/>{demo}</div> }
}

/// When a key ends, with a warning where that is soon.
#[component]
pub(super) fn Ends(of: v1::Key) -> impl IntoView {
    let ends = instant(of.expires_at);
    let left = ends.map(|at| at - clock::now());
    let soon = left.is_some_and(|left| left > TimeDelta::zero() && left < SOON);
    let warn = soon && of.state() == v1::KeyState::Active;
    view! {
        <Time at=of.expires_at shown=As::Date/>
        {warn
            .then(|| {
                let days = left.map_or(0, |left| left.num_days());
                let text = match days {
                    0 => "Ends today".to_owned(),
                    1 => "1 day left".to_owned(),
                    days => format!("{days} days left"),
                };
                view! { <div><Badge tone=Tone::Warn text=text/></div> }
            })}
    }
}

/// What is left of a quota.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct QuotaLeft {
    pub(crate) period: Period,
    pub(crate) quota: u64,
    pub(crate) left: u64,
    pub(crate) renews_at: Option<prost_types::Timestamp>,
}

impl QuotaLeft {
    fn of(quota: &v1::Quota) -> Option<Self> {
        Some(Self {
            period: period("period", quota.period).ok()?,
            quota: quota.calls,
            left: quota.calls.saturating_sub(quota.taken),
            renews_at: quota.renews_at,
        })
    }

    pub(crate) fn now(&self) -> &'static str {
        match self.period {
            Period::Day => "today",
            Period::Month => "this month",
        }
    }
}

/// Of the key itself and of its owner: all of them hold.
pub(super) fn quotas_left<'a>(
    allowances: &'a [v1::Allowance],
    key: &v1::Key,
) -> impl Iterator<Item = QuotaLeft> + use<'a> {
    let subjects = [key.id.clone(), key.owner_id.clone()];
    let held = allowances
        .iter()
        .filter(move |allowance| subjects.contains(&allowance.subject_id));
    held.flat_map(all)
}

pub(crate) fn all(of: &v1::Allowance) -> impl Iterator<Item = QuotaLeft> + use<'_> {
    of.quotas.iter().filter_map(QuotaLeft::of)
}

/// The quota that ends first; of equals, the one that comes back last.
pub(crate) fn least(of: impl Iterator<Item = QuotaLeft>) -> Option<QuotaLeft> {
    of.min_by_key(|left| (left.left, Reverse(left.period)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowance(subject: &str, quotas: &[(v1::Period, u64, u64)]) -> v1::Allowance {
        let quotas = quotas.iter().map(|&(period, calls, taken)| v1::Quota {
            period: period.into(),
            calls,
            taken,
            renews_at: None,
        });
        v1::Allowance {
            subject_id: subject.to_owned(),
            quotas: quotas.collect(),
            ..v1::Allowance::default()
        }
    }

    #[test]
    fn the_quota_that_ends_first_is_what_is_left() {
        let key = v1::Key {
            id: "key".to_owned(),
            owner_id: "owner".to_owned(),
            ..v1::Key::default()
        };
        let (day, month) = (v1::Period::Day, v1::Period::Month);
        let mut allowances = vec![
            allowance("key", &[(month, 100, 10), (day, 60, 0)]),
            allowance("owner", &[(month, 1_000, 950)]),
            allowance("other", &[(month, 5, 5), (day, 5, 5)]),
            allowance("key", &[]),
        ];
        let left = |of: &[v1::Allowance]| {
            let left = least(quotas_left(of, &key))?;
            Some((left.period, left.quota, left.left))
        };
        assert_eq!(left(&allowances), Some((Period::Month, 1_000, 50)));
        assert_eq!(left(&allowances[3..]), None);
        allowances.push(allowance("owner", &[(day, 40, 0)]));
        assert_eq!(left(&allowances), Some((Period::Day, 40, 40)));
        // Tomorrow is of no use while there is nothing left of the month.
        allowances.push(allowance("owner", &[(day, 7, 7), (month, 9, 9)]));
        assert_eq!(left(&allowances), Some((Period::Month, 9, 0)));
    }
}
