//! `/v1/me`: who somebody with this key is, and what holds for them.

use super::{
    caller::Caller,
    keys::Key,
    message::Answer,
    plans::Limits,
    problem::Problem,
    text::timestamp,
    users::{Kind, Role, User},
};
use crate::Site;
use ostia_proto::v1;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

#[derive(Serialize, ToSchema)]
struct Me {
    /// The key that was presented.
    key: Key,
    owner: Owner,
    /// All of them hold.
    limits: Vec<Held>,
}

#[derive(Serialize, ToSchema)]
struct Owner {
    /// UUID.
    id: String,
    name: String,
    role: Role,
    kind: Kind,
    /// Names of what the owner may use, besides what their groups may.
    policies: Vec<String>,
    groups: Vec<String>,
}

/// One set of limits, and who is counted against it.
#[derive(Serialize, ToSchema)]
struct Held {
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

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(get))
}

/// Say who somebody with this key is, and what holds for them.
#[utoipa::path(get, path = "/v1/me", tag = "me", responses((status = OK, body = Me)))]
async fn get(caller: Caller) -> Result<Answer<Me>, Problem> {
    let principal = &caller.principal;
    let request = v1::GetKeyRequest {
        key: principal.key_id.to_string(),
        owner: None,
    };
    let key = caller.control.keys().get_key(request).await?.into_inner();
    let request = v1::ListAllowancesRequest {
        user: Some(caller.user.id.clone()),
        keys: vec![key.id.clone()],
    };
    let held = caller.control.plans().list_allowances(request).await?;
    let held = held.into_inner().allowances.into_iter();
    let limits = held.map(|held| Held::of(held, &key.id)).collect();
    let user = User::from(caller.user.as_ref().clone());
    Ok(Answer(Me {
        key: key.into(),
        owner: Owner {
            id: user.id,
            name: user.name,
            role: user.role,
            kind: user.kind,
            policies: user.policies,
            groups: user.groups,
        },
        limits,
    }))
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
