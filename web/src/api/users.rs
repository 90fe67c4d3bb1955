//! `/api/v1/users`: people and service accounts.

use super::{
    caller::Caller,
    etag::Tagged,
    message::{Answer, Created, Json, Named},
    paging::{List, Listed, Page, Whole},
    problem::Problem,
    text::{Change, timestamp},
};
use crate::Site;
use http::StatusCode;
use ostia_proto::v1;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

#[derive(Serialize, ToSchema)]
pub(crate) struct User {
    /// UUID.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) kind: Kind,
    pub(crate) enabled: bool,
    /// Names. What the user may use, besides what their groups may.
    pub(crate) policies: Vec<String>,
    /// Name of the plan that all keys of the user count against together.
    pub(crate) plan: Option<String>,
    pub(crate) groups: Vec<String>,
    /// Where they are told by mail. For administrators and the user themselves; others see none.
    pub(crate) email: Option<String>,
    #[schema(format = "date-time")]
    pub(crate) created_at: Option<String>,
}

/// What somebody may do besides calling tools.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Owns keys and sees their own usage.
    Member,
    /// Runs upstreams, policies, plans and everybody's keys.
    Operator,
    /// May do everything.
    Administrator,
    /// Sees everything and changes nothing.
    Auditor,
}

#[derive(Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    #[default]
    Person,
    /// A service account: its keys administer, as far as its role goes, and nobody signs in as it.
    Service,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewUser {
    /// Unique.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Unset: member.
    role: Option<Role>,
    #[serde(default)]
    kind: Kind,
    /// Names or ids.
    #[serde(default)]
    policies: Vec<String>,
    /// Name or id.
    plan: Option<String>,
    /// Where they are told by mail. Of people whom a provider knows it is replaced with their next sign-in.
    email: Option<String>,
}

/// What is not there stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UserChange {
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    role: Option<Role>,
    enabled: Option<bool>,
    /// Replaces the list.
    policies: Option<Vec<String>>,
    /// Null: none.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    plan: Change<String>,
    /// Null: none.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    email: Change<String>,
}

#[derive(Serialize, ToSchema)]
struct SignedOut {
    /// Browser sessions that were ended.
    ended: u64,
}

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update, delete))
        .routes(routes!(sign_out))
}

/// List all users by name.
#[utoipa::path(get, path = "/api/v1/users", tag = "users", params(Page),
    responses((status = OK, body = List<User>)))]
async fn list(caller: Caller, page: Whole) -> Result<Listed<User>, Problem> {
    let request = v1::ListUsersRequest {};
    let answer = caller.control.identity().list_users(request).await?;
    let users = answer.into_inner().users;
    page.by(users.into_iter().map(User::from).collect(), |user| {
        &user.name
    })
}

/// Add a user.
#[utoipa::path(post, path = "/api/v1/users", tag = "users", request_body = NewUser,
    responses((status = CREATED, body = User)))]
async fn create(caller: Caller, Json(new): Json<NewUser>) -> Result<Created<User>, Problem> {
    let kind = match new.kind {
        Kind::Person => v1::UserKind::Person,
        Kind::Service => v1::UserKind::Service,
    };
    let request = v1::CreateUserRequest {
        name: new.name,
        role: new.role.map_or(v1::Role::Unspecified, Into::into).into(),
        policies: new.policies,
        kind: kind.into(),
        plan: new.plan,
        email: new.email,
    };
    let user = caller.control.identity().create_user(request).await?;
    Ok(Created(user.into_inner().into()))
}

/// Get one user.
#[utoipa::path(get, path = "/api/v1/users/{user}", tag = "users",
    params(("user" = String, Path, description = "Name or id.")),
    responses((status = OK, body = User)))]
async fn get(caller: Caller, Named(user): Named<String>) -> Result<Tagged<User>, Problem> {
    let request = v1::GetUserRequest { user };
    let user = caller.control.identity().get_user(request).await?;
    Ok(Tagged::of(user.into_inner()))
}

/// Change a user. All keys of one who is disabled are refused.
#[utoipa::path(patch, path = "/api/v1/users/{user}", tag = "users", request_body = UserChange,
    params(("user" = String, Path, description = "Name or id.")),
    responses((status = OK, body = User)))]
async fn update(
    caller: Caller,
    Named(user): Named<String>,
    Json(to): Json<UserChange>,
) -> Result<Tagged<User>, Problem> {
    let request = v1::UpdateUserRequest {
        user,
        name: to.name,
        role: to.role.map_or(v1::Role::Unspecified, Into::into).into(),
        enabled: to.enabled,
        policies: to.policies.map(|names| v1::UserPolicies { names }),
        plan: to.plan.for_control(),
        email: to.email.for_control(),
    };
    let user = caller.control.identity().update_user(request).await?;
    Ok(Tagged::of(user.into_inner()))
}

/// Remove a user and all keys of the user.
#[utoipa::path(delete, path = "/api/v1/users/{user}", tag = "users",
    params(("user" = String, Path, description = "Name or id.")),
    responses((status = NO_CONTENT)))]
async fn delete(caller: Caller, Named(user): Named<String>) -> Result<StatusCode, Problem> {
    let request = v1::DeleteUserRequest { user };
    caller.control.identity().delete_user(request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End all browser sessions of a user. Their keys stay, and they may sign in again.
#[utoipa::path(post, path = "/api/v1/users/{user}/sign-out", tag = "users",
    params(("user" = String, Path, description = "Name or id.")),
    responses((status = OK, body = SignedOut)))]
async fn sign_out(
    caller: Caller,
    Named(user): Named<String>,
) -> Result<Answer<SignedOut>, Problem> {
    let request = v1::SignOutUserRequest { user };
    let answer = caller.control.identity().sign_out_user(request).await?;
    let ended = answer.into_inner().ended;
    Ok(Answer(SignedOut { ended }))
}

impl From<Role> for v1::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Member => Self::Member,
            Role::Operator => Self::Operator,
            Role::Administrator => Self::Administrator,
            Role::Auditor => Self::Auditor,
        }
    }
}

impl From<v1::User> for User {
    fn from(user: v1::User) -> Self {
        Self {
            role: match user.role() {
                v1::Role::Operator => Role::Operator,
                v1::Role::Administrator => Role::Administrator,
                v1::Role::Auditor => Role::Auditor,
                // A role of a newer control is shown as the least.
                v1::Role::Member | v1::Role::Unspecified => Role::Member,
            },
            kind: match user.kind() {
                v1::UserKind::Service => Kind::Service,
                v1::UserKind::Person | v1::UserKind::Unspecified => Kind::Person,
            },
            id: user.id,
            name: user.name,
            enabled: user.enabled,
            policies: user.policies,
            plan: user.plan,
            groups: user.groups,
            email: user.email,
            created_at: timestamp(user.created_at),
        }
    }
}
