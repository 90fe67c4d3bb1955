//! E-mail addresses of users: where they are told, and nothing that says who they are.

use crate::{
    error::{Error, Result},
    mail,
    op::tag,
};
use serde_json::Value;

const MARK_CHARACTERS: usize = 8;

/// One that an administrator gives. Empty: none.
pub(super) fn given(address: &str) -> Result<Option<String>> {
    if address.is_empty() {
        return Ok(None);
    }
    if !mail::is_address(address) {
        return Err(Error::invalid("email", "is no e-mail address"));
    }
    Ok(Some(address.to_owned()))
}

/// One that a provider vouches for. What no mail could be sent to is none.
pub(super) fn vouched(address: Option<&str>) -> Option<String> {
    let address = address.filter(|address| mail::is_address(address));
    address.map(str::to_owned)
}

/// What audit keeps of an address: enough to see that it is another one, and not the address, which is to be gone
/// when its user is.
pub(super) fn mark(address: &str) -> String {
    tag(&Value::from(address))
        .chars()
        .take(MARK_CHARACTERS)
        .collect()
}
