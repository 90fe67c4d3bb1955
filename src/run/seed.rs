//! The first start: what is created when the database has nobody in it, and what `--demo` adds.

use crate::{demo, failure::Failure};
use ostia_proto::{ControlClient, v1};
use tonic::{Code, Response, Status};

/// The first administrator.
pub(crate) const ADMINISTRATOR: &str = "admin";
/// Both the upstream and the key of `--demo`.
pub(crate) const DEMO: &str = "demo";
/// Both the policy of `--demo` and the preset it is copied from.
pub(crate) const READ_ONLY: &str = "read-only";

/// How audit names these changes.
const ACTOR: &str = "ostia:first-start";
const LINK_SECONDS: u32 = 3600;
const PAGE: u32 = 500;

/// What a start created; everything else it found.
pub(crate) struct Seeded {
    pub(crate) first_start: bool,
    /// The last part of the administrator's login link.
    pub(crate) login_token: Option<String>,
    /// The demo key, once.
    pub(crate) key: Option<String>,
    pub(crate) found: Found,
}

/// How much there was before.
pub(crate) struct Found {
    pub(crate) users: usize,
    pub(crate) upstreams: usize,
    pub(crate) policies: usize,
}

pub(crate) async fn seed(client: &ControlClient, demo: bool) -> Result<Seeded, Failure> {
    let client = client.acting_as(ACTOR);
    let found = look(&client).await?;
    let first_start = found.users == 0 && create_administrator(&client).await?;
    let login_token = if first_start {
        Some(login_link(&client).await?)
    } else {
        None
    };
    let key = if demo {
        add_demo_upstream(&client).await?;
        create_read_only_policy(&client).await?;
        create_demo_key(&client).await?
    } else {
        None
    };
    Ok(Seeded {
        first_start,
        login_token,
        key,
        found,
    })
}

async fn look(client: &ControlClient) -> Result<Found, Failure> {
    let (mut identity, mut upstreams, mut policies) =
        (client.identity(), client.upstreams(), client.policies());
    let users = identity.list_users(v1::ListUsersRequest {}).await?;
    let upstreams = upstreams
        .list_upstreams(v1::ListUpstreamsRequest {})
        .await?;
    let policies = policies.list_policies(v1::ListPoliciesRequest {}).await?;
    Ok(Found {
        users: users.get_ref().users.len(),
        upstreams: upstreams.get_ref().upstreams.len(),
        policies: policies.get_ref().policies.len(),
    })
}

/// Whether it was created by this start: one of several that start at once wins.
async fn create_administrator(client: &ControlClient) -> Result<bool, Failure> {
    let user = v1::CreateUserRequest {
        name: ADMINISTRATOR.to_owned(),
        role: v1::Role::Administrator.into(),
        policies: Vec::new(),
        ..v1::CreateUserRequest::default()
    };
    created(client.identity().create_user(user).await)
}

async fn login_link(client: &ControlClient) -> Result<String, Failure> {
    let link = v1::CreateLoginLinkRequest {
        user: ADMINISTRATOR.to_owned(),
        valid_seconds: LINK_SECONDS,
    };
    let link = client.identity().create_login_link(link).await?;
    Ok(link.into_inner().token)
}

async fn add_demo_upstream(client: &ControlClient) -> Result<bool, Failure> {
    let request = v1::AddUpstreamRequest {
        definition: Some(demo::definition(DEMO.to_owned())),
    };
    created(client.upstreams().add_upstream(request).await)
}

async fn create_read_only_policy(client: &ControlClient) -> Result<bool, Failure> {
    let request = v1::CreatePolicyRequest {
        name: READ_ONLY.to_owned(),
        source: Some(v1::create_policy_request::Source::Preset(
            READ_ONLY.to_owned(),
        )),
    };
    created(client.policies().create_policy(request).await)
}

/// A demo key in whatever state is left alone: somebody who revoked it does not want another.
async fn create_demo_key(client: &ControlClient) -> Result<Option<String>, Failure> {
    if demo_key_exists(client).await? {
        return Ok(None);
    }
    let request = v1::CreateKeyRequest {
        name: DEMO.to_owned(),
        policies: vec![READ_ONLY.to_owned()],
        ..v1::CreateKeyRequest::default()
    };
    match client.keys().create_key(request).await {
        Ok(answer) => Ok(Some(answer.into_inner().secret)),
        Err(status) if status.code() == Code::AlreadyExists => Ok(None),
        Err(status) => Err(status.into()),
    }
}

async fn demo_key_exists(client: &ControlClient) -> Result<bool, Failure> {
    let mut page_token = String::new();
    loop {
        let request = v1::ListKeysRequest {
            page_size: PAGE,
            page_token,
            ..v1::ListKeysRequest::default()
        };
        let page = client.keys().list_keys(request).await?.into_inner();
        if page.keys.iter().any(|key| key.name == DEMO) {
            return Ok(true);
        }
        if page.next_page_token.is_empty() {
            return Ok(false);
        }
        page_token = page.next_page_token;
    }
}

fn created<T>(answer: Result<Response<T>, Status>) -> Result<bool, Failure> {
    match answer {
        Ok(_) => Ok(true),
        Err(status) if status.code() == Code::AlreadyExists => Ok(false),
        Err(status) => Err(status.into()),
    }
}
