//! What limits a key and its owner, and what is left of their quotas.

use super::{caller::Caller, plans::Limits, problem::Problem, text::timestamp};
use ostia_proto::v1;
use serde::Serialize;
use utoipa::ToSchema;

/// One set of limits, and who is counted against it.
#[derive(Serialize, ToSchema)]
pub(super) struct Held {
    counts: Counted,
    /// Name of the plan they are of. Null: the key's own.
    plan: Option<String>,
    limits: Limits,
    /// Calls of this month that no edge has taken yet; an edge takes a hundredth of the quota at once. Null: there is
    /// no quota.
    quota_left: Option<u64>,
    /// When the month ends. Null: there is no quota.
    #[schema(format = "date-time")]
    quota_renews_at: Option<String>,
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
        let limits = held.limits.unwrap_or_default();
        let quota = limits.calls_per_month;
        let counts = if held.subject_id == key {
            Counted::Key
        } else {
            Counted::Owner
        };
        Self {
            counts,
            plan: held.plan,
            quota_left: quota.map(|quota| quota.saturating_sub(held.quota_taken)),
            quota_renews_at: timestamp(held.quota_renews_at).filter(|_| quota.is_some()),
            limits: limits.into(),
        }
    }
}
