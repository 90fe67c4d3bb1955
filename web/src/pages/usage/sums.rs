//! `/usage.csv?by=…`: calls added up by what they have in common, for a spreadsheet.

use super::Asked;
use crate::{
    components::{money::costs, time::instant},
    csv::quoted,
    visitor::Visitor,
};
use ostia_proto::v1;
use std::fmt::Write as _;
use tonic::Status;

const HEAD: &str = "day,key_id,key_name,owner_id,owner_name,upstream,tool,outcome,calls,errors,cached,\
                    duration_us,request_bytes,result_bytes,cost\r\n";

/// `None`: there is nothing of this name to add up by.
pub(super) fn request(visitor: &Visitor, asked: &Asked) -> Option<v1::SummarizeUsageRequest> {
    let (bucket, group_by): (_, &[_]) = match &*asked.by {
        "day" => (v1::Bucket::Day, &[]),
        // Whose a key is belongs to what it is called.
        "key" => (
            v1::Bucket::Unspecified,
            &[v1::Dimension::Key, v1::Dimension::User],
        ),
        "user" => (v1::Bucket::Unspecified, &[v1::Dimension::User]),
        "upstream" => (v1::Bucket::Unspecified, &[v1::Dimension::Upstream]),
        "tool" => (v1::Bucket::Unspecified, &[v1::Dimension::Tool]),
        "outcome" => (v1::Bucket::Unspecified, &[v1::Dimension::Outcome]),
        _ => return None,
    };
    Some(v1::SummarizeUsageRequest {
        bucket: bucket.into(),
        group_by: group_by.iter().map(|one| i32::from(*one)).collect(),
        ..asked.sum(visitor)
    })
}

pub(super) async fn written(
    visitor: &Visitor,
    request: v1::SummarizeUsageRequest,
) -> Result<String, Status> {
    let mut text = HEAD.to_owned();
    for row in visitor.sums(request).await? {
        let day = instant(row.start).map(|start| start.format("%Y-%m-%d").to_string());
        // Writing to a text does not fail.
        let _ = write!(
            text,
            "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\r\n",
            day.unwrap_or_default(),
            row.key_id,
            quoted(&row.key_name),
            row.owner_id,
            quoted(&row.owner_name),
            quoted(&row.upstream),
            quoted(&row.tool),
            quoted(&row.outcome),
            row.calls,
            row.errors,
            row.cached,
            row.duration_us,
            row.request_bytes,
            row.result_bytes,
            quoted(&costs(&row.costs)),
        );
    }
    Ok(text)
}
