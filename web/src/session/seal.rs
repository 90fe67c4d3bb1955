//! The data of a session, sealed under its id: what is kept may be a provider's refresh token, and the id is in the
//! visitor's cookie and nowhere else.

use super::id_hash;
use crate::seal::{CannotSeal, Sealer};
use tower_sessions::session::Id;

pub(crate) fn seal(id: Id, plain: &[u8]) -> Result<Vec<u8>, CannotSeal> {
    sealer(id)?.seal(plain)
}

/// Unset: sealed under another id, or not by us.
pub(crate) fn open(id: Id, sealed: &[u8]) -> Option<Vec<u8>> {
    sealer(id).ok()?.open(sealed)
}

fn sealer(id: Id) -> Result<Sealer, CannotSeal> {
    Sealer::new(&id.0.to_le_bytes(), b"browser session data", id_hash(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_id_opens_it() {
        let sealed = seal(Id(7), b"refresh").unwrap();
        assert_eq!(open(Id(7), &sealed).as_deref(), Some(&b"refresh"[..]));
        assert!(open(Id(8), &sealed).is_none());
    }
}
