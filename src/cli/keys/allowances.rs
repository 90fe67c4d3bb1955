//! What a key is held to, and what is left of it.

use super::{
    super::{
        plans::Limits,
        show::{moment, timestamp},
    },
    view::Key,
};
use crate::failure::Failure;
use ostia_proto::{ControlClient, v1};
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
    #[serde(skip)]
    quota: Option<u64>,
    /// Calls of this month that no edge has taken yet. Null: there is no quota.
    quota_left: Option<u64>,
    quota_renews_at: Option<String>,
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
        let limits = held.limits.unwrap_or_default();
        let quota = limits.calls_per_month;
        let of_key = held.subject_id == key;
        Self {
            counts: if of_key { "key" } else { "owner" },
            plan: held.plan,
            quota,
            quota_left: quota.map(|quota| quota.saturating_sub(held.quota_taken)),
            quota_renews_at: timestamp(held.quota_renews_at).filter(|_| quota.is_some()),
            limits: limits.into(),
        }
    }
}

impl Shown {
    pub(super) fn text(&self) -> String {
        let mut text = self.key.text();
        for held in &self.limits {
            let (Some(quota), Some(left)) = (held.quota, held.quota_left) else {
                continue;
            };
            let end = moment(held.quota_renews_at.as_ref(), "-");
            // Writing to a string cannot fail.
            let _ = write!(text, "\nquota left    {left} of {quota} calls until {end}");
            if let Some(plan) = &held.plan {
                let _ = write!(text, ", of the plan {plan}");
            }
            if held.counts == "owner" {
                text.push_str(", for all keys of the owner");
            }
        }
        text
    }
}
