//! What must not come back into `Cargo.lock`; `deny.toml` says the same to cargo-deny.

use super::sources;

/// One TLS library and its cryptography.
const BANNED: &[&str] = &[
    "openssl",
    "openssl-sys",
    "native-tls",
    "aws-lc-rs",
    "aws-lc-sys",
];
/// Frameworks: two copies are two runtimes, or types that look alike and do not fit.
const SINGLE: &[&str] = &[
    "axum",
    "hyper",
    "prost",
    "reqwest",
    "rustls",
    "sea-orm",
    "sqlx",
    "sqlx-core",
    "tokio",
    "tonic",
];

fn versions(lock: &str, name: &str) -> usize {
    lock.lines()
        .filter(|line| *line == format!("name = \"{name}\""))
        .count()
}

#[test]
fn one_tls_library() {
    let lock = sources::read("Cargo.lock");
    for name in BANNED {
        assert_eq!(
            versions(&lock, name),
            0,
            "{name} is in Cargo.lock: `cargo tree -i {name}` says through whom"
        );
    }
}

#[test]
fn one_copy_of_every_framework() {
    let lock = sources::read("Cargo.lock");
    for name in SINGLE {
        assert_eq!(
            versions(&lock, name),
            1,
            "Cargo.lock must have {name} once: `cargo tree --duplicates`"
        );
    }
}

/// Members take dependencies from the workspace, so that every command resolves the same features.
#[test]
fn features_are_declared_once() {
    for member in ["domain", "proto", "control", "edge", "web", "migrations"] {
        let manifest = sources::read(&format!("{member}/Cargo.toml"));
        for line in manifest.lines() {
            let declares = line.contains("version =") || line.contains("features =");
            assert!(
                !declares,
                "{member}/Cargo.toml: `{line}` belongs into [workspace.dependencies]"
            );
        }
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{member}/Cargo.toml: [lints] workspace = true"
        );
    }
}
