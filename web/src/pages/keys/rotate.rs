//! `POST /keys/{key}/rotate`: another secret for a key, and an end for those before.

use super::once;
use crate::{
    Site,
    address::Path,
    components::form::{Choice, Posted},
    csrf::{Checked, CsrfField},
    load::load,
    visitor::Visitor,
};
use axum::{extract::State, response::Response};
use leptos::prelude::*;
use ostia_proto::v1;
use tonic::Status;

/// Seconds, and what is said for them.
const OVERLAPS: [(u64, &str, &str); 4] = [
    (
        86_400,
        "24 hours",
        "Recommended: time enough to change every place that has it",
    ),
    (604_800, "7 days", "Where somebody else has to change it"),
    (3_600, "1 hour", "After it may have been seen by others"),
    (0, "None", "The old secret is refused at once, everywhere"),
];

pub(super) async fn rotate(
    State(site): State<Site>,
    Path(key): Path<String>,
    Checked { visitor, form }: Checked<Vec<(String, String)>>,
) -> Response {
    let mut posted = Posted::new(form);
    let overlap_seconds = posted.number("overlap").unwrap_or(OVERLAPS[0].0);
    let request = v1::RotateKeyRequest {
        key,
        overlap_seconds,
    };
    let rotated = load(rotated(&visitor, request)).await;
    let (key, secret) = match rotated {
        Ok(rotated) => rotated,
        Err(failure) => return failure.show(&visitor),
    };
    let said = OVERLAPS
        .iter()
        .find(|(seconds, ..)| *seconds == overlap_seconds);
    let note = match said {
        Some((0, ..)) => "The secret before it is refused from now on.".to_owned(),
        Some((_, span, _)) => format!("The secret before it works for {span} more."),
        None => format!("The secret before it works for {overlap_seconds} seconds more."),
    };
    let mcp_url = site.config.mcp_url.clone();
    once::show(&visitor, "A new secret", note, &key, secret, mcp_url)
}

async fn rotated(
    visitor: &Visitor,
    request: v1::RotateKeyRequest,
) -> Result<(v1::Key, String), Status> {
    let answer = visitor
        .control
        .keys()
        .rotate_key(request)
        .await?
        .into_inner();
    Ok((answer.key.unwrap_or_default(), answer.secret))
}

#[component]
pub(super) fn RotateForm(key: String) -> impl IntoView {
    let choices = OVERLAPS
        .into_iter()
        .enumerate()
        .map(|(at, (seconds, span, why))| {
            view! {
                <Choice
                    kind="radio"
                    name="overlap"
                    value=seconds.to_string()
                    label=span
                    hint=why
                    checked={at == 0}
                />
            }
        });
    view! {
        <form method="post" action=format!("/keys/{key}/rotate") class="stack">
            <CsrfField/>
            <fieldset>
                <legend>"How long should the secret before it still work?"</legend>
                <div class="choices">{choices.collect_view()}</div>
            </fieldset>
            <div class="row"><button type="submit">"Make a new secret"</button></div>
        </form>
    }
}
