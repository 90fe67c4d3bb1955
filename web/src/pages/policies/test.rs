//! `/policies/test`: may this key call this tool now, and which rule says so.

use crate::{
    address::Query,
    components::{
        content::{Notice, PageHead, Tone, pretty},
        form::{AreaField, Posted, Problems, TextField},
        number,
        shell::{Section, Shell},
    },
    csrf::{Checked, CsrfField},
    load::Failure,
    render,
    saving::save,
    visitor::{Overseer, Visitor},
};
use axum::response::Response;
use http::StatusCode;
use leptos::prelude::*;
use ostia_domain::key::Presented;
use ostia_proto::v1;
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    key: String,
    #[serde(default)]
    tool: String,
}

pub(super) async fn show(Overseer(visitor): Overseer, Query(asked): Query<Asked>) -> Response {
    let mut posted = Posted::default();
    posted.push("key", asked.key);
    posted.push("tool", asked.tool);
    page(&visitor, StatusCode::OK, posted, None)
}

/// By POST, because arguments are nobody's business who reads logs of addresses. Of a whole key only what it
/// begins with goes on, and back to the page.
pub(super) async fn test(
    Checked { visitor, form }: Checked<Vec<(String, String)>, Overseer>,
) -> Response {
    let Overseer(visitor) = visitor;
    let mut posted = Posted::new(form);
    if let Ok(whole) = Presented::parse(posted.get("key")) {
        let begins = format!("ost_{}_{}", whole.mode.as_str(), whole.public_id());
        posted.set("key", begins);
    }
    let (arguments, address) = (posted.get("arguments"), posted.get("address").trim());
    let request = v1::TestAccessRequest {
        key: posted.get("key").to_owned(),
        tool: posted.get("tool").to_owned(),
        arguments: (!arguments.is_empty()).then(|| arguments.to_owned()),
        address: (!address.is_empty()).then(|| address.to_owned()),
    };
    let mut policies = visitor.control.policies();
    let change = async { policies.test_access(request).await };
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    match save(&mut posted, change).await {
        Ok(Some(answer)) => page(&visitor, StatusCode::OK, posted, Some(answer)),
        Ok(None) => page(&visitor, refused, posted, None),
        Err(Failure::NotThere) => {
            posted.refuse("key", "there is no such key");
            page(&visitor, refused, posted, None)
        }
        Err(failure) => failure.show(&visitor),
    }
}

fn page(
    visitor: &Visitor,
    status: StatusCode,
    posted: Posted,
    answer: Option<v1::TestAccessResponse>,
) -> Response {
    render::page_of(visitor, status, || {
        view! { <Test posted=posted answer=answer/> }
    })
}

#[component]
fn Test(posted: Posted, answer: Option<v1::TestAccessResponse>) -> impl IntoView {
    view! {
        <Shell title="Test a call" section=Section::Policies>
            <PageHead
                title="Test a call"
                lead="Judged by the same function that edges run. Nothing is called, and nothing is counted."
                back=("/policies", "Policies")
            />
            <Problems posted=posted.clone()/>
            {answer.map(|answer| view! { <Verdict answer=answer/> })}
            <form method="post" action="/policies/test" class="form panel">
                <CsrfField/>
                <TextField
                    posted=posted.clone()
                    name="key"
                    label="Key"
                    hint="What a key begins with (ost_live_ and 12 characters), or its id; never the whole key."
                    required=true
                />
                <TextField
                    posted=posted.clone()
                    name="tool"
                    label="Tool"
                    hint="As upstream.tool, or the name that clients see."
                    required=true
                />
                <AreaField
                    posted=posted.clone()
                    name="arguments"
                    label="Arguments"
                    hint="A JSON object. Left empty: whether any arguments would pass."
                />
                <TextField
                    posted=posted
                    name="address"
                    label="Address"
                    hint="The IP address of the client. Left empty: a key's networks are shown, not judged."
                />
                <div class="row"><button type="submit">"Test"</button></div>
            </form>
        </Shell>
    }
}

#[component]
fn Verdict(answer: v1::TestAccessResponse) -> impl IntoView {
    let (tone, title) = if answer.allowed {
        (Tone::Good, format!("{} may be called", answer.tool))
    } else {
        (Tone::Bad, format!("{} may not be called", answer.tool))
    };
    let limits = answer.limits.unwrap_or_default();
    let limits = [
        limits
            .calls_per_minute
            .map(|n| format!("{n} calls a minute")),
        limits.max_results.map(|n| format!("{n} results")),
        limits.max_result_bytes.map(number::bytes),
        limits
            .timeout_ms
            .map(|n| number::duration(n.saturating_mul(1_000))),
    ];
    let limits: Vec<_> = limits.into_iter().flatten().collect();
    let networks = answer.networks.join(", ");
    view! {
        <Notice tone=tone title=title>
            <p>"Decided by: " <code>{pretty(&answer.rule)}</code></p>
            {(!limits.is_empty()).then(|| view! { <p>{format!("Limited to {}.", limits.join(", "))}</p> })}
            {(!networks.is_empty()).then(|| view! { <p>"Only from " <code>{networks}</code> "."</p> })}
        </Notice>
    }
}
