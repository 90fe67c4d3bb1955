//! `/usage.csv`: every call that the filters leave, or their sums, for a spreadsheet.

use super::{Asked, sums};
use crate::{
    address::Query, components::time::instant, csv::quoted, load::load, pages::not_found,
    visitor::Visitor,
};
use axum::response::{IntoResponse as _, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use ostia_proto::v1;
use std::fmt::Write as _;
use tonic::Status;

const PAGE: u32 = 1_000;
/// More is an export, which the command line does.
const MAX_ROWS: usize = 50_000;
const HEAD: &str = "id,at,key_id,key_name,upstream,tool,outcome,duration_us,request_bytes,result_bytes,\
                    cached,owner_id,owner_name\r\n";

pub(super) async fn download(visitor: Visitor, Query(asked): Query<Asked>) -> Response {
    if !asked.is_for(&visitor) {
        return not_found::of(&visitor);
    }
    let written = if asked.by.is_empty() {
        load(written(&visitor, asked)).await
    } else {
        let Some(request) = sums::request(&visitor, &asked) else {
            return not_found::of(&visitor);
        };
        load(sums::written(&visitor, request)).await
    };
    let text = match written {
        Ok(text) => text,
        Err(failure) => return failure.show(&visitor),
    };
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            CONTENT_DISPOSITION,
            "attachment; filename=\"ostia-usage.csv\"",
        ),
    ];
    (headers, text).into_response()
}

async fn written(visitor: &Visitor, mut asked: Asked) -> Result<String, Status> {
    let mut text = HEAD.to_owned();
    let mut rows = 0;
    asked.cursor.clear();
    loop {
        let request = asked.calls(visitor, PAGE);
        let page = visitor
            .control
            .usage()
            .list_usage(request)
            .await?
            .into_inner();
        rows += page.records.len();
        for record in &page.records {
            write_row(&mut text, record);
        }
        if page.next_page_token.is_empty() || rows >= MAX_ROWS {
            return Ok(text);
        }
        asked.cursor = page.next_page_token;
    }
}

fn write_row(text: &mut String, record: &v1::UsageRecord) {
    let at = instant(record.at)
        .map(|at| at.to_rfc3339())
        .unwrap_or_default();
    // Writing to a text does not fail.
    let _ = write!(
        text,
        "{},{at},{},{},{},{},{},{},{},{},{},{},{}\r\n",
        record.id,
        record.key_id,
        quoted(&record.key_name),
        quoted(&record.upstream),
        quoted(&record.tool),
        quoted(&record.outcome),
        record.duration_us,
        record.request_bytes,
        record.result_bytes,
        record.cached,
        record.owner_id,
        quoted(&record.owner_name),
    );
}
