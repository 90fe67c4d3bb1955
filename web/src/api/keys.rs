//! `/v1/keys` and `/api/v1/keys`: the caller's own keys, and everybody's.
//!
//! Both are the same handlers. At `/v1` a key of somebody else is as if it was not there, also for those who
//! may see it at `/api/v1`; and none is made or activated there, which no key may do for its own account.

mod leaked;
mod view;

pub(crate) use leaked::Reports;
pub(super) use leaked::routes as leaked_routes;
pub(super) use view::Key;

use super::{
    allowances::Held,
    caller::Caller,
    etag::Tagged,
    message::{Answer, Created, Json, Named, Query},
    paging::{At, List, Listed, Page, size},
    problem::Problem,
    text::{Change, moment},
};
use crate::Site;
use axum::Extension;
use http::StatusCode;
use ostia_proto::v1;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use view::{Minted, Mode, Restrictions};

/// A key as it is told alone.
#[derive(Serialize, ToSchema)]
struct KeyAndLimits {
    #[serde(flatten)]
    key: Key,
    /// All of them hold for calls with it: its own, and those of its owner.
    limits: Vec<Held>,
}

/// Whose keys a path is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Own,
    All,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Name or id of the user whose keys to list.
    owner: Option<String>,
    /// Name or id of a policy: only keys that name it themselves.
    policy: Option<String>,
    /// Only keys that go on, and that nobody called with since this time.
    #[param(format = "date-time")]
    unused_since: Option<String>,
    /// Only keys that go on, and whose secrets are all older than this time.
    #[param(format = "date-time")]
    not_rotated_since: Option<String>,
    /// Only keys that go on, and have no end.
    #[serde(default)]
    endless: bool,
    /// How many at most [default: 100].
    #[param(minimum = 1, maximum = 500)]
    page_size: Option<u32>,
    /// `next_page_token` of the page before.
    page_token: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewKey {
    /// Unique among the owner's keys that are not revoked.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Name or id of the user: not of the account that asks, for which its key makes no other.
    #[schema(min_length = 1)]
    owner: String,
    #[serde(default)]
    mode: Mode,
    /// Names or ids. Without any, `restrictions` must have rules.
    #[serde(default)]
    policies: Vec<String>,
    /// Name or id.
    plan: Option<String>,
    /// Unset: 90 days, or the most that this Ostia allows.
    #[schema(minimum = 1, maximum = 3_153_600_000_i64)]
    expires_in_seconds: Option<u64>,
    #[serde(default)]
    never_expires: bool,
    restrictions: Option<Restrictions>,
}

/// What is not there stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct KeyChange {
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// Replaces the list.
    policies: Option<Vec<String>>,
    /// Null: none.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    plan: Change<String>,
    /// Replaces all of them.
    restrictions: Option<Restrictions>,
    #[schema(minimum = 1, maximum = 3_153_600_000_i64)]
    expires_in_seconds: Option<u64>,
    #[serde(default)]
    never_expires: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Rotation {
    /// How long the secrets before still work. 0: they end now.
    #[schema(minimum = 0, maximum = 3_153_600_000_i64)]
    overlap_seconds: u64,
}

pub(super) fn routes() -> OpenApiRouter<Site> {
    let own = OpenApiRouter::new()
        .routes(routes!(list_own))
        .merge(of_one())
        .layer(Extension(Reach::Own));
    let all = OpenApiRouter::new()
        .routes(routes!(list_all, create))
        .merge(of_one())
        .routes(routes!(activate))
        .layer(Extension(Reach::All));
    OpenApiRouter::new()
        .nest("/v1/keys", own)
        .nest("/api/v1/keys", all)
}

fn of_one() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(get, update, delete))
        .routes(routes!(rotate))
        .routes(routes!(inactivate))
        .routes(routes!(revoke))
}

/// What somebody reads who makes or activates a key where keys do not.
pub(super) fn advice(path: &str) -> Option<&'static str> {
    let below = path.strip_prefix("/v1/keys")?;
    (below.is_empty() || below.ends_with("/activate")).then_some(
        "a key makes and activates no keys of its own account: sign in to the dashboard, or use the key of an \
         administrator at /api/v1/keys",
    )
}

impl Caller {
    /// Fails for a key that this path is not about.
    async fn key(&self, reach: Reach, key: String) -> Result<v1::Key, Problem> {
        let owner = (reach == Reach::Own).then(|| self.user.id.clone());
        let request = v1::GetKeyRequest { key, owner };
        Ok(self.control.keys().get_key(request).await?.into_inner())
    }
}

/// List the keys of whoever asks, newest first.
#[utoipa::path(get, path = "/", tag = "keys", params(Page),
    responses((status = OK, body = List<Key>)))]
async fn list_own(
    caller: Caller,
    At(at): At,
    Query(page): Query<Page>,
) -> Result<Listed<Key>, Problem> {
    let request = v1::ListKeysRequest {
        owner: Some(caller.user.id.clone()),
        page_size: size(page.page_size)?,
        page_token: page.page_token.unwrap_or_default(),
        ..v1::ListKeysRequest::default()
    };
    list(&caller, request, at).await
}

/// List keys, newest first.
#[utoipa::path(get, path = "/", tag = "keys", params(Filter),
    responses((status = OK, body = List<Key>)))]
async fn list_all(
    caller: Caller,
    At(at): At,
    Query(filter): Query<Filter>,
) -> Result<Listed<Key>, Problem> {
    let request = v1::ListKeysRequest {
        owner: filter.owner,
        policy: filter.policy,
        unused_since: moment("unused_since", filter.unused_since)?,
        not_rotated_since: moment("not_rotated_since", filter.not_rotated_since)?,
        endless: filter.endless,
        page_size: size(filter.page_size)?,
        page_token: filter.page_token.unwrap_or_default(),
    };
    list(&caller, request, at).await
}

async fn list(
    caller: &Caller,
    request: v1::ListKeysRequest,
    at: http::Uri,
) -> Result<Listed<Key>, Problem> {
    let answer = caller.control.keys().list_keys(request).await?;
    let answer = answer.into_inner();
    let keys = answer.keys.into_iter().map(Key::from).collect();
    Ok(Listed::cut(keys, answer.next_page_token, at))
}

/// Make a key. The answer holds the only copy of its secret there will be.
#[utoipa::path(post, path = "/", tag = "keys", request_body = NewKey,
    responses((status = CREATED, body = Minted)))]
async fn create(caller: Caller, Json(new): Json<NewKey>) -> Result<Created<Minted>, Problem> {
    let mode = match new.mode {
        Mode::Live => v1::KeyMode::Live,
        Mode::Test => v1::KeyMode::Test,
    };
    let request = v1::CreateKeyRequest {
        name: new.name,
        owner: Some(new.owner),
        mode: mode.into(),
        policies: new.policies,
        plan: new.plan,
        expires_in_seconds: new.expires_in_seconds,
        never_expires: new.never_expires,
        restrictions: new.restrictions.map(Into::into),
    };
    let answer = caller.control.keys().create_key(request).await?;
    let answer = answer.into_inner();
    Ok(Created(Minted::new(answer.key, answer.secret)?))
}

/// Get one key, with what holds for calls with it and what is left of its quotas.
#[utoipa::path(get, path = "/{key}", tag = "keys",
    params(("key" = String, Path, description = "Id, public id or name.")),
    responses((status = OK, body = KeyAndLimits)))]
async fn get(
    caller: Caller,
    Extension(reach): Extension<Reach>,
    Named(key): Named<String>,
) -> Result<Tagged<KeyAndLimits>, Problem> {
    let key = caller.key(reach, key).await?;
    let limits = caller.limits(&key).await?;
    Ok(Tagged::with(key, |key| KeyAndLimits {
        key: key.into(),
        limits,
    }))
}

/// Rename a key or change what it is held to. Every edge judges by it from the next call on.
#[utoipa::path(patch, path = "/{key}", tag = "keys", request_body = KeyChange,
    params(("key" = String, Path, description = "Id, public id or name.")),
    responses((status = OK, body = Key)))]
async fn update(
    caller: Caller,
    Extension(reach): Extension<Reach>,
    Named(key): Named<String>,
    Json(to): Json<KeyChange>,
) -> Result<Tagged<Key>, Problem> {
    let request = v1::UpdateKeyRequest {
        key: caller.key(reach, key).await?.id,
        name: to.name,
        policies: to.policies.map(|names| v1::KeyPolicies { names }),
        plan: to.plan.for_control(),
        restrictions: to.restrictions.map(Into::into),
        expires_in_seconds: to.expires_in_seconds,
        never_expires: to.never_expires,
    };
    let key = caller.control.keys().update_key(request).await?;
    Ok(Tagged::of(key.into_inner()))
}

/// Remove a key and its secrets. Usage and audit keep its id and name.
#[utoipa::path(delete, path = "/{key}", tag = "keys",
    params(("key" = String, Path, description = "Id, public id or name.")),
    responses((status = NO_CONTENT)))]
async fn delete(
    caller: Caller,
    Extension(reach): Extension<Reach>,
    Named(key): Named<String>,
) -> Result<StatusCode, Problem> {
    let key = caller.key(reach, key).await?.id;
    let request = v1::DeleteKeyRequest { key };
    caller.control.keys().delete_key(request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Add a secret and give those before it an end. Id, name, policies and plan stay.
#[utoipa::path(post, path = "/{key}/rotate", tag = "keys", request_body = Rotation,
    params(("key" = String, Path, description = "Id, public id or name.")),
    responses((status = OK, body = Minted)))]
async fn rotate(
    caller: Caller,
    Extension(reach): Extension<Reach>,
    Named(key): Named<String>,
    Json(rotation): Json<Rotation>,
) -> Result<Answer<Minted>, Problem> {
    let request = v1::RotateKeyRequest {
        key: caller.key(reach, key).await?.id,
        overlap_seconds: rotation.overlap_seconds,
    };
    let answer = caller.control.keys().rotate_key(request).await?;
    let answer = answer.into_inner();
    Ok(Answer(Minted::new(answer.key, answer.secret)?))
}

/// Refuse a key until it is activated again.
#[utoipa::path(post, path = "/{key}/inactivate", tag = "keys",
    params(("key" = String, Path, description = "Id, public id or name.")),
    responses((status = OK, body = Key)))]
async fn inactivate(
    caller: Caller,
    Extension(reach): Extension<Reach>,
    Named(key): Named<String>,
) -> Result<Answer<Key>, Problem> {
    let key = caller.key(reach, key).await?.id;
    let request = v1::InactivateKeyRequest { key };
    let key = caller.control.keys().inactivate_key(request).await?;
    Ok(Answer(key.into_inner().into()))
}

/// Accept a key again that was inactive.
#[utoipa::path(post, path = "/{key}/activate", tag = "keys",
    params(("key" = String, Path, description = "Id, public id or name.")),
    responses((status = OK, body = Key)))]
async fn activate(
    caller: Caller,
    Extension(reach): Extension<Reach>,
    Named(key): Named<String>,
) -> Result<Answer<Key>, Problem> {
    let key = caller.key(reach, key).await?.id;
    let request = v1::ActivateKeyRequest { key };
    let key = caller.control.keys().activate_key(request).await?;
    Ok(Answer(key.into_inner().into()))
}

/// End a key for good. It stays in lists and in audit.
#[utoipa::path(post, path = "/{key}/revoke", tag = "keys",
    params(("key" = String, Path, description = "Id, public id or name.")),
    responses((status = OK, body = Key)))]
async fn revoke(
    caller: Caller,
    Extension(reach): Extension<Reach>,
    Named(key): Named<String>,
) -> Result<Answer<Key>, Problem> {
    let key = caller.key(reach, key).await?.id;
    let request = v1::RevokeKeyRequest { key };
    let key = caller.control.keys().revoke_key(request).await?;
    Ok(Answer(key.into_inner().into()))
}
