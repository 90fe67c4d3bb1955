//! `/policies/{policy}`: its rules, what they were, and what can be done with it.

use super::{
    edit::found,
    rules::{Changes, RuleLines},
};
use crate::{
    address::{Path, Query},
    components::{
        content::{Notice, PageHead, Panel, Tone},
        form::Posted,
        removal::{Removal, confirmed},
        shell::{Section, Shell},
        table::{Cell, Table},
        time::{As, Time},
    },
    csrf::{Checked, CsrfField},
    load::load,
    pages::Done,
    render,
    saving::save,
    visitor::{Operator, Overseer, Visitor},
};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::v1;
use serde::Deserialize;
use tonic::Status;

const UNREADABLE: &str = "This version of Ostia cannot read the rules: whatever the policy governs is refused. \
                          Change the rules, restore a version, or delete the policy.";

pub(super) async fn show(
    Overseer(visitor): Overseer,
    Path(policy): Path<String>,
    Query(asked): Query<super::Asked>,
) -> Response {
    let done = match &*asked.done {
        "made" => Some("The policy is made. Give it to users, groups or keys."),
        "changed" => {
            Some("The rules are changed. Every edge judges by them from the next call on.")
        }
        "restored" => Some("The earlier rules hold again, as a new version."),
        _ => None,
    };
    page(&visitor, StatusCode::OK, &policy, Posted::default(), done).await
}

struct Shown {
    policy: v1::Policy,
    /// Newest first.
    versions: Vec<v1::PolicyVersion>,
    posted: Posted,
    done: Option<&'static str>,
    may_change: bool,
}

async fn page(
    visitor: &Visitor,
    status: StatusCode,
    policy: &str,
    posted: Posted,
    done: Option<&'static str>,
) -> Response {
    match load(loaded(visitor, policy)).await {
        Ok((policy, versions)) => {
            let shown = Shown {
                policy,
                versions,
                posted,
                done,
                may_change: visitor.operates(),
            };
            render::page_of(visitor, status, || view! { <Detail shown=shown/> })
        }
        Err(failure) => failure.show(visitor),
    }
}

async fn loaded(
    visitor: &Visitor,
    policy: &str,
) -> Result<(v1::Policy, Vec<v1::PolicyVersion>), Status> {
    let (mut policies, mut same) = (visitor.control.policies(), visitor.control.policies());
    let named = || policy.to_owned();
    let (policy, versions) = tokio::try_join!(
        policies.get_policy(v1::GetPolicyRequest { policy: named() }),
        same.list_policy_versions(v1::ListPolicyVersionsRequest { policy: named() }),
    )?;
    Ok((policy.into_inner(), versions.into_inner().versions))
}

#[derive(Deserialize)]
pub(super) struct Restored {
    version: u32,
}

pub(super) async fn restore(
    Path(policy): Path<String>,
    Checked { visitor, form }: Checked<Restored, Operator>,
) -> Response {
    let Operator(visitor) = visitor;
    let request = v1::RestorePolicyRequest {
        policy,
        version: form.version,
    };
    let mut policies = visitor.control.policies();
    match load(async { policies.restore_policy(request).await }).await {
        Ok(restored) => {
            let id = restored.into_inner().id;
            Redirect::to(&format!("/policies/{id}?done=restored")).into_response()
        }
        Err(failure) => failure.show(&visitor),
    }
}

pub(super) async fn delete(
    Path(policy): Path<String>,
    Checked { visitor, form }: Checked<Vec<(String, String)>, Operator>,
) -> Response {
    let Operator(visitor) = visitor;
    let mut posted = Posted::new(form);
    let policy = match found(&visitor, &policy).await {
        Ok(policy) => policy,
        Err(failure) => return failure.show(&visitor),
    };
    if confirmed(&mut posted, &policy.name) {
        let mut policies = visitor.control.policies();
        let request = v1::DeletePolicyRequest {
            policy: policy.id.clone(),
        };
        let change = async { policies.delete_policy(request).await };
        match save(&mut posted, change).await {
            Ok(Some(_)) => return Redirect::to("/policies?done=deleted").into_response(),
            Ok(None) => {
                let said = posted.problem("").unwrap_or_default();
                posted.refuse("confirm", said);
            }
            Err(failure) => return failure.show(&visitor),
        }
    }
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    page(&visitor, refused, &policy.id, posted, None).await
}

#[component]
fn Detail(shown: Shown) -> impl IntoView {
    let policy = shown.policy;
    let (id, name) = (policy.id.clone(), policy.name.clone());
    let unreadable = policy.rules.is_none();
    let rules = policy.rules.unwrap_or_default();
    let lead = match &policy.preset {
        Some(preset) => format!("Version {}, from the preset {preset}", policy.version),
        None => format!("Version {}", policy.version),
    };
    let may_change = shown.may_change;
    let edit = format!("/policies/{id}/edit");
    let removal = format!("/policies/{id}/delete");
    let affected = format!("/policies/{id}/affected");
    view! {
        <Shell title=name.clone() section=Section::Policies>
            <PageHead title=name.clone() lead=lead back=("/policies", "Policies")>
                <a class="button second" href=affected>"Who does this affect"</a>
                <a class="button second" href="/policies/test">"Test a call"</a>
                {may_change.then(|| view! { <a class="button" href=edit>"Change the rules"</a> })}
            </PageHead>
            {shown.done.map(|what| view! { <Done what=what/> })}
            {unreadable.then(|| view! { <Notice tone=Tone::Bad title=UNREADABLE/> })}
            <Panel title="Rules"><RuleLines of=rules/></Panel>
            <Versions id=id.clone() versions=shown.versions may_change=may_change/>
            {may_change
                .then(|| {
                    view! {
                        <Panel title="End it">
                            <Removal
                                posted=shown.posted
                                name=name
                                action=removal
                                said="Delete the policy"
                                why="Only one that nobody has can be deleted."
                            />
                        </Panel>
                    }
                })}
        </Shell>
    }
}

#[component]
fn Versions(id: String, versions: Vec<v1::PolicyVersion>, may_change: bool) -> impl IntoView {
    let newest = versions.first().map(|version| version.version);
    let rows = versions.into_iter().map(|version| {
        let is_newest = Some(version.version) == newest;
        let action = format!("/policies/{id}/restore");
        view! {
            <tr>
                <th scope="row">{version.version}</th>
                <Cell label="When"><Time at=version.created_at shown=As::Minute/></Cell>
                <Cell label="Who">{version.actor}</Cell>
                <Cell label="What it changed"><Changes of=version.changed/></Cell>
                <Cell label="Restore">
                    {(!is_newest)
                        .then(|| {
                            view! {
                                <details class="more">
                                    <summary>"What restoring it would change"</summary>
                                    <form method="post" action=action class="inside">
                                        <Changes of=version.restoring/>
                                        {may_change
                                            .then(|| {
                                                view! {
                                                    <CsrfField/>
                                                    <input type="hidden" name="version" value=version.version.to_string()/>
                                                    <button type="submit" class="second">
                                                        {format!("Restore version {}", version.version)}
                                                    </button>
                                                }
                                            })}
                                    </form>
                                </details>
                            }
                        })}
                    {is_newest.then_some("holds now")}
                </Cell>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Panel title="Versions" note="Newest first">
            <Table
                caption="Versions of this policy"
                quiet=true
                columns=vec!["Version", "When", "Who", "What it changed", "Restore"]
            >
                {rows}
            </Table>
        </Panel>
    }
}
