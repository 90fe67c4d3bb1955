//! `/policies`: what may be used, by whom.

mod affected;
mod check;
mod create;
mod detail;
mod edit;
mod form;
mod rules;
mod test;

use crate::{
    Site,
    address::Query,
    components::{
        content::{Badge, Chips, Empty, PageHead, Tone},
        shell::{Section, Shell},
        table::{Cell, Pages, Table},
        time::{As, Time},
    },
    load::load,
    part::Part,
    render,
    visitor::Overseer,
};
use axum::{
    Router,
    response::Response,
    routing::{get, post},
};
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::v1;
pub(crate) use rules::tier_said;
use serde::Deserialize;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/policies", get(show).post(create::create))
        .route("/policies/new", get(create::show))
        .route("/policies/check", post(check::check))
        .route("/policies/test", get(test::show).post(test::test))
        .route("/policies/{policy}", get(detail::show))
        .route("/policies/{policy}/edit", get(edit::show).post(edit::save))
        .route("/policies/{policy}/affected", get(affected::show))
        .route("/policies/{policy}/restore", post(detail::restore))
        .route("/policies/{policy}/delete", post(detail::delete))
}

#[derive(Deserialize)]
struct Asked {
    /// What a name has in it.
    #[serde(default)]
    q: String,
    #[serde(default)]
    cursor: String,
    /// What was done before this page was shown.
    #[serde(default)]
    done: String,
}

async fn show(Overseer(visitor): Overseer, Query(asked): Query<Asked>) -> Response {
    let mut policies = visitor.control.policies();
    let listing = async { policies.list_policies(v1::ListPoliciesRequest {}).await };
    let mut listed = match load(listing).await {
        Ok(listed) => listed.into_inner().policies,
        Err(failure) => return failure.show(&visitor),
    };
    let wanted = asked.q.to_lowercase();
    listed.retain(|policy| policy.name.to_lowercase().contains(&wanted));
    let part = Part::of(listed, &asked.cursor, |policy| &policy.name);
    let may_change = visitor.operates();
    render::page_of(&visitor, StatusCode::OK, || {
        view! { <List part=part asked=asked may_change=may_change/> }
    })
}

#[component]
fn List(part: Part<v1::Policy>, asked: Asked, may_change: bool) -> impl IntoView {
    let make = || view! { <a class="button" href="/policies/new">"Make a policy"</a> };
    let empty = part.rows.is_empty();
    let list = format!(
        "/policies?q={}",
        crate::components::table::encoded(&asked.q)
    );
    let rows = part
        .rows
        .into_iter()
        .map(|policy| view! { <Row policy=policy/> });
    let rows = rows.collect_view();
    view! {
        <Shell title="Policies" section=Section::Policies>
            <PageHead
                title="Policies"
                lead="What is not allowed by a policy is refused. A key never does more than its owner may."
            >
                <a class="button second" href="/policies/test">"Test a call"</a>
                {may_change.then(make)}
            </PageHead>
            {(asked.done == "deleted")
                .then(|| view! { <super::Done what="The policy is deleted."/> })}
            <form method="get" action="/policies" class="filters" role="search">
                <div class="field">
                    <label for="q">"Name"</label>
                    <input id="q" name="q" type="search" value=asked.q/>
                </div>
                <button type="submit" class="second">"Search"</button>
            </form>
            {if empty {
                view! {
                    <Empty title="There is no such policy">
                        <p>"A policy is made from a preset, or rule by rule, and then given to users, groups or keys."</p>
                        {may_change.then(make)}
                    </Empty>
                }
                    .into_any()
            } else {
                view! {
                    <div class="panel">
                        <Table
                            caption="Policies by name"
                            quiet=true
                            columns=vec!["Policy", "Allows", "At most", "Preset", "#Version", "Changed"]
                        >
                            {rows}
                        </Table>
                        <Pages list=list later=part.later next=part.next/>
                    </div>
                }
                    .into_any()
            }}
        </Shell>
    }
}

#[component]
fn Row(policy: v1::Policy) -> impl IntoView {
    let (allows, at_most) = if let Some(rules) = &policy.rules {
        let allows = view! { <Chips of=rules::in_short(rules)/> };
        (allows.into_any(), tier_said(rules.max_tier()).into_any())
    } else {
        let unreadable = view! { <Badge tone=Tone::Bad text="Cannot be read"/> };
        (unreadable.into_any(), "nothing".into_any())
    };
    view! {
        <tr>
            <th scope="row">
                <a class="first" href=format!("/policies/{}", policy.id)>{policy.name}</a>
            </th>
            <Cell label="Allows">{allows}</Cell>
            <Cell label="At most">{at_most}</Cell>
            <Cell label="Preset">{policy.preset.unwrap_or_default()}</Cell>
            <Cell label="Version" number=true>{policy.version}</Cell>
            <Cell label="Changed"><Time at=policy.updated_at shown=As::Distance/></Cell>
        </tr>
    }
}
