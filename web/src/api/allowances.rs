//! What limits a key and its owner, and what is left of their quotas.

use super::{caller::Caller, plans::Limits, problem::Problem, text::timestamp};
use ostia_domain::period as domain;
use ostia_proto::{convert::period, v1};
use serde::Serialize;
use utoipa::ToSchema;

/// One set of limits, and who is counted against it.
#[derive(Serialize, ToSchema)]
pub(super) struct Held {
    counts: Counted,
    /// Name of the plan they are of. Null: the key's own.
    plan: Option<String>,
    limits: Limits,
    /// One for each that the limits have, the longest period first.
    quotas: Vec<Quota>,
}

/// What is left of the calls of a day or a month.
#[derive(Serialize, ToSchema)]
pub(super) struct Quota {
    period: Period,
    /// What the limits allow.
    calls: u64,
    /// Calls of this period that no edge has taken yet; an edge takes a hundredth of the quota at once.
    left: u64,
    /// When the period ends.
    #[schema(format = "date-time")]
    renews_at: String,
}

/// Of the calendar, in UTC.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Period {
    Day,
    Month,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Counted {
    /// The calls of this key.
    Key,
    /// The calls of all keys of its owner.
    Owner,
}

impl Caller {
    /// Everything that holds for calls with this key.
    pub(super) async fn limits(&self, key: &v1::Key) -> Result<Vec<Held>, Problem> {
        let request = v1::ListAllowancesRequest {
            user: Some(key.owner_id.clone()),
            keys: vec![key.id.clone()],
        };
        let held = self.control.plans().list_allowances(request).await?;
        let held = held.into_inner().allowances.into_iter();
        Ok(held.map(|held| Held::of(held, &key.id)).collect())
    }
}

impl Held {
    fn of(held: v1::Allowance, key: &str) -> Self {
        let counts = if held.subject_id == key {
            Counted::Key
        } else {
            Counted::Owner
        };
        Self {
            counts,
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
            period: match period("period", quota.period).ok()? {
                domain::Period::Day => Period::Day,
                domain::Period::Month => Period::Month,
            },
            calls: quota.calls,
            left: quota.calls.saturating_sub(quota.taken),
            renews_at: timestamp(quota.renews_at)?,
        })
    }
}
