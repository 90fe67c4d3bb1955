//! `/policies/new`: from a preset, or rule by rule.

use super::{
    form::{self, RuleFields},
    rules::RuleLines,
};
use crate::{
    components::{
        content::PageHead,
        form::{Choice, Choices, Posted, Problems, TextField},
        shell::{Section, Shell},
    },
    csrf::{Checked, CsrfField},
    load::load,
    render,
    saving::save,
    visitor::{Operator, Visitor},
};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::v1::{self, create_policy_request::Source};

pub(super) async fn show(Operator(visitor): Operator) -> Response {
    let mut posted = form::of(&v1::Rules {
        max_tier: v1::Tier::Read.into(),
        ..v1::Rules::default()
    });
    posted.push("source", "rules");
    page(&visitor, StatusCode::OK, posted).await
}

pub(super) async fn create(
    Checked { visitor, form }: Checked<Vec<(String, String)>, Operator>,
) -> Response {
    let Operator(visitor) = visitor;
    let mut posted = Posted::new(form);
    let request = asked(&mut posted);
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    if posted.is_refused() {
        return page(&visitor, refused, posted).await;
    }
    let mut policies = visitor.control.policies();
    let change = async { policies.create_policy(request).await };
    match save(&mut posted, change).await {
        Ok(Some(made)) => Redirect::to(&format!("/policies/{}?done=made", made.id)).into_response(),
        Ok(None) => page(&visitor, refused, posted).await,
        Err(failure) => failure.show(&visitor),
    }
}

/// What the form asks for; what is wrong about a row is in `posted`.
pub(super) fn asked(posted: &mut Posted) -> v1::CreatePolicyRequest {
    let source = match posted.get("source") {
        "" | "rules" => Source::Rules(form::rules(posted)),
        preset => Source::Preset(preset.to_owned()),
    };
    v1::CreatePolicyRequest {
        name: posted.get("name").to_owned(),
        source: Some(source),
    }
}

async fn page(visitor: &Visitor, status: StatusCode, posted: Posted) -> Response {
    let mut policies = visitor.control.policies();
    let listing = async { policies.list_presets(v1::ListPresetsRequest {}).await };
    match load(listing).await {
        Ok(listed) => {
            let presets = listed.into_inner().presets;
            render::following_page_of(visitor, status, || {
                view! { <New posted=posted presets=presets/> }
            })
        }
        Err(failure) => failure.show(visitor),
    }
}

#[component]
fn New(posted: Posted, presets: Vec<v1::Preset>) -> impl IntoView {
    let chosen = posted.get("source").to_owned();
    let own = chosen.is_empty() || chosen == "rules";
    let presets = presets.into_iter().map(|preset| {
        let checked = chosen == preset.name;
        let label = preset.name.clone();
        let rules = preset.rules.unwrap_or_default();
        view! {
            <div class="stack tight">
            <Choice kind="radio" name="source" value=preset.name label=label hint=preset.summary checked=checked/>
            <details class="more">
                <summary>"Its rules"</summary>
                <div class="inside"><RuleLines of=rules/></div>
            </details>
            </div>
        }
    });
    let presets = presets.collect_view();
    view! {
        <Shell title="Make a policy" section=Section::Policies>
            <PageHead title="Make a policy" back=("/policies", "Policies")/>
            <Problems posted=posted.clone()/>
            <form method="post" action="/policies" class="form panel" data-check="/policies/check">
                <CsrfField/>
                <TextField posted=posted.clone() name="name" label="Name" required=true/>
                <Choices
                    posted=posted.clone()
                    name="source"
                    legend="Rules"
                    hint="A preset is copied: changing the policy later changes no preset, and the other way round."
                >
                    <Choice kind="radio" name="source" value="rules" label="Those below" checked=own/>
                    {presets}
                </Choices>
                <RuleFields posted=posted/>
                <div class="row">
                    <button type="submit">"Make the policy"</button>
                    <a class="button second" href="/policies">"Cancel"</a>
                </div>
            </form>
        </Shell>
    }
}
