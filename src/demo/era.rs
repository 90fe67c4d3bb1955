//! What is different between the two eras: how a request says its version, and what a result needs.

use super::answer::{Error, INVALID_PARAMS, UNSUPPORTED_VERSION};
use serde_json::{Value, json};

pub(crate) const MODERN: &str = "2026-07-28";
/// Newest first; what a client asks for that is not here gets the first.
pub(crate) const LEGACY: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

const VERSION_KEY: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES_KEY: &str = "io.modelcontextprotocol/clientCapabilities";
const INSTRUCTIONS: &str =
    "The demo upstream of Ostia: a few harmless tools to try a gateway with.";

/// How long a client may keep the list of tools, which never changes.
const LIST_TTL_MS: u64 = 300_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Era {
    Legacy,
    Modern,
}

impl Era {
    /// A modern request says its version in `_meta`, every time; a legacy one never does.
    pub(crate) fn of(params: &Value) -> Result<Self, Error> {
        let meta = &params["_meta"];
        let Some(version) = meta.get(VERSION_KEY) else {
            return Ok(Self::Legacy);
        };
        if version != MODERN {
            return Err(Error {
                data: Some(json!({ "supported": [MODERN], "requested": version })),
                ..Error::new(UNSUPPORTED_VERSION, "Unsupported protocol version")
            });
        }
        if !meta[CAPABILITIES_KEY].is_object() {
            let problem = format!("params._meta[\"{CAPABILITIES_KEY}\"] must be an object");
            return Err(Error::new(INVALID_PARAMS, problem));
        }
        Ok(Self::Modern)
    }

    /// Completes the result of a call.
    pub(crate) fn result(self, mut result: Value) -> Value {
        if self == Self::Modern {
            result["resultType"] = "complete".into();
        }
        result
    }

    /// Completes a result that may be kept.
    pub(crate) fn cacheable(self, mut result: Value) -> Value {
        if self == Self::Modern {
            result["ttlMs"] = LIST_TTL_MS.into();
            result["cacheScope"] = "public".into();
        }
        self.result(result)
    }
}

/// The answer to a legacy handshake.
pub(crate) fn initialized(params: &Value) -> Value {
    let asked = params["protocolVersion"].as_str().unwrap_or_default();
    let version = LEGACY.into_iter().find(|known| *known == asked);
    json!({
        "protocolVersion": version.unwrap_or(LEGACY[0]),
        "capabilities": { "tools": {} },
        "serverInfo": server_info(),
        "instructions": INSTRUCTIONS,
    })
}

/// The answer to `server/discover`.
pub(crate) fn discovered() -> Value {
    Era::Modern.cacheable(json!({
        "supportedVersions": [MODERN],
        "capabilities": { "tools": {} },
        "instructions": INSTRUCTIONS,
        "_meta": { "io.modelcontextprotocol/serverInfo": server_info() },
    }))
}

fn server_info() -> Value {
    json!({ "name": "ostia-demo", "title": "Ostia demo", "version": env!("CARGO_PKG_VERSION") })
}
