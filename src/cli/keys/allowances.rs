//! What a key is held to, and what is left of it.

use super::{
    super::{
        plans::Limits,
        show::{moment, timestamp},
    },
    view::Key,
};
use crate::failure::Failure;
use ostia_proto::{ControlClient, convert::period, v1};
use serde::Serialize;
use std::fmt::Write as _;

/// A key with everything that holds for it.
#[derive(Serialize)]
pub(super) struct Shown {
    #[serde(flatten)]
    key: Key,
    /// All of them hold.
    limits: Vec<Held>,
}

/// One set of limits, and who is counted against it.
#[derive(Serialize)]
struct Held {
    /// `key`, or `owner` for the calls of all keys of its owner.
    counts: &'static str,
    /// Null: the key's own.
    plan: Option<String>,
    limits: Limits,
    /// One for each that the limits have, the longest period first.
    quotas: Vec<Quota>,
}

#[derive(Serialize)]
struct Quota {
    /// `month` or `day`, of the calendar in UTC.
    period: &'static str,
    calls: u64,
    /// Calls of this period that no edge has taken yet.
    left: u64,
    renews_at: Option<String>,
}

pub(super) async fn of(control: &ControlClient, key: v1::Key) -> Result<Shown, Failure> {
    let request = v1::ListAllowancesRequest {
        user: Some(key.owner_id.clone()),
        keys: vec![key.id.clone()],
    };
    let answer = control.plans().list_allowances(request).await?;
    let held = answer.into_inner().allowances.into_iter();
    Ok(Shown {
        limits: held.map(|held| Held::of(held, &key.id)).collect(),
        key: key.into(),
    })
}

impl Held {
    fn of(held: v1::Allowance, key: &str) -> Self {
        let of_key = held.subject_id == key;
        Self {
            counts: if of_key { "key" } else { "owner" },
            plan: held.plan,
            limits: held.limits.unwrap_or_default().into(),
            quotas: held.quotas.into_iter().filter_map(Quota::of).collect(),
        }
    }
}

impl Quota {
    /// `None`: of a period that only a newer control knows.
    fn of(quota: v1::Quota) -> Option<Self> {
        Some(Self {
            period: period("period", quota.period).ok()?.name(),
            calls: quota.calls,
            left: quota.calls.saturating_sub(quota.taken),
            renews_at: timestamp(quota.renews_at),
        })
    }
}

impl Shown {
    pub(super) fn text(&self) -> String {
        let mut text = self.key.text();
        for held in &self.limits {
            for quota in &held.quotas {
                let (left, calls, period) = (quota.left, quota.calls, quota.period);
                let end = moment(quota.renews_at.as_ref(), "-");
                // Writing to a string cannot fail.
                let _ = write!(
                    text,
                    "\nquota left    {left} of {calls} calls of the {period}, until {end}"
                );
                if let Some(plan) = &held.plan {
                    let _ = write!(text, ", of the plan {plan}");
                }
                if held.counts == "owner" {
                    text.push_str(", for all keys of the owner");
                }
            }
        }
        text
    }
}
