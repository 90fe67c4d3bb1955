//! Keys as lists and details show them.

use crate::components::{
    content::{Badge, Tone},
    time::{As, Time, instant},
};
use chrono::TimeDelta;
use leptos::prelude::*;
use ostia_domain::clock;
use ostia_proto::v1;

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

/// What is left of the quota that ends first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QuotaLeft {
    pub(crate) quota: u64,
    pub(crate) left: u64,
}

/// Of the key itself and of its owner: all of them hold.
pub(super) fn quota_left(allowances: &[v1::Allowance], key: &v1::Key) -> Option<QuotaLeft> {
    let of_key = allowances
        .iter()
        .filter(|allowance| [&key.id, &key.owner_id].contains(&&allowance.subject_id));
    least(of_key)
}

pub(crate) fn least<'a>(allowances: impl Iterator<Item = &'a v1::Allowance>) -> Option<QuotaLeft> {
    let left = allowances.filter_map(|allowance| {
        let quota = allowance.limits.as_ref()?.calls_per_month?;
        let left = quota.saturating_sub(allowance.quota_taken);
        Some(QuotaLeft { quota, left })
    });
    left.min_by_key(|left| left.left)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowance(subject: &str, quota: Option<u64>, taken: u64) -> v1::Allowance {
        v1::Allowance {
            subject_id: subject.to_owned(),
            limits: Some(v1::Limits {
                calls_per_month: quota,
                ..v1::Limits::default()
            }),
            quota_taken: taken,
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
        let allowances = [
            allowance("key", Some(100), 10),
            allowance("owner", Some(1_000), 950),
            allowance("other", Some(5), 5),
            allowance("key", None, 0),
        ];
        let left = quota_left(&allowances, &key);
        assert_eq!(
            left,
            Some(QuotaLeft {
                quota: 1_000,
                left: 50
            })
        );
        assert_eq!(quota_left(&allowances[3..], &key), None);
    }
}
