//! Upstreams that are ours: small stdio servers under `tests/peers/`.

use super::environment;
use std::path::PathBuf;

/// One of our scripts.
pub(crate) fn script(name: &str) -> PathBuf {
    environment::repository().join("tests/peers").join(name)
}
