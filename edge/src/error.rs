//! What can go wrong while serving, without a word about HTTP: `respond` knows that.

use ostia_domain::{code::Code, usage::Outcome};
use serde_json::{Map, Value};
use std::time::Duration;

/// A refusal or failure as its caller may read it.
#[derive(Debug)]
pub struct Error {
    pub code: Code,
    pub outcome: Outcome,
    pub message: String,
    pub retry_after: Option<Duration>,
    /// The limit that was reached.
    pub standing: Option<Box<Standing>>,
    /// Members for `error.data` that the specification asks for.
    pub data: Map<String, Value>,
}

/// How a caller stands with a limit.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    pub limit: u64,
    pub remaining: u64,
    pub resets_in: Duration,
}

impl Error {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            outcome: outcome_of(code),
            message: message.into(),
            retry_after: None,
            standing: None,
            data: Map::new(),
        }
    }

    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// A limit was reached: what it is, what is left of it, and when there is more.
    #[must_use]
    pub fn used_up(mut self, standing: Standing) -> Self {
        self.retry_after = Some(standing.resets_in);
        self.standing = Some(Box::new(standing));
        self
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.data.insert(name.to_owned(), value.into());
        self
    }

    /// For an answer that hides from its caller what audit must know.
    #[must_use]
    pub fn recorded_as(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }
}

fn outcome_of(code: Code) -> Outcome {
    match code {
        Code::KeyMissing
        | Code::KeyMalformed
        | Code::KeyUnknown
        | Code::KeyRevoked
        | Code::KeyExpired
        | Code::KeyInactive
        | Code::OwnerDisabled
        | Code::AccessTokenExpired
        | Code::AddressForbidden
        | Code::HourForbidden
        | Code::ControlUnavailable => Outcome::Unauthenticated,
        Code::ToolUnavailable | Code::PromptUnavailable | Code::ResourceUnavailable => {
            Outcome::UnknownTool
        }
        Code::ArgumentRefused => Outcome::Denied,
        Code::RateLimited | Code::TooManyCalls | Code::QuotaUsedUp => Outcome::RateLimited,
        Code::UpstreamBusy => Outcome::Busy,
        Code::UpstreamUnavailable | Code::WorkerLost | Code::TaskLost | Code::ShuttingDown => {
            Outcome::UpstreamUnavailable
        }
        Code::CallTimeout => Outcome::Timeout,
        Code::Cancelled => Outcome::Cancelled,
        Code::UpstreamInvalid => Outcome::UpstreamError,
        Code::Internal => Outcome::Internal,
        _ => Outcome::Invalid,
    }
}

/// Why an edge did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("a session key is not base64 of 32 bytes")]
    SessionKey,
    #[error("the operating system gives no randomness")]
    Randomness,
    #[error("the worker guard ({0}) could not be started: {1}")]
    Guard(String, std::io::Error),
    #[error("no HTTP client to other edges can be made: {0}")]
    Client(String),
    #[error("the folder for waiting records ({0}) cannot be used: {1}")]
    Spool(String, std::io::Error),
}
