//! When edges said something new about an upstream: each such report is an audit event.

use super::name;
use crate::{components::time::timestamp, visitor::Visitor};
use chrono::TimeDelta;
use ostia_domain::clock;
use ostia_proto::v1;
use prost_types::Timestamp;
use tonic::Status;

/// Audit has no index for this: so much of it is read at most, and for an upstream with a problem alone.
const LOOKED_BACK: TimeDelta = TimeDelta::days(1);

/// When the problem was reported. `None`: there is none, or it was before.
pub(super) async fn reported(
    visitor: &Visitor,
    upstream: &v1::Upstream,
) -> Result<Option<Timestamp>, Status> {
    if upstream.problem.is_none() {
        return Ok(None);
    }
    let request = v1::ListEventsRequest {
        upstream: Some(name(upstream).to_owned()),
        action: Some("upstreams.report".to_owned()),
        from: Some(timestamp(clock::now() - LOOKED_BACK)),
        page_size: 1,
        ..v1::ListEventsRequest::default()
    };
    let listed = visitor.control.audit().list_events(request).await?;
    let newest = listed.into_inner().events.into_iter().next();
    Ok(newest.and_then(|event| event.at))
}
