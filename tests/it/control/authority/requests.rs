//! Requests in which only one field is left to look at.

use super::super::fixture::{definition, owned};
use crate::harness::world::World;
use ostia_proto::v1;
use prost::Message as _;
use uuid::Uuid;

/// What control would do as soon as it may: only the field that is looked at is missing, or names what is
/// the caller's own until that is replaced by what is somebody's.
pub(super) fn request(world: &World<'_>, method: &str, whose: &str) -> Vec<u8> {
    let own = world.name("own");
    let new = format!("new-{}", Uuid::new_v4());
    let text = || own.clone();
    match method {
        "BundlesService/UpdateBundle" => v1::UpdateBundleRequest {
            bundle: text(),
            selection: Some(selection()),
        }
        .encode_to_vec(),
        "GroupsService/UpdateGroup" => v1::UpdateGroupRequest {
            group: text(),
            ..v1::UpdateGroupRequest::default()
        }
        .encode_to_vec(),
        "GroupsService/CreateGroup" => v1::CreateGroupRequest {
            name: new,
            ..v1::CreateGroupRequest::default()
        }
        .encode_to_vec(),
        "IdentityService/CreateUser" => v1::CreateUserRequest {
            name: new,
            role: v1::Role::Member.into(),
            ..v1::CreateUserRequest::default()
        }
        .encode_to_vec(),
        "IdentityService/UpdateUser" => v1::UpdateUserRequest {
            user: text(),
            ..v1::UpdateUserRequest::default()
        }
        .encode_to_vec(),
        "KeysService/CreateKey" => v1::CreateKeyRequest {
            name: new,
            owner: Some(text()),
            restrictions: Some(restrictions()),
            ..v1::CreateKeyRequest::default()
        }
        .encode_to_vec(),
        "KeysService/GetKey" => v1::GetKeyRequest {
            key: text(),
            owner: None,
        }
        .encode_to_vec(),
        "KeysService/UpdateKey" => v1::UpdateKeyRequest {
            key: text(),
            ..v1::UpdateKeyRequest::default()
        }
        .encode_to_vec(),
        "PlansService/UpdatePlan" => v1::UpdatePlanRequest {
            plan: text(),
            limits: Some(v1::Limits::default()),
        }
        .encode_to_vec(),
        "PlansService/ListAllowances" => v1::ListAllowancesRequest {
            user: Some(text()),
            keys: Vec::new(),
        }
        .encode_to_vec(),
        "PoliciesService/CheckPolicy" => v1::CheckPolicyRequest {
            change: Some(v1::check_policy_request::Change::Update(
                v1::UpdatePolicyRequest {
                    rules: Some(rules(&own)),
                    ..v1::UpdatePolicyRequest::default()
                },
            )),
        }
        .encode_to_vec(),
        "PoliciesService/UpdatePolicy" => v1::UpdatePolicyRequest {
            policy: text(),
            rules: Some(rules(&own)),
        }
        .encode_to_vec(),
        "PoliciesService/GetPolicyVersion" => v1::GetPolicyVersionRequest {
            version: 1,
            ..v1::GetPolicyVersionRequest::default()
        }
        .encode_to_vec(),
        "PoliciesService/RestorePolicy" => v1::RestorePolicyRequest {
            version: 1,
            ..v1::RestorePolicyRequest::default()
        }
        .encode_to_vec(),
        "PoliciesService/TestAccess" => v1::TestAccessRequest {
            key: text(),
            tool: format!("{own}.get"),
            ..v1::TestAccessRequest::default()
        }
        .encode_to_vec(),
        "PoliciesService/ListAccess" => v1::ListAccessRequest {
            user: text(),
            ..v1::ListAccessRequest::default()
        }
        .encode_to_vec(),
        "UpstreamsService/UpdateUpstream" => v1::UpdateUpstreamRequest {
            definition: Some(definition(&world.name(whose), &[])),
            ..v1::UpdateUpstreamRequest::default()
        }
        .encode_to_vec(),
        "UpstreamsService/ProbeUpstream" => v1::ProbeUpstreamRequest {
            definition: Some(definition(&own, &[])),
            upstream: None,
        }
        .encode_to_vec(),
        "UpstreamsService/DiscoverUpstream" => v1::DiscoverUpstreamRequest {
            wait: Some(prost_types::Duration {
                seconds: 0,
                nanos: 1,
            }),
            ..v1::DiscoverUpstreamRequest::default()
        }
        .encode_to_vec(),
        _ => Vec::new(),
    }
}

fn selection() -> v1::Selection {
    v1::Selection {
        include: owned(&["*"]),
        ..v1::Selection::default()
    }
}

/// A key with rules of its own needs no policy.
fn restrictions() -> v1::KeyRestrictions {
    v1::KeyRestrictions {
        rules: Some(rules("*")),
        ..v1::KeyRestrictions::default()
    }
}

fn rules(upstream: &str) -> v1::Rules {
    v1::Rules {
        upstreams: owned(&[upstream]),
        allow: owned(&["*"]),
        ..v1::Rules::default()
    }
}
