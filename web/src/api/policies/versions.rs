//! `/api/v1/policies/{policy}/versions`: what the rules of a policy were, and how they differ.

use super::{
    super::{
        caller::Caller,
        etag::Tagged,
        message::{Answer, Json, Named, Query},
        paging::{List, Listed, Page, Whole},
        problem::Problem,
        rules::{Rules, RulesDifference},
        text::timestamp,
    },
    Policy,
};
use crate::Site;
use ostia_proto::v1;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

#[derive(Serialize, ToSchema)]
struct PolicyVersion {
    version: u32,
    /// Null: this version of Ostia cannot read them.
    rules: Option<Rules>,
    #[schema(format = "date-time")]
    created_at: Option<String>,
    /// Who made it, as audit calls them.
    actor: String,
    /// From the version before to this one. Null: this version of Ostia cannot read one of the two.
    changed: Option<RulesDifference>,
}

/// From one version to another.
#[derive(Serialize, ToSchema)]
struct PolicyDifference {
    from: u32,
    to: u32,
    #[serde(flatten)]
    difference: RulesDifference,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Compared {
    /// The version before; 0 is before the first, when there was nothing [default: the one before `to`].
    #[param(minimum = 0, maximum = 4_294_967_295_i64)]
    from: Option<u32>,
    /// The version after [default: the current one].
    #[param(minimum = 0, maximum = 4_294_967_295_i64)]
    to: Option<u32>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Restore {
    /// Of the rules that are to be the newest again.
    #[schema(minimum = 0, maximum = 4_294_967_295_i64)]
    version: u32,
}

/// The route, where others have to know it.
pub(in super::super) const RESTORE: &str = "/api/v1/policies/{policy}/restore";

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(diff))
        .routes(routes!(restore))
}

/// List what the rules of a policy were, newest first.
#[utoipa::path(get, path = "/api/v1/policies/{policy}/versions", tag = "policies",
    params(("policy" = String, Path, description = "Name or id."), Page),
    responses((status = OK, body = List<PolicyVersion>)))]
async fn list(
    caller: Caller,
    Named(policy): Named<String>,
    page: Whole,
) -> Result<Listed<PolicyVersion>, Problem> {
    let request = v1::ListPolicyVersionsRequest { policy };
    let mut client = caller.control.policies();
    let answer = client.list_policy_versions(request).await?;
    let versions = answer.into_inner().versions.into_iter();
    let versions = versions.map(|version| (newest_first(version.version), version.into()));
    let page = page.by(versions.collect(), |(place, _)| place)?;
    Ok(page.map(|(_, version)| version))
}

fn newest_first(version: u32) -> String {
    format!("{:010}", u32::MAX - version)
}

/// Get one version of a policy's rules.
#[utoipa::path(get, path = "/api/v1/policies/{policy}/versions/{version}", tag = "policies",
    params(("policy" = String, Path, description = "Name or id."), ("version" = u32, Path, description = "Its number.")),
    responses((status = OK, body = PolicyVersion)))]
async fn get(
    caller: Caller,
    Named((policy, version)): Named<(String, u32)>,
) -> Result<Answer<PolicyVersion>, Problem> {
    let request = v1::GetPolicyVersionRequest { policy, version };
    let version = caller
        .control
        .policies()
        .get_policy_version(request)
        .await?;
    Ok(Answer(version.into_inner().into()))
}

/// Say what changed from one version of a policy's rules to another.
#[utoipa::path(get, path = "/api/v1/policies/{policy}/diff", tag = "policies",
    params(("policy" = String, Path, description = "Name or id."), Compared),
    responses((status = OK, body = PolicyDifference)))]
async fn diff(
    caller: Caller,
    Named(policy): Named<String>,
    Query(Compared { from, to }): Query<Compared>,
) -> Result<Answer<PolicyDifference>, Problem> {
    let request = v1::GetPolicyDifferenceRequest { policy, from, to };
    let mut client = caller.control.policies();
    let found = client.get_policy_difference(request).await?.into_inner();
    Ok(Answer(PolicyDifference {
        from: found.from,
        to: found.to,
        difference: found.difference.unwrap_or_default().into(),
    }))
}

/// Make the rules of an earlier version the newest.
#[utoipa::path(post, path = RESTORE, tag = "policies", request_body = Restore,
    params(("policy" = String, Path, description = "Name or id.")),
    responses((status = OK, body = Policy)))]
async fn restore(
    caller: Caller,
    Named(policy): Named<String>,
    Json(to): Json<Restore>,
) -> Result<Tagged<Policy>, Problem> {
    let request = v1::RestorePolicyRequest {
        policy,
        version: to.version,
    };
    let policy = caller.control.policies().restore_policy(request).await?;
    Ok(Tagged::of(policy.into_inner()))
}

impl From<v1::PolicyVersion> for PolicyVersion {
    fn from(version: v1::PolicyVersion) -> Self {
        Self {
            version: version.version,
            rules: version.rules.map(Into::into),
            created_at: timestamp(version.created_at),
            actor: version.actor,
            changed: version.changed.map(Into::into),
        }
    }
}
