//! `/v1/me`: who somebody with this key is, and what holds for them.

use super::{
    allowances::Held,
    caller::Caller,
    keys::Key,
    message::Answer,
    problem::Problem,
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
    let limits = caller.limits(&key).await?;
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
