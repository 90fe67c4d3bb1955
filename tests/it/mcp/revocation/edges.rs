//! What changes about a key, its owner or their groups holds at every edge, also where the key is in use.

use super::{PROMISE, echo};
use crate::harness::{
    control::{self, Control},
    mcp::Endpoint,
    ostia::Ostia,
    split::{Split, another_edge},
    wait,
};
use ostia_proto::v1;

const SERVED: &str = "served";

/// Two edges of one control.
struct Edges {
    split: Split,
    other: Ostia,
    control: Control,
}

/// A key that both edges know, and its owner.
struct InUse {
    key: String,
    owner: String,
    at: [Endpoint; 2],
}

impl Edges {
    async fn start() -> Self {
        let split = Split::start().await;
        let other = another_edge(&split.control, Ostia::options()).await;
        let control = split.services();
        for (name, upstreams) in [("demo", &["demo"][..]), ("nothing", &[])] {
            control::policy(&control, name, control::everything_of(upstreams)).await;
        }
        control.settled().await;
        Self {
            split,
            other,
            control,
        }
    }

    /// The key of a new user with these policies, by themselves and through a group of their name.
    async fn key(&self, name: &str, own: &[&str], of_group: &[&str]) -> InUse {
        let user = v1::CreateUserRequest {
            name: name.to_owned(),
            policies: texts(own),
            ..v1::CreateUserRequest::default()
        };
        let user = self.control.identity().create_user(user).await;
        if !of_group.is_empty() {
            self.group(name, of_group).await;
        }
        let key = v1::CreateKeyRequest {
            owner: Some(name.to_owned()),
            policies: texts(&["demo"]),
            ..control::named(name)
        };
        let made = control::create_key(&self.control, key).await;
        let at = [&self.split.edge, &self.other].map(|edge| &*edge.mcp_url);
        InUse {
            key: made.key.expect("a key").id,
            owner: user.expect("a user").into_inner().id,
            at: at.map(|url| Endpoint::new(url, &made.secret)),
        }
    }

    async fn group(&self, member: &str, policies: &[&str]) {
        let group = v1::CreateGroupRequest {
            name: member.to_owned(),
            policies: texts(policies),
            members: texts(&[member]),
            ..v1::CreateGroupRequest::default()
        };
        let made = self.control.groups().create_group(group).await;
        made.expect("a group");
    }

    async fn update_group(&self, request: v1::UpdateGroupRequest) {
        let updated = self.control.groups().update_group(request).await;
        updated.expect("another group");
    }

    async fn update_user(&self, request: v1::UpdateUserRequest) {
        let updated = self.control.identity().update_user(request).await;
        updated.expect("another user");
    }
}

impl InUse {
    /// Waits until every edge answers its calls so, as long as was promised at most.
    #[track_caller]
    fn become_everywhere(&self, expected: &str) -> impl Future<Output = ()> {
        let asked = self.at.each_ref().map(|edge| {
            wait::until(PROMISE, "it holds at the edge", move || async move {
                let answer = echo(edge).await;
                let code = match answer.status {
                    200 if answer.json().get("error").is_none() => SERVED.to_owned(),
                    _ => answer.refusal().2,
                };
                if code == expected { Ok(()) } else { Err(code) }
            })
        });
        async move {
            for asked in asked {
                asked.await;
            }
        }
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn what_happens_to_a_key() {
    let edges = Edges::start().await;
    let mut keys = edges.control.keys();

    let inactive = edges.key("inactive", &["demo"], &[]).await;
    inactive.become_everywhere(SERVED).await;
    let key = || inactive.key.clone();
    let request = v1::InactivateKeyRequest { key: key() };
    keys.inactivate_key(request).await.expect("inactive");
    inactive.become_everywhere("key-inactive").await;
    let request = v1::ActivateKeyRequest { key: key() };
    keys.activate_key(request).await.expect("active");
    inactive.become_everywhere(SERVED).await;

    let narrow = edges.key("narrow", &["demo", "nothing"], &[]).await;
    narrow.become_everywhere(SERVED).await;
    let request = v1::UpdateKeyRequest {
        key: narrow.key.clone(),
        policies: Some(v1::KeyPolicies {
            names: texts(&["nothing"]),
        }),
        ..v1::UpdateKeyRequest::default()
    };
    keys.update_key(request).await.expect("narrowed");
    narrow.become_everywhere("tool-unavailable").await;

    let rotated = edges.key("rotated", &["demo"], &[]).await;
    rotated.become_everywhere(SERVED).await;
    let request = v1::RotateKeyRequest {
        key: rotated.key.clone(),
        overlap_seconds: 0,
    };
    keys.rotate_key(request).await.expect("rotated");
    rotated.become_everywhere("key-expired").await;

    let revoked = edges.key("revoked", &["demo"], &[]).await;
    revoked.become_everywhere(SERVED).await;
    let key = revoked.key.clone();
    let request = v1::RevokeKeyRequest { key };
    keys.revoke_key(request).await.expect("revoked");
    revoked.become_everywhere("key-revoked").await;

    let deleted = edges.key("deleted", &["demo"], &[]).await;
    deleted.become_everywhere(SERVED).await;
    let key = deleted.key.clone();
    let request = v1::DeleteKeyRequest { key };
    keys.delete_key(request).await.expect("deleted");
    deleted.become_everywhere("key-unknown").await;
}

#[tokio::test]
async fn what_happens_to_its_owner() {
    let edges = Edges::start().await;

    let disabled = edges.key("disabled", &["demo"], &[]).await;
    disabled.become_everywhere(SERVED).await;
    let enabled = |enabled| v1::UpdateUserRequest {
        user: disabled.owner.clone(),
        enabled: Some(enabled),
        ..v1::UpdateUserRequest::default()
    };
    edges.update_user(enabled(false)).await;
    disabled.become_everywhere("owner-disabled").await;
    edges.update_user(enabled(true)).await;
    disabled.become_everywhere(SERVED).await;

    let narrow = edges.key("narrow", &["demo"], &[]).await;
    narrow.become_everywhere(SERVED).await;
    let request = v1::UpdateUserRequest {
        user: narrow.owner.clone(),
        policies: Some(v1::UserPolicies {
            names: texts(&["nothing"]),
        }),
        ..v1::UpdateUserRequest::default()
    };
    edges.update_user(request).await;
    narrow.become_everywhere("tool-unavailable").await;

    let deleted = edges.key("deleted", &["demo"], &[]).await;
    deleted.become_everywhere(SERVED).await;
    let user = deleted.owner.clone();
    let request = v1::DeleteUserRequest { user };
    let gone = edges.control.identity().delete_user(request).await;
    gone.expect("deleted");
    deleted.become_everywhere("key-unknown").await;
}

#[tokio::test]
async fn what_happens_to_a_group_of_its_owner() {
    let edges = Edges::start().await;

    let taken_out = edges.key("taken-out", &[], &["demo"]).await;
    taken_out.become_everywhere(SERVED).await;
    let members = |names: &[&str]| v1::UpdateGroupRequest {
        group: "taken-out".to_owned(),
        members: Some(v1::GroupMembers {
            names: texts(names),
        }),
        ..v1::UpdateGroupRequest::default()
    };
    edges.update_group(members(&[])).await;
    taken_out.become_everywhere("tool-unavailable").await;
    edges.update_group(members(&["taken-out"])).await;
    taken_out.become_everywhere(SERVED).await;

    let narrow = edges.key("narrow", &[], &["demo"]).await;
    narrow.become_everywhere(SERVED).await;
    let request = v1::UpdateGroupRequest {
        group: "narrow".to_owned(),
        policies: Some(v1::GroupPolicies {
            names: texts(&["nothing"]),
        }),
        ..v1::UpdateGroupRequest::default()
    };
    edges.update_group(request).await;
    narrow.become_everywhere("tool-unavailable").await;

    let without = edges.key("without", &[], &["demo"]).await;
    without.become_everywhere(SERVED).await;
    let group = "without".to_owned();
    let request = v1::DeleteGroupRequest { group };
    let gone = edges.control.groups().delete_group(request).await;
    gone.expect("deleted");
    without.become_everywhere("tool-unavailable").await;
    // One that is made gives again.
    edges.group("without", &["demo"]).await;
    without.become_everywhere(SERVED).await;

    let applied = edges.key("applied", &[], &["demo"]).await;
    applied.become_everywhere(SERVED).await;
    let apply = async |members: &[&str]| {
        let group = v1::ManifestGroup {
            name: "applied".to_owned(),
            policies: texts(&["demo"]),
            plan: None,
            members: Some(v1::GroupMembers {
                names: texts(members),
            }),
        };
        let request = v1::ApplyManifestRequest {
            manifest: Some(v1::Manifest {
                groups: vec![group],
                ..v1::Manifest::default()
            }),
            ..v1::ApplyManifestRequest::default()
        };
        let applied = edges.control.manifest().apply_manifest(request).await;
        applied.expect("applied");
    };
    apply(&[]).await;
    applied.become_everywhere("tool-unavailable").await;
    apply(&["applied"]).await;
    applied.become_everywhere(SERVED).await;
}
