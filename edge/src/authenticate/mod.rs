//! From a credential to a principal.

pub mod api_key;
mod credential;
mod heard;
mod known;

pub use credential::presented;

use crate::error::Error;
use api_key::Keys;
use http::HeaderMap;
use ostia_domain::{clock::Timestamp, code::Code, key::ACCESS_TOKEN_PREFIX, principal::Principal};
use ostia_proto::ControlClient;
use std::{net::IpAddr, sync::Arc};

/// Who is calling. Every request is authenticated anew; a session id or a connection proves nothing.
pub async fn authenticate(
    keys: &Keys,
    control: &ControlClient,
    headers: &HeaderMap,
    (now, from): (Timestamp, IpAddr),
) -> Result<Arc<Principal>, Error> {
    let credential = presented(headers)?;
    let principal = keys.principal(control, credential).await?;
    if principal.expired(now) {
        let token = credential.starts_with(ACCESS_TOKEN_PREFIX);
        return Err(refused(if token {
            Code::AccessTokenExpired
        } else {
            Code::KeyExpired
        }));
    }
    if !principal.may_come_from(from) {
        let message = format!("This API key may not be used from the address {from}.");
        return Err(Error::new(Code::AddressForbidden, message));
    }
    if let Some(window) = principal.window.filter(|window| !window.contains(now)) {
        let message = format!("This API key may be used {window} UTC, and not now.");
        return Err(Error::new(Code::HourForbidden, message));
    }
    Ok(principal)
}

/// What a holder is told about a key that does not work.
pub(crate) fn refused(code: Code) -> Error {
    Error::new(
        code,
        match code {
            Code::KeyMissing => {
                "No API key. Send one as `Authorization: Bearer ost_…` or `X-API-Key: ost_…`."
            }
            Code::KeyRevoked => "This API key was revoked. Make another one.",
            Code::KeyExpired => {
                "This API key, or the secret of it that was used, has expired. Use its newest secret; a key \
                 that has expired itself needs a later end, or another key in its place."
            }
            Code::AccessTokenExpired => {
                "This access token has expired. Exchange the API key for another one."
            }
            Code::KeyInactive => "This API key is inactive. Its owner can activate it again.",
            Code::OwnerDisabled => "The owner of this API key may not use Ostia any more.",
            _ => "There is no such API key. Check that it was copied whole and to the right Ostia.",
        },
    )
}
