//! `/upstreams/{upstream}/edit`: another definition in the place of one.

use super::{
    detail::found,
    fields::DefinitionFields,
    form::{self, Kind},
    name,
    probe::{Outcome, ProbeButton, Tried, is_wanted, probe},
};
use crate::{
    address::Path,
    components::{
        content::PageHead,
        form::{Posted, Problems},
        shell::{Section, Shell},
    },
    csrf::{Checked, CsrfField},
    load::load,
    render,
    saving::save as saved,
    visitor::{Operator, Visitor},
};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::v1;

const VERSION: &str = "version";

pub(super) async fn show(Operator(visitor): Operator, Path(upstream): Path<String>) -> Response {
    match load(found(&visitor, &upstream)).await {
        Ok(upstream) => {
            let mut posted = upstream
                .definition
                .as_ref()
                .map(form::of)
                .unwrap_or_default();
            posted.push(VERSION, upstream.version.to_string());
            page(&visitor, StatusCode::OK, &upstream, posted, None)
        }
        Err(failure) => failure.show(&visitor),
    }
}

/// Only of the version that the form was made of: whoever changed it meanwhile is not overruled unseen.
pub(super) async fn save(
    Path(upstream): Path<String>,
    Checked { visitor, form }: Checked<Vec<(String, String)>, Operator>,
) -> Response {
    let Operator(visitor) = visitor;
    let upstream = match load(found(&visitor, &upstream)).await {
        Ok(upstream) => upstream,
        Err(failure) => return failure.show(&visitor),
    };
    let mut posted = Posted::new(form);
    let before = upstream.definition.clone().unwrap_or_default();
    let definition = form::definition(&mut posted, Kind::of(&before), Some(&before));
    // There is no version 0.
    let version = posted.number(VERSION).unwrap_or_default();
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    if posted.is_refused() {
        return page(&visitor, refused, &upstream, posted, None);
    }
    if is_wanted(&posted) {
        let of = Some(upstream.id.clone());
        return match probe(&visitor, &mut posted, definition, of).await {
            Ok(Some(tried)) => page(&visitor, StatusCode::OK, &upstream, posted, Some(tried)),
            Ok(None) => page(&visitor, refused, &upstream, posted, None),
            Err(failure) => failure.show(&visitor),
        };
    }
    let mut upstreams = visitor.control.upstreams();
    let request = v1::UpdateUpstreamRequest {
        upstream: upstream.id.clone(),
        definition: Some(definition),
        version: Some(version),
    };
    let change = async { upstreams.update_upstream(request).await };
    match saved(&mut posted, change).await {
        Ok(Some(_)) => {
            Redirect::to(&format!("/upstreams/{}?done=changed", upstream.id)).into_response()
        }
        Ok(None) => page(&visitor, refused, &upstream, posted, None),
        Err(failure) => failure.show(&visitor),
    }
}

fn page(
    visitor: &Visitor,
    status: StatusCode,
    upstream: &v1::Upstream,
    posted: Posted,
    tried: Option<Tried>,
) -> Response {
    let (id, name) = (upstream.id.clone(), name(upstream).to_owned());
    let kind = upstream.definition.as_ref().map_or(Kind::Stdio, Kind::of);
    render::page_of(visitor, status, || {
        view! { <Edit id=id name=name kind=kind posted=posted tried=tried/> }
    })
}

#[component]
fn Edit(
    id: String,
    name: String,
    kind: Kind,
    posted: Posted,
    tried: Option<Tried>,
) -> impl IntoView {
    let title = format!("Change {name}");
    let version = posted.get(VERSION).to_owned();
    view! {
        <Shell title=title.clone() section=Section::Upstreams>
            <PageHead
                title=title
                lead="New calls go to new workers; calls on those before end as they would have."
                back=super::BACK
            />
            <Problems posted=posted.clone()/>
            {tried.map(|tried| view! { <Outcome of=tried/> })}
            <form method="post" action=format!("/upstreams/{id}/edit") class="form panel">
                <CsrfField/>
                <input type="hidden" name=VERSION value=version/>
                <DefinitionFields kind=kind posted=posted changes=true/>
                <div class="row">
                    <button type="submit">"Save"</button>
                    <ProbeButton/>
                    <a class="button second" href=format!("/upstreams/{id}")>"Cancel"</a>
                </div>
            </form>
        </Shell>
    }
}
