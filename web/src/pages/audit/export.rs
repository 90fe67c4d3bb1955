//! `/audit.csv` and `/audit.jsonl`: every event that the filters leave, oldest first. They are written while they
//! are read, so that nothing holds more than a page of them.

use super::filter::{Filter, request};
use crate::{
    address::Query,
    api::AuditEvent,
    csv::quoted,
    load::{Failure, load},
    visitor::Overseer,
};
use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use futures_util::{StreamExt as _, stream};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use ostia_proto::{ControlClient, v1};
use serde_json::Value;
use std::io;
use tonic::Status;
use uuid::Uuid;

const PAGE: u32 = 1_000;
/// As `ostia audit export` has them.
const COLUMNS: [&str; 23] = [
    "id",
    "at",
    "request_id",
    "actor",
    "key_id",
    "user_id",
    "action",
    "target",
    "outcome",
    "error",
    "rule",
    "arguments_digest",
    "duration_us",
    "request_bytes",
    "result_bytes",
    "upstream_status",
    "remote_address",
    "client",
    "detail",
    "writer",
    "sequence",
    "previous_hash",
    "hash",
];

#[derive(Clone, Copy)]
enum Form {
    Csv,
    /// One object per line.
    JsonLines,
}

pub(super) async fn csv(overseer: Overseer, Query(filter): Query<Filter>) -> Response {
    download(overseer, filter, Form::Csv).await
}

pub(super) async fn json_lines(overseer: Overseer, Query(filter): Query<Filter>) -> Response {
    download(overseer, filter, Form::JsonLines).await
}

async fn download(Overseer(visitor): Overseer, filter: Filter, form: Form) -> Response {
    let mut posted = filter.posted();
    let Some(narrowed) = request(&mut posted) else {
        let said = "from, to: one of them is no time, as 2026-11-21T10:00";
        return Failure::Refused(Status::invalid_argument(said)).show(&visitor);
    };
    let mut rest = Rest {
        control: visitor.control.clone(),
        request: v1::ListEventsRequest {
            // Oldest first: what happens meanwhile comes at the end, and not between two pages.
            after: Some(Uuid::nil().to_string()),
            page_size: PAGE,
            ..narrowed
        },
        done: false,
    };
    // What is wrong with the question is said on a page; once the file has begun it can only be cut off.
    let first = match rest.page().await {
        Ok(first) => first,
        Err(failure) => return failure.show(&visitor),
    };
    let first = form.text(first).map(|text| form.head() + &text);
    let rest = stream::try_unfold(rest, move |rest| rest.text(form));
    let file = stream::iter([first]).chain(rest);
    let headers = [
        (CONTENT_TYPE, form.content_type()),
        (CONTENT_DISPOSITION, form.disposition()),
    ];
    (headers, Body::from_stream(file)).into_response()
}

/// Events that are still to be written.
struct Rest {
    control: ControlClient,
    request: v1::ListEventsRequest,
    done: bool,
}

impl Rest {
    /// The next page as the file has it, and what is left after it.
    async fn text(mut self, form: Form) -> io::Result<Option<(String, Self)>> {
        if self.done {
            return Ok(None);
        }
        let page = self.page().await.map_err(|failure| {
            tracing::warn!(?failure, "an export of audit events ends early");
            io::Error::other("control does not answer")
        })?;
        Ok(Some((form.text(page)?, self)))
    }

    async fn page(&mut self) -> Result<Vec<v1::AuditEvent>, Failure> {
        let mut audit = self.control.audit();
        let request = self.request.clone();
        let listed = load(async { audit.list_events(request).await }).await?;
        let events = listed.into_inner().events;
        match events.last() {
            Some(last) if events.len() == PAGE as usize => {
                self.request.after = Some(last.id.clone());
            }
            _ => self.done = true,
        }
        Ok(events)
    }
}

impl Form {
    fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::JsonLines => "application/x-ndjson",
        }
    }

    fn disposition(self) -> &'static str {
        match self {
            Self::Csv => "attachment; filename=\"ostia-audit.csv\"",
            Self::JsonLines => "attachment; filename=\"ostia-audit.jsonl\"",
        }
    }

    fn head(self) -> String {
        match self {
            Self::Csv => COLUMNS.join(",") + "\r\n",
            Self::JsonLines => String::new(),
        }
    }

    fn text(self, events: Vec<v1::AuditEvent>) -> io::Result<String> {
        let mut text = String::new();
        for event in events {
            let event = AuditEvent::from(event);
            match self {
                Self::Csv => {
                    let row = serde_json::to_value(event)?;
                    text += &COLUMNS.map(|column| cell(&row[column])).join(",");
                    text += "\r\n";
                }
                Self::JsonLines => {
                    text += &serde_json::to_string(&event)?;
                    text.push('\n');
                }
            }
        }
        Ok(text)
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        other => quoted(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_member_of_an_event_has_its_column() {
        let event = AuditEvent::from(v1::AuditEvent::default());
        let members = serde_json::to_value(event).unwrap();
        let members = members.as_object().unwrap().keys().map(String::as_str);
        assert_eq!(members.collect::<BTreeSet<_>>(), BTreeSet::from(COLUMNS));
    }
}
