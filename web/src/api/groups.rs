//! `/api/v1/groups`: users who may do the same.

use super::{
    caller::Caller,
    etag::Tagged,
    message::{Created, Json, Named},
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
struct Group {
    /// UUID.
    id: String,
    name: String,
    /// Names of what each member may use.
    policies: Vec<String>,
    /// Name of the plan that each member counts against with all their keys.
    plan: Option<String>,
    /// Names of users.
    members: Vec<String>,
    #[schema(format = "date-time")]
    created_at: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewGroup {
    /// Unique.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Names or ids.
    #[serde(default)]
    policies: Vec<String>,
    /// Name or id.
    plan: Option<String>,
    /// Names or ids of users.
    #[serde(default)]
    members: Vec<String>,
}

/// What is not there stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GroupChange {
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// Replaces the list.
    policies: Option<Vec<String>>,
    /// Null: none.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    plan: Change<String>,
    /// Replaces the list.
    members: Option<Vec<String>>,
}

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update, delete))
}

/// List all groups by name.
#[utoipa::path(get, path = "/api/v1/groups", tag = "groups", params(Page),
    responses((status = OK, body = List<Group>)))]
async fn list(caller: Caller, page: Whole) -> Result<Listed<Group>, Problem> {
    let request = v1::ListGroupsRequest {};
    let answer = caller.control.groups().list_groups(request).await?;
    let groups = answer.into_inner().groups.into_iter();
    page.by(groups.map(Group::from).collect(), |group| &group.name)
}

/// Make a group.
#[utoipa::path(post, path = "/api/v1/groups", tag = "groups", request_body = NewGroup,
    responses((status = CREATED, body = Group)))]
async fn create(caller: Caller, Json(new): Json<NewGroup>) -> Result<Created<Group>, Problem> {
    let request = v1::CreateGroupRequest {
        name: new.name,
        policies: new.policies,
        plan: new.plan,
        members: new.members,
    };
    let group = caller.control.groups().create_group(request).await?;
    Ok(Created(group.into_inner().into()))
}

/// Get one group.
#[utoipa::path(get, path = "/api/v1/groups/{group}", tag = "groups",
    params(("group" = String, Path, description = "Name or id.")),
    responses((status = OK, body = Group)))]
async fn get(caller: Caller, Named(group): Named<String>) -> Result<Tagged<Group>, Problem> {
    let request = v1::GetGroupRequest { group };
    let group = caller.control.groups().get_group(request).await?;
    Ok(Tagged::of(group.into_inner()))
}

/// Change a group. Its members are judged by it from the next call on.
#[utoipa::path(patch, path = "/api/v1/groups/{group}", tag = "groups", request_body = GroupChange,
    params(("group" = String, Path, description = "Name or id.")),
    responses((status = OK, body = Group)))]
async fn update(
    caller: Caller,
    Named(group): Named<String>,
    Json(to): Json<GroupChange>,
) -> Result<Tagged<Group>, Problem> {
    let request = v1::UpdateGroupRequest {
        group,
        name: to.name,
        policies: to.policies.map(|names| v1::GroupPolicies { names }),
        plan: to.plan.for_control(),
        members: to.members.map(|names| v1::GroupMembers { names }),
    };
    let group = caller.control.groups().update_group(request).await?;
    Ok(Tagged::of(group.into_inner()))
}

/// Remove a group; its members stay.
#[utoipa::path(delete, path = "/api/v1/groups/{group}", tag = "groups",
    params(("group" = String, Path, description = "Name or id.")),
    responses((status = NO_CONTENT)))]
async fn delete(caller: Caller, Named(group): Named<String>) -> Result<StatusCode, Problem> {
    let request = v1::DeleteGroupRequest { group };
    caller.control.groups().delete_group(request).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<v1::Group> for Group {
    fn from(group: v1::Group) -> Self {
        Self {
            id: group.id,
            name: group.name,
            policies: group.policies,
            plan: group.plan,
            members: group.members,
            created_at: timestamp(group.created_at),
        }
    }
}
