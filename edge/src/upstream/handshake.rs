//! The first words with a worker, in either era.

use crate::{
    mcp::{
        envelope::{is_object, member},
        era::{
            LATEST_LEGACY, LATEST_MODERN, LEGACY_VERSIONS, META_CLIENT_CAPABILITIES,
            META_CLIENT_INFO, META_LOG_LEVEL, META_PROTOCOL_VERSION, META_SERVER_INFO,
            MODERN_VERSIONS,
        },
        log_level::LogLevel,
    },
    pool::{pending::Lost, worker::Worker},
};
use ostia_domain::{
    capability::ClientCapabilities,
    upstream::{Problem, Stage},
};
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use std::{collections::HashMap, sync::Arc};

/// What the answer to a probe says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probed {
    Modern(Introduction),
    Legacy,
}

/// What a server says about itself when it is met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Introduction {
    /// Its own name and version, as a JSON object.
    pub server_info: String,
    /// As a JSON object.
    pub capabilities: String,
    pub instructions: Option<String>,
}

impl Default for Introduction {
    fn default() -> Self {
        Self {
            server_info: "{}".into(),
            capabilities: "{}".into(),
            instructions: None,
        }
    }
}

impl Introduction {
    fn of(
        server_info: Option<&RawValue>,
        capabilities: Option<&RawValue>,
        instructions: Option<String>,
    ) -> Self {
        let object = |raw: Option<&RawValue>| raw.map_or("{}", RawValue::get).to_owned();
        Self {
            server_info: object(server_info),
            capabilities: object(capabilities),
            instructions,
        }
    }
}

/// What Ostia calls itself.
pub fn client_info() -> Value {
    json!({"name": "ostia", "title": "Ostia MCP gateway", "version": env!("CARGO_PKG_VERSION")})
}

/// The `_meta` members without which a modern upstream takes no request, for requests that Ostia makes
/// itself or for clients that know nothing of them.
pub fn modern_meta(capabilities: ClientCapabilities, log_level: Option<LogLevel>) -> Value {
    let mut meta = json!({
        META_PROTOCOL_VERSION: LATEST_MODERN,
        META_CLIENT_CAPABILITIES: capabilities.declare(),
        META_CLIENT_INFO: client_info(),
    });
    if let Some(level) = log_level {
        meta[META_LOG_LEVEL] = level.as_str().into();
    }
    meta
}

/// Asks a server whether it is modern. Only clear evidence counts; any other answer is legacy.
pub async fn discover(worker: &Arc<Worker>) -> Result<Probed, Lost> {
    #[derive(Deserialize)]
    struct Discovered<'a> {
        #[serde(rename = "supportedVersions")]
        supported: Vec<String>,
        #[serde(borrow)]
        capabilities: Option<&'a RawValue>,
        instructions: Option<String>,
        #[serde(borrow, rename = "_meta", default)]
        meta: HashMap<String, &'a RawValue>,
    }
    let answer = worker
        .request(
            "server/discover",
            &json!({"_meta": modern_meta(ClientCapabilities::NONE, None)}),
        )
        .await?;
    if !answer.is_result {
        let modern = matches!(error_code(answer.payload()), Some(-32022..=-32020));
        return Ok(if modern {
            Probed::Modern(Introduction::default())
        } else {
            Probed::Legacy
        });
    }
    let found = serde_json::from_slice::<Discovered<'_>>(answer.payload())
        .ok()
        .filter(|found| {
            found
                .supported
                .iter()
                .any(|v| MODERN_VERSIONS.contains(&v.as_str()))
        });
    Ok(found.map_or(Probed::Legacy, |found| {
        let server_info = found.meta.get(META_SERVER_INFO).copied();
        Probed::Modern(Introduction::of(
            server_info,
            found.capabilities,
            found.instructions,
        ))
    }))
}

/// That there is no answer to the first words. `gone` is what to say where nothing else is known.
pub fn failed(lost: Lost, gone: &str) -> Problem {
    let text = match lost {
        Lost::Refused(refusal) => return refusal.during(Stage::Handshake),
        Lost::Gone => gone.to_owned(),
        Lost::Invalid(what) => format!("it answered {what}"),
    };
    Problem::new(Stage::Handshake, text)
}

/// The code of a JSON-RPC error object.
pub fn error_code(error: &[u8]) -> Option<i64> {
    #[derive(Deserialize)]
    struct Code {
        code: i64,
    }
    serde_json::from_slice::<Code>(error)
        .ok()
        .map(|error| error.code)
}

/// The legacy handshake, which tells the server what callers of this worker can do. An error says, for
/// people, what the server did.
pub async fn initialize(
    worker: &Arc<Worker>,
    capabilities: ClientCapabilities,
) -> Result<Introduction, Problem> {
    #[derive(Deserialize)]
    struct Initialized<'a> {
        #[serde(rename = "protocolVersion")]
        version: String,
        #[serde(borrow)]
        capabilities: Option<&'a RawValue>,
        instructions: Option<String>,
        #[serde(borrow, rename = "serverInfo")]
        server_info: Option<&'a RawValue>,
    }
    worker.declare(capabilities);
    let params = json!({
        "protocolVersion": LATEST_LEGACY,
        "capabilities": capabilities.declare(),
        "clientInfo": client_info(),
    });
    let answer = worker
        .request("initialize", &params)
        .await
        .map_err(|lost| failed(lost, "it ended before it answered `initialize`"))?;
    let problem = |text| Problem::new(Stage::Handshake, text);
    if !answer.is_result {
        let error = String::from_utf8_lossy(answer.payload()).into_owned();
        return Err(problem(format!("it refused `initialize`: {error}")));
    }
    let initialized: Initialized<'_> = serde_json::from_slice(answer.payload())
        .map_err(|error| problem(format!("its answer to `initialize` is not one: {error}")))?;
    if !LEGACY_VERSIONS.contains(&initialized.version.as_str()) {
        return Err(problem(format!(
            "it speaks protocol version {:?}; Ostia knows {}",
            initialized.version,
            LEGACY_VERSIONS.join(", ")
        )));
    }
    worker.notify("notifications/initialized", &json!({}));
    let logs = initialized
        .capabilities
        .is_some_and(|raw| is_object(raw) && member(raw, "logging").is_some());
    if logs {
        worker.logs();
    }
    Ok(Introduction::of(
        initialized.server_info,
        initialized.capabilities,
        initialized.instructions,
    ))
}
