//! `server/discover`: what a modern client asks first.

use super::{
    endpoint::{Received, answered},
    era::{META_SERVER_INFO, MODERN_VERSIONS},
};
use crate::upstream::handshake::client_info;
use axum::response::Response;
use serde_json::json;

pub fn serve(received: &Received<'_>) -> (Response, usize) {
    let result = json!({
        "resultType": "complete",
        "supportedVersions": MODERN_VERSIONS,
        "capabilities": {"tools": {}},
        // What a caller may use depends on the key and can change at any moment.
        "ttlMs": 0,
        "cacheScope": "private",
        "_meta": {META_SERVER_INFO: client_info()},
    });
    answered(received, &result.to_string())
}
