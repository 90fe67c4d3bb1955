//! What went wrong with a provider, for the log.

use super::http::HttpError;
use openidconnect::{RequestTokenError, core::CoreRequestTokenError};

/// Never with the body of an answer, which may hold tokens.
pub(super) fn told(error: &CoreRequestTokenError<HttpError>) -> String {
    match error {
        RequestTokenError::ServerResponse(said) => format!("it answered {said}"),
        RequestTokenError::Request(error) => error.to_string(),
        RequestTokenError::Parse(error, _) => format!("its answer cannot be read: {error}"),
        RequestTokenError::Other(error) => error.clone(),
    }
}

pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
