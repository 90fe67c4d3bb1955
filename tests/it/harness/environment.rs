//! The only place of the tests that reads the environment.

use std::path::PathBuf;

/// URL of a Postgres database whose user may create databases. Unset: the tests use SQLite.
#[allow(clippy::disallowed_methods, reason = "this is the tests' config")]
pub(crate) fn postgres_admin_url() -> Option<String> {
    std::env::var("OSTIA_TEST_DATABASE_URL")
        .ok()
        .filter(|url| !url.is_empty())
}

/// Whether the page about other people's clients is to be written and not compared.
#[allow(clippy::disallowed_methods, reason = "this is the tests' config")]
pub(crate) fn write_compatibility() -> bool {
    std::env::var("OSTIA_WRITE_COMPATIBILITY").is_ok_and(|value| value == "1")
}

/// Where pictures of every page go. Unset: none are made.
#[allow(clippy::disallowed_methods, reason = "this is the tests' config")]
pub(crate) fn screenshots() -> Option<PathBuf> {
    let folder = std::env::var("OSTIA_SCREENSHOTS").ok();
    let folder = folder.filter(|folder| !folder.is_empty());
    folder.map(|folder| repository().join(folder))
}

/// The root of the sources.
pub(crate) fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Where `./test` installs what others wrote.
pub(crate) fn peers() -> PathBuf {
    repository().join(".peers")
}

/// The program under test.
pub(crate) const OSTIA: &str = env!("CARGO_BIN_EXE_ostia");

/// Names of variables that would change what the program does.
pub(crate) fn product_variables() -> Vec<String> {
    std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| {
            name.starts_with("OSTIA_") || name.starts_with("OTEL_") || name == "RUST_LOG"
        })
        .collect()
}
