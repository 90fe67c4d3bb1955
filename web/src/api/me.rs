//! `/v1/me`: who somebody with this key is, and what holds for them.

use super::{
    caller::Caller,
    keys::Key,
    message::Answer,
    plans::Limits,
    problem::Problem,
    users::{Kind, Role, User},
};
use crate::Site;
use axum::extract::State;
use ostia_domain::principal::LimitedBy;
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
async fn get(State(site): State<Site>, caller: Caller) -> Result<Answer<Me>, Problem> {
    let principal = &caller.principal;
    let request = v1::GetKeyRequest {
        key: principal.key_id.to_string(),
    };
    let key = caller.control.keys().get_key(request).await?.into_inner();
    let mut limits = Vec::new();
    for limited in &principal.limits {
        let (plan, held) = match &limited.by {
            LimitedBy::Own(own) => (None, Some(v1::Limits::from(*own))),
            LimitedBy::Plan(id) => {
                // Of the holder's own plan, whatever their role may see of others.
                let request = v1::GetPlanRequest {
                    plan: id.to_string(),
                };
                let plan = site.control.plans().get_plan(request).await?.into_inner();
                (Some(plan.name), plan.limits)
            }
        };
        limits.push(Held {
            counts: if limited.subject == principal.key_id {
                Counted::Key
            } else {
                Counted::Owner
            },
            plan,
            limits: held.unwrap_or_default().into(),
        });
    }
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
