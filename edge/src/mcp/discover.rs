//! `server/discover`: what a modern client asks first.

use super::{
    era::{META_SERVER_INFO, MODERN_VERSIONS},
    introduce::introduce,
    received::{Received, answered},
};
use axum::response::Response;
use serde_json::json;

pub fn serve(received: &Received<'_>) -> (Response, usize) {
    let introduction = introduce(received);
    let mut result = json!({
        "resultType": "complete",
        "supportedVersions": MODERN_VERSIONS,
        "capabilities": introduction.capabilities,
        // What a caller may use depends on the key and can change at any moment.
        "ttlMs": 0,
        "cacheScope": "private",
        "_meta": {META_SERVER_INFO: introduction.server_info},
    });
    if let Some(instructions) = introduction.instructions {
        result["instructions"] = instructions.into();
    }
    answered(received, &result.to_string())
}
