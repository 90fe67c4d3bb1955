//! How much of a list one answer holds.

use crate::{
    error::{Error, Result},
    store::page::Ask,
};

const DEFAULT: u32 = 100;

pub(super) fn size(asked: u32, max: u32) -> Result<u64> {
    match asked {
        0 => Ok(DEFAULT.into()),
        n if n <= max => Ok(n.into()),
        _ => Err(Error::invalid("page_size", format!("is more than {max}"))),
    }
}

pub(super) fn ask(asked: u32, max: u32, page_token: &str) -> Result<Ask> {
    Ok(Ask::new(size(asked, max)?, page_token)?)
}
