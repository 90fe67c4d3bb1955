//! `/upstreams/new`: a command, or an address.

use super::{
    BACK,
    fields::DefinitionFields,
    form::{self, Kind},
    probe::{Outcome, ProbeButton, Tried, is_wanted, probe},
};
use crate::{
    address::Query,
    components::{
        content::PageHead,
        form::{Posted, Problems, TextField},
        shell::{Section, Shell},
    },
    csrf::{Checked, CsrfField},
    render,
    saving::save,
    visitor::{Operator, Visitor},
};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::v1;
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    transport: String,
}

pub(super) async fn show(Operator(visitor): Operator, Query(asked): Query<Asked>) -> Response {
    let kind = Kind::parse(&asked.transport).unwrap_or(Kind::Stdio);
    page(&visitor, StatusCode::OK, kind, form::fresh(), None)
}

pub(super) async fn create(
    Checked { visitor, form }: Checked<Vec<(String, String)>, Operator>,
) -> Response {
    let Operator(visitor) = visitor;
    let mut posted = Posted::new(form);
    let kind = Kind::parse(posted.get("transport")).unwrap_or(Kind::Stdio);
    let definition = form::definition(&mut posted, kind, None);
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    if posted.is_refused() {
        return page(&visitor, refused, kind, posted, None);
    }
    if is_wanted(&posted) {
        return match probe(&visitor, &mut posted, definition, None).await {
            Ok(Some(tried)) => page(&visitor, StatusCode::OK, kind, posted, Some(tried)),
            Ok(None) => page(&visitor, refused, kind, posted, None),
            Err(failure) => failure.show(&visitor),
        };
    }
    let mut upstreams = visitor.control.upstreams();
    let request = v1::AddUpstreamRequest {
        definition: Some(definition),
    };
    let change = async { upstreams.add_upstream(request).await };
    match save(&mut posted, change).await {
        Ok(Some(added)) => {
            Redirect::to(&format!("/upstreams/{}?done=added", added.id)).into_response()
        }
        Ok(None) => page(&visitor, refused, kind, posted, None),
        Err(failure) => failure.show(&visitor),
    }
}

fn page(
    visitor: &Visitor,
    status: StatusCode,
    kind: Kind,
    posted: Posted,
    tried: Option<Tried>,
) -> Response {
    render::page_of(visitor, status, || {
        view! { <New kind=kind posted=posted tried=tried/> }
    })
}

#[component]
fn New(kind: Kind, posted: Posted, tried: Option<Tried>) -> impl IntoView {
    let kinds = Kind::ALL.map(|one| {
        let (class, current) = if one == kind {
            ("button", Some("page"))
        } else {
            ("button second", None)
        };
        let href = format!("/upstreams/new?transport={}", one.name());
        view! { <a class=class href=href aria-current=current>{one.said()}</a> }
    });
    let kinds = kinds.collect_view();
    view! {
        <Shell title="Add an upstream" section=Section::Upstreams>
            <PageHead
                title="Add an upstream"
                lead="Edges reach it as soon as it is added, and list what it offers. Who may use it is for policies to say."
                back=BACK
            >
                <a class="button second" href="/upstreams/import">"Paste a client's file"</a>
            </PageHead>
            <nav class="row" aria-label="How it is reached">{kinds}</nav>
            <Problems posted=posted.clone()/>
            {tried.map(|tried| view! { <Outcome of=tried/> })}
            <form method="post" action="/upstreams/new" class="form panel">
                <CsrfField/>
                <input type="hidden" name="transport" value=kind.name()/>
                <TextField
                    posted=posted.clone()
                    name="name"
                    label="Name"
                    hint="Lower-case letters, digits and hyphens. Policies and clients know it by this name, and it stays."
                    required=true
                />
                <DefinitionFields kind=kind posted=posted changes=false/>
                <div class="row">
                    <button type="submit">"Add the upstream"</button>
                    <ProbeButton/>
                    <a class="button second" href="/upstreams">"Cancel"</a>
                </div>
            </form>
        </Shell>
    }
}
