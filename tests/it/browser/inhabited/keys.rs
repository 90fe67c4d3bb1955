//! Keys in every state that a list shows.

use crate::harness::control::{Control, everything_of};
use ostia_proto::v1;

const DAY: u64 = 86_400;

/// A key, and what is needed to find it and to call with it.
pub(super) struct Made {
    pub(super) id: String,
    pub(super) name: String,
    /// What it begins with: all that lists and logs know of it.
    pub(super) prefix: String,
    pub(super) owner: (String, &'static str),
    pub(super) secret: String,
}

struct Wanted {
    name: &'static str,
    owner: &'static str,
    policies: &'static [&'static str],
    rules: Option<v1::Rules>,
    days: u64,
    mode: v1::KeyMode,
}

fn wanted(name: &'static str, owner: &'static str, days: u64) -> Wanted {
    Wanted {
        name,
        owner,
        policies: &["triage"],
        rules: None,
        days,
        mode: v1::KeyMode::Live,
    }
}

/// The first can be called with, the second has two secrets, the last is revoked.
pub(super) async fn of_ada(control: &Control) -> Vec<Made> {
    let picked = v1::Rules {
        upstreams: vec!["demo".to_owned(), "docs".to_owned()],
        allow: vec!["demo.echo".to_owned(), "docs.search".to_owned()],
        max_tier: v1::Tier::Read.into(),
        ..v1::Rules::default()
    };
    let mut made = Vec::new();
    for key in [
        wanted("laptop", "ada", 90),
        wanted("nightly build", "ada", 200),
        Wanted {
            rules: Some(picked),
            ..wanted("editor on the train", "ada", 9)
        },
        Wanted {
            rules: Some(everything_of(&["demo"])),
            mode: v1::KeyMode::Test,
            ..wanted("sandbox", "ada", 30)
        },
        wanted("old laptop", "ada", 60),
        wanted("claude", "mia", 90),
        wanted("cursor", "grace", 90),
        wanted("leaked", "ada", 90),
    ] {
        made.push(create(control, key).await);
    }
    let mut keys = control.keys();
    let rotate = v1::RotateKeyRequest {
        key: made[1].id.clone(),
        overlap_seconds: DAY,
    };
    keys.rotate_key(rotate).await.expect("rotated");
    let key = made[4].id.clone();
    let off = v1::InactivateKeyRequest { key };
    keys.inactivate_key(off).await.expect("switched off");
    let key = made[made.len() - 1].id.clone();
    let revoke = v1::RevokeKeyRequest { key };
    keys.revoke_key(revoke).await.expect("revoked");
    made
}

async fn create(control: &Control, wanted: Wanted) -> Made {
    let request = v1::CreateKeyRequest {
        name: wanted.name.to_owned(),
        owner: Some(wanted.owner.to_owned()),
        mode: wanted.mode.into(),
        policies: wanted.policies.iter().map(ToString::to_string).collect(),
        expires_in_seconds: Some(wanted.days * DAY),
        restrictions: wanted.rules.map(|rules| v1::KeyRestrictions {
            rules: Some(rules),
            ..v1::KeyRestrictions::default()
        }),
        ..v1::CreateKeyRequest::default()
    };
    let answer = control.keys().create_key(request).await;
    let answer = answer.expect("a key").into_inner();
    let key = answer.key.expect("a key");
    Made {
        id: key.id,
        name: key.name,
        prefix: format!("ost_live_{}", key.public_id),
        owner: (key.owner_id, wanted.owner),
        secret: answer.secret,
    }
}
