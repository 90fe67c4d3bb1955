//! What several lists are asked in the same words.

use super::status;
use crate::app::paging::Place;
use ostia_proto::convert::uuid;
use tonic::Status;

pub(super) fn place(
    after: Option<String>,
    page_size: u32,
    page_token: String,
) -> Result<Place, Status> {
    let after = after.map(|id| uuid("after", &id)).transpose();
    Ok(Place {
        after: after.map_err(status::field)?,
        page_size,
        page_token,
    })
}
