//! What tests of several modules begin with.

use ostia_domain::{
    key::Mode,
    policy::{Grant, Scope},
    principal::Principal,
};
use uuid::Uuid;

/// Somebody whom nothing holds back.
pub(crate) fn principal() -> Principal {
    Principal {
        key_id: Uuid::nil(),
        key_name: "ci".to_owned(),
        secret_id: None,
        mode: Mode::Live,
        owner_id: Uuid::nil(),
        owner_name: "bob".to_owned(),
        grant: Grant {
            owner: Scope::Unlimited,
            key: Scope::Unlimited,
            rules: None,
        },
        limits: Vec::new(),
        networks: Vec::new(),
        window: None,
        expires_at: None,
    }
}
