//! Random values that are shown once.

use crate::error::{Error, Kind, Result};
use ring::rand::{SecureRandom as _, SystemRandom};

pub(super) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Error(Kind::Internal("the system has no randomness")))?;
    Ok(bytes)
}
