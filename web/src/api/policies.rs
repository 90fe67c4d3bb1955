//! `/api/v1/policies` and `/api/v1/presets`: who may call what.

mod versions;

pub(super) use versions::RESTORE;

use super::{
    caller::Caller,
    etag::Tagged,
    message::{Answer, Created, Json, Named, Raw},
    paging::{List, Listed, Page, Whole},
    problem::Problem,
    rules::Rules,
    text::timestamp,
};
use crate::Site;
use http::StatusCode;
use ostia_proto::v1::{self, create_policy_request::Source};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

#[derive(Serialize, ToSchema)]
struct Policy {
    /// UUID.
    id: String,
    name: String,
    /// Null: this version of Ostia cannot read them, and what the policy governs is refused.
    rules: Option<Rules>,
    /// The preset that the rules were copied from.
    preset: Option<String>,
    #[schema(format = "date-time")]
    created_at: Option<String>,
    #[schema(format = "date-time")]
    updated_at: Option<String>,
    /// Of the rules; grows by one with each change of them.
    version: u32,
}

#[derive(Serialize, ToSchema)]
struct Preset {
    name: String,
    summary: String,
    rules: Rules,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPolicy {
    /// Unique.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Either these or `preset`.
    rules: Option<Rules>,
    /// Name of a preset to copy.
    preset: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PolicyRules {
    rules: Rules,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Question {
    /// Id, public id or name of a key.
    key: String,
    /// `<upstream>.<tool>`, or the name that clients see.
    tool: String,
    /// What it would be called with. Unset: whether any arguments would pass.
    #[schema(value_type = Option<Object>)]
    arguments: Option<Raw>,
    /// The IP address that it would be called from. Unset: the networks of the key are not judged, but in the answer.
    address: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Access {
    allowed: bool,
    /// Which rule decided; for a key that does not work, or not now, or not from there, the code of its error.
    rule: String,
    tool: String,
    calls_per_minute: Option<u32>,
    max_results: Option<u32>,
    max_result_bytes: Option<u64>,
    timeout_ms: Option<u64>,
    /// Where the key works from, if no address was given. Empty: from everywhere.
    networks: Vec<String>,
}

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, replace, delete))
        .merge(versions::routes())
        .routes(routes!(test))
        .routes(routes!(presets))
}

/// List all policies by name.
#[utoipa::path(get, path = "/api/v1/policies", tag = "policies", params(Page),
    responses((status = OK, body = List<Policy>)))]
async fn list(caller: Caller, page: Whole) -> Result<Listed<Policy>, Problem> {
    let request = v1::ListPoliciesRequest {};
    let answer = caller.control.policies().list_policies(request).await?;
    let policies = answer.into_inner().policies.into_iter();
    page.by(policies.map(Policy::from).collect(), |policy| &policy.name)
}

/// Make a policy.
#[utoipa::path(post, path = "/api/v1/policies", tag = "policies", request_body = NewPolicy,
    responses((status = CREATED, body = Policy)))]
async fn create(caller: Caller, Json(new): Json<NewPolicy>) -> Result<Created<Policy>, Problem> {
    let source = match (new.rules, new.preset) {
        (Some(rules), None) => Source::Rules(rules.into()),
        (None, Some(preset)) => Source::Preset(preset),
        _ => return Err(Problem::invalid("rules", "write either rules or a preset")),
    };
    let request = v1::CreatePolicyRequest {
        name: new.name,
        source: Some(source),
    };
    let policy = caller.control.policies().create_policy(request).await?;
    Ok(Created(policy.into_inner().into()))
}

/// Get one policy.
#[utoipa::path(get, path = "/api/v1/policies/{policy}", tag = "policies",
    params(("policy" = String, Path, description = "Name or id.")),
    responses((status = OK, body = Policy)))]
async fn get(caller: Caller, Named(policy): Named<String>) -> Result<Tagged<Policy>, Problem> {
    let request = v1::GetPolicyRequest { policy };
    let policy = caller.control.policies().get_policy(request).await?;
    Ok(Tagged::of(policy.into_inner()))
}

/// Replace the rules of a policy. Every edge has them within a second.
#[utoipa::path(put, path = "/api/v1/policies/{policy}", tag = "policies", request_body = PolicyRules,
    params(("policy" = String, Path, description = "Name or id.")),
    responses((status = OK, body = Policy)))]
async fn replace(
    caller: Caller,
    Named(policy): Named<String>,
    Json(to): Json<PolicyRules>,
) -> Result<Tagged<Policy>, Problem> {
    let request = v1::UpdatePolicyRequest {
        policy,
        rules: Some(to.rules.into()),
    };
    let policy = caller.control.policies().update_policy(request).await?;
    Ok(Tagged::of(policy.into_inner()))
}

/// Remove a policy that no key, user or group is bound by.
#[utoipa::path(delete, path = "/api/v1/policies/{policy}", tag = "policies",
    params(("policy" = String, Path, description = "Name or id.")),
    responses((status = NO_CONTENT)))]
async fn delete(caller: Caller, Named(policy): Named<String>) -> Result<StatusCode, Problem> {
    let request = v1::DeletePolicyRequest { policy };
    caller.control.policies().delete_policy(request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Say whether a key may call a tool now, and which rule says so.
#[utoipa::path(post, path = "/api/v1/policies/test", tag = "policies", request_body = Question,
    responses((status = OK, body = Access)))]
async fn test(caller: Caller, Json(asked): Json<Question>) -> Result<Answer<Access>, Problem> {
    let request = v1::TestAccessRequest {
        key: asked.key,
        tool: asked.tool,
        arguments: asked.arguments.map(Raw::into_text),
        address: asked.address,
    };
    let answer = caller.control.policies().test_access(request).await?;
    let answer = answer.into_inner();
    let limits = answer.limits.unwrap_or_default();
    Ok(Answer(Access {
        allowed: answer.allowed,
        rule: answer.rule,
        tool: answer.tool,
        calls_per_minute: limits.calls_per_minute,
        max_results: limits.max_results,
        max_result_bytes: limits.max_result_bytes,
        timeout_ms: limits.timeout_ms,
        networks: answer.networks,
    }))
}

/// List the ready-made rules that a policy can copy.
#[utoipa::path(get, path = "/api/v1/presets", tag = "policies", params(Page),
    responses((status = OK, body = List<Preset>)))]
async fn presets(caller: Caller, page: Whole) -> Result<Listed<Preset>, Problem> {
    let request = v1::ListPresetsRequest {};
    let answer = caller.control.policies().list_presets(request).await?;
    let presets = answer.into_inner().presets.into_iter().enumerate();
    let presets = presets.map(|(place, preset)| {
        let preset = Preset {
            name: preset.name,
            summary: preset.summary,
            rules: preset.rules.unwrap_or_default().into(),
        };
        (format!("{place:03}"), preset)
    });
    let page = page.by(presets.collect(), |(place, _)| place)?;
    Ok(page.map(|(_, preset)| preset))
}

impl From<v1::Policy> for Policy {
    fn from(policy: v1::Policy) -> Self {
        Self {
            id: policy.id,
            name: policy.name,
            rules: policy.rules.map(Into::into),
            preset: policy.preset,
            created_at: timestamp(policy.created_at),
            updated_at: timestamp(policy.updated_at),
            version: policy.version,
        }
    }
}
