//! `/policies/{policy}/edit`: other rules.

use super::form::{self, RuleFields};
use crate::{
    address::Path,
    components::{
        content::PageHead,
        form::{Posted, Problems},
        shell::{Section, Shell},
    },
    csrf::{Checked, CsrfField},
    load::{Failure, load},
    render,
    saving::save as saved,
    visitor::{Operator, Visitor},
};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::v1;

pub(super) async fn found(visitor: &Visitor, policy: &str) -> Result<v1::Policy, Failure> {
    let policy = policy.to_owned();
    let mut policies = visitor.control.policies();
    let found = load(async { policies.get_policy(v1::GetPolicyRequest { policy }).await }).await?;
    Ok(found.into_inner())
}

pub(super) async fn show(Operator(visitor): Operator, Path(policy): Path<String>) -> Response {
    match found(&visitor, &policy).await {
        Ok(policy) => {
            let posted = form::of(policy.rules.as_ref().unwrap_or(&v1::Rules::default()));
            page(&visitor, StatusCode::OK, &policy, posted)
        }
        Err(failure) => failure.show(&visitor),
    }
}

pub(super) async fn save(
    Path(policy): Path<String>,
    Checked { visitor, form }: Checked<Vec<(String, String)>, Operator>,
) -> Response {
    let Operator(visitor) = visitor;
    let policy = match found(&visitor, &policy).await {
        Ok(policy) => policy,
        Err(failure) => return failure.show(&visitor),
    };
    let mut posted = Posted::new(form);
    let rules = form::rules(&mut posted);
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    if posted.is_refused() {
        return page(&visitor, refused, &policy, posted);
    }
    let mut policies = visitor.control.policies();
    let request = v1::UpdatePolicyRequest {
        policy: policy.id.clone(),
        rules: Some(rules),
    };
    let change = async { policies.update_policy(request).await };
    match saved(&mut posted, change).await {
        Ok(Some(_)) => {
            let then = format!("/policies/{}?done=changed", policy.id);
            Redirect::to(&then).into_response()
        }
        Ok(None) => page(&visitor, refused, &policy, posted),
        Err(failure) => failure.show(&visitor),
    }
}

fn page(visitor: &Visitor, status: StatusCode, policy: &v1::Policy, posted: Posted) -> Response {
    let (id, name) = (policy.id.clone(), policy.name.clone());
    render::following_page_of(visitor, status, || {
        view! { <Edit id=id name=name posted=posted/> }
    })
}

#[component]
fn Edit(id: String, name: String, posted: Posted) -> impl IntoView {
    let title = format!("Rules of {name}");
    view! {
        <Shell title=title.clone() section=Section::Policies>
            <PageHead
                title=title
                lead="They hold on every edge from the next call on. What they were stays among the versions."
                back=("/policies", "Policies")
            />
            <Problems posted=posted.clone()/>
            <form
                method="post"
                action=format!("/policies/{id}/edit")
                class="form panel"
                data-check="/policies/check"
            >
                <CsrfField/>
                <input type="hidden" name="policy" value=id.clone()/>
                <RuleFields posted=posted/>
                <div class="row">
                    <button type="submit">"Save"</button>
                    <a class="button second" href=format!("/policies/{id}")>"Cancel"</a>
                </div>
            </form>
        </Shell>
    }
}
