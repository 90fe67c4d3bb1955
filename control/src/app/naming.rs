//! Names that people give.

use crate::error::{Error, Kind, Result};
use crate::store;
use uuid::Uuid;

const MAX_CHARS: usize = 100;

/// 1 to 100 characters, on one line, and nothing that could be taken for an id.
pub(super) fn check(name: &str) -> Result<()> {
    let problem = if name.is_empty() {
        "is required"
    } else if name.chars().count() > MAX_CHARS {
        "has more than 100 characters"
    } else if name.chars().any(char::is_control) {
        "must not contain control characters"
    } else if name.trim() != name {
        "must not start or end with white space"
    } else if Uuid::try_parse(name).is_ok() {
        "must not look like an id"
    } else {
        return Ok(());
    };
    Err(Error::invalid("name", problem))
}

/// What a unique name that is in use means to whoever wanted it.
pub(super) fn taken(what: &'static str, name: &str) -> impl FnOnce(store::Error) -> Error {
    move |error| match error {
        store::Error::Taken => Error(Kind::AlreadyExists {
            what,
            name: name.to_owned(),
        }),
        other => other.into(),
    }
}

/// What a reference to an object that was to go means to whoever wanted to remove it.
pub(super) fn in_use(problem: impl Into<String>) -> impl FnOnce(store::Error) -> Error {
    move |error| match error {
        store::Error::Referenced => Error::conflict(problem),
        other => other.into(),
    }
}
