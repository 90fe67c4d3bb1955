//! Sums as messages.

use super::super::status;
use crate::{
    app::{
        criteria::Criteria,
        usage::{Row, SummarizeUsage},
    },
    store::usage::{Bucket, Called, Dimensions},
};
use ostia_proto::{
    FieldError,
    convert::{from_optional_timestamp, timestamp},
    v1,
};
use tonic::Status;
use uuid::Uuid;

pub(super) fn ask(
    request: v1::SummarizeUsageRequest,
    only_of: Option<Uuid>,
) -> Result<SummarizeUsage, Status> {
    let bucket = match v1::Bucket::try_from(request.bucket) {
        Ok(v1::Bucket::Unspecified) => None,
        Ok(v1::Bucket::Hour) => Some(Bucket::Hour),
        Ok(v1::Bucket::Day) => Some(Bucket::Day),
        Err(_) => return Err(unknown("bucket", request.bucket)),
    };
    let mut by = Dimensions::default();
    let mut by_outcome = false;
    for dimension in request.group_by {
        match v1::Dimension::try_from(dimension) {
            Ok(v1::Dimension::Key) => by.key = true,
            Ok(v1::Dimension::User) => by.owner = true,
            Ok(v1::Dimension::Upstream) => by.called = by.called.max(Called::ByUpstream),
            Ok(v1::Dimension::Tool) => by.called = Called::ByTool,
            Ok(v1::Dimension::Outcome) => by_outcome = true,
            Ok(v1::Dimension::Unspecified) | Err(_) => {
                return Err(unknown("group_by", dimension));
            }
        }
    }
    Ok(SummarizeUsage {
        criteria: Criteria {
            only_of,
            key: request.key,
            user: request.user,
            upstream: request.upstream,
            tool: request.tool,
            outcome: request.outcome,
            from: from_optional_timestamp("from", request.from).map_err(status::field)?,
            to: from_optional_timestamp("to", request.to).map_err(status::field)?,
        },
        bucket,
        by,
        by_outcome,
        top: request
            .top
            .map(|top| usize::try_from(top).unwrap_or(usize::MAX)),
    })
}

fn unknown(field: &'static str, number: i32) -> Status {
    status::field(FieldError::new(
        field,
        format!("{number} is none that is documented"),
    ))
}

impl From<Row> for v1::UsageSummary {
    fn from(row: Row) -> Self {
        let (common, totals) = (row.common, row.totals);
        let id = |id: Uuid| {
            if id.is_nil() {
                String::new()
            } else {
                id.to_string()
            }
        };
        let counts = totals.counts;
        Self {
            start: common.start.map(timestamp),
            key_id: id(common.key_id),
            key_name: row.key_name,
            owner_id: id(common.owner_id),
            owner_name: row.owner_name,
            upstream: common.upstream,
            tool: common.tool,
            outcome: common.outcome.unwrap_or_default().to_owned(),
            calls: counts.calls.unsigned_abs(),
            errors: totals.errors.unsigned_abs(),
            cached: counts.cached.unsigned_abs(),
            duration_us: counts.duration_us.unsigned_abs(),
            request_bytes: counts.request_bytes.unsigned_abs(),
            result_bytes: counts.result_bytes.unsigned_abs(),
            durations: counts.took.map(i64::unsigned_abs).to_vec(),
            costs: totals
                .costs
                .into_iter()
                .map(|(currency, micros)| v1::Cost {
                    currency: currency.as_str().to_owned(),
                    micros,
                })
                .collect(),
        }
    }
}
