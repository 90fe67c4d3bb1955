//! Which of the two kinds of MCP a request speaks.

pub use ostia_domain::upstream::Era;

/// The modern revisions served here, newest last.
pub const MODERN_VERSIONS: &[&str] = &["2026-07-28"];
pub const LATEST_MODERN: &str = "2026-07-28";

/// The legacy revisions served here, newest last.
pub const LEGACY_VERSIONS: &[&str] = &["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
pub const LATEST_LEGACY: &str = "2025-11-25";

/// The per-request members of `_meta` that make a request modern.
pub const META_PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
pub const META_CLIENT_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
pub const META_CLIENT_INFO: &str = "io.modelcontextprotocol/clientInfo";
pub const META_SUBSCRIPTION_ID: &str = "io.modelcontextprotocol/subscriptionId";
pub const META_LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";
/// In the legacy era: the task that a message is about.
pub const META_RELATED_TASK: &str = "io.modelcontextprotocol/related-task";
pub const META_SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";

/// Whether a `MCP-Protocol-Version` header claims a modern revision. Revisions are dates and compare
/// as text.
pub fn claims_modern(version: &str) -> bool {
    is_revision(version) && version >= LATEST_MODERN
}

pub fn is_revision(version: &str) -> bool {
    version.len() == 10
        && version.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

/// The revision to answer `initialize` with: the one asked for where it is a legacy one, else the
/// newest, as all official SDKs do.
pub fn negotiate_legacy(asked: Option<&str>) -> &'static str {
    asked
        .and_then(|asked| LEGACY_VERSIONS.iter().find(|version| **version == asked))
        .unwrap_or(&LATEST_LEGACY)
}
