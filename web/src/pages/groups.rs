//! `/groups`: users who may do the same.

use super::{
    Done,
    given::{Given, GivenFields},
};
use crate::{
    Site,
    components::{
        content::{Chips, Empty, PageHead, Panel},
        form::{AreaField, Posted, Problems, TextField},
        removal::{Removal, confirmed},
        shell::{Section, Shell},
        table::{Cell, Pages, Table},
    },
    csrf::{Checked, CsrfField},
    load::{Failure, load},
    part::{Asked, Part},
    render,
    saving::save as saved,
    visitor::{Administrator, Overseer, Visitor},
};
use axum::{
    Router,
    extract::{Path, Query},
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::v1;
use tonic::Status;

const BACK: (&str, &str) = ("/groups", "Groups");

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/groups", get(list))
        .route("/groups/new", get(fresh).post(create))
        .route("/groups/{group}", get(show).post(save))
        .route("/groups/{group}/delete", post(delete))
}

async fn list(Overseer(visitor): Overseer, Query(asked): Query<Asked>) -> Response {
    let mut groups = visitor.control.groups();
    let listing = async { groups.list_groups(v1::ListGroupsRequest {}).await };
    let listed = match load(listing).await {
        Ok(listed) => listed.into_inner().groups,
        Err(failure) => return failure.show(&visitor),
    };
    let part = Part::of(listed, &asked.cursor, |group| &group.name);
    let (may_change, deleted) = (visitor.administers(), asked.done == "deleted");
    render::page_of(&visitor, StatusCode::OK, || {
        view! { <List part=part may_change=may_change deleted=deleted/> }
    })
}

async fn found(visitor: &Visitor, group: &str) -> Result<v1::Group, Status> {
    let group = group.to_owned();
    let mut groups = visitor.control.groups();
    let found = groups.get_group(v1::GetGroupRequest { group }).await?;
    Ok(found.into_inner())
}

fn of(group: &v1::Group) -> Posted {
    let mut posted = Posted::default();
    posted.push("name", &group.name);
    for policy in &group.policies {
        posted.push("policies", policy);
    }
    posted.push("plan", group.plan.clone().unwrap_or_default());
    posted.push("members", group.members.join("\n"));
    posted
}

async fn show(
    Overseer(visitor): Overseer,
    Path(group): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let loading = async { tokio::try_join!(found(&visitor, &group), Given::of(&visitor)) };
    match load(loading).await {
        Ok((group, given)) => {
            let done = asked.done == "changed";
            let posted = of(&group);
            page(&visitor, StatusCode::OK, Some(group), posted, given, done)
        }
        Err(failure) => failure.show(&visitor),
    }
}

async fn fresh(visitor: Administrator) -> Response {
    let visitor = visitor.0;
    match load(Given::of(&visitor)).await {
        Ok(given) => page(
            &visitor,
            StatusCode::OK,
            None,
            Posted::default(),
            given,
            false,
        ),
        Err(failure) => failure.show(&visitor),
    }
}

fn names(posted: &Posted, field: &str) -> Vec<String> {
    posted.all(field).map(str::to_owned).collect()
}

async fn create(
    Checked { visitor, form }: Checked<Vec<(String, String)>, Administrator>,
) -> Response {
    let Administrator(visitor) = visitor;
    let mut posted = Posted::new(form);
    let plan = posted.get("plan");
    let request = v1::CreateGroupRequest {
        name: posted.get("name").to_owned(),
        policies: names(&posted, "policies"),
        plan: (!plan.is_empty()).then(|| plan.to_owned()),
        members: posted.lines("members"),
    };
    let mut groups = visitor.control.groups();
    let change = async { groups.create_group(request).await };
    match refusing_unknown(saved(&mut posted, change).await, &mut posted) {
        Ok(Some(made)) => {
            Redirect::to(&format!("/groups/{}?done=changed", made.id)).into_response()
        }
        Ok(None) => again(&visitor, None, posted).await,
        Err(failure) => failure.show(&visitor),
    }
}

async fn save(
    Path(group): Path<String>,
    Checked { visitor, form }: Checked<Vec<(String, String)>, Administrator>,
) -> Response {
    let Administrator(visitor) = visitor;
    let group = match load(found(&visitor, &group)).await {
        Ok(group) => group,
        Err(failure) => return failure.show(&visitor),
    };
    let mut posted = Posted::new(form);
    let request = v1::UpdateGroupRequest {
        group: group.id.clone(),
        name: Some(posted.get("name").to_owned()),
        policies: Some(v1::GroupPolicies {
            names: names(&posted, "policies"),
        }),
        plan: Some(posted.get("plan").to_owned()),
        members: Some(v1::GroupMembers {
            names: posted.lines("members"),
        }),
    };
    let mut groups = visitor.control.groups();
    let change = async { groups.update_group(request).await };
    match refusing_unknown(saved(&mut posted, change).await, &mut posted) {
        Ok(Some(group)) => {
            Redirect::to(&format!("/groups/{}?done=changed", group.id)).into_response()
        }
        Ok(None) => again(&visitor, Some(group), posted).await,
        Err(failure) => failure.show(&visitor),
    }
}

/// The group is there, as is everything that can be chosen: a name that was typed is not.
fn refusing_unknown<T>(
    answer: Result<Option<T>, Failure>,
    posted: &mut Posted,
) -> Result<Option<T>, Failure> {
    match answer {
        Err(Failure::NotThere) => {
            posted.refuse("members", "has a name that no user has");
            Ok(None)
        }
        answer => answer,
    }
}

async fn delete(
    Path(group): Path<String>,
    Checked { visitor, form }: Checked<Vec<(String, String)>, Administrator>,
) -> Response {
    let Administrator(visitor) = visitor;
    let mut typed = Posted::new(form);
    let group = match load(found(&visitor, &group)).await {
        Ok(group) => group,
        Err(failure) => return failure.show(&visitor),
    };
    if !confirmed(&mut typed, &group.name) {
        let mut posted = of(&group);
        posted.refuse("confirm", typed.problem("confirm").unwrap_or_default());
        return again(&visitor, Some(group), posted).await;
    }
    let mut groups = visitor.control.groups();
    let request = v1::DeleteGroupRequest { group: group.id };
    match load(async { groups.delete_group(request).await }).await {
        Ok(_) => Redirect::to("/groups?done=deleted").into_response(),
        Err(failure) => failure.show(&visitor),
    }
}

async fn again(visitor: &Visitor, group: Option<v1::Group>, posted: Posted) -> Response {
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    match load(Given::of(visitor)).await {
        Ok(given) => page(visitor, refused, group, posted, given, false),
        Err(failure) => failure.show(visitor),
    }
}

fn page(
    visitor: &Visitor,
    status: StatusCode,
    group: Option<v1::Group>,
    posted: Posted,
    given: Given,
    done: bool,
) -> Response {
    let may_change = visitor.administers();
    render::page_of(visitor, status, || match group {
        Some(group) if !may_change => view! { <Facts group=group/> }.into_any(),
        group => view! { <Edit group=group posted=posted given=given done=done/> }.into_any(),
    })
}

#[component]
fn List(part: Part<v1::Group>, may_change: bool, deleted: bool) -> impl IntoView {
    let make =
        may_change.then(|| view! { <a class="button" href="/groups/new">"Make a group"</a> });
    let empty = part.rows.is_empty();
    let rows = part.rows.into_iter().map(|group| {
        let members = group.members.len().to_string();
        view! {
            <tr>
                <th scope="row"><a class="first" href=format!("/groups/{}", group.id)>{group.name}</a></th>
                <Cell label="Policies"><Chips of=group.policies/></Cell>
                <Cell label="Plan">{group.plan.unwrap_or_default()}</Cell>
                <Cell label="Members" number=true>{members}</Cell>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Shell title="Groups" section=Section::Users>
            <PageHead title="Groups" lead="Each member may use what the group's policies permit." back=("/users", "Users")>
                {make}
            </PageHead>
            {deleted.then(|| view! { <Done what="The group is deleted. Its members stay."/> })}
            {if empty {
                view! {
                    <Empty title="There are no groups">
                        <p>"Give policies and a plan to several users at once. Administrators make groups."</p>
                    </Empty>
                }
                    .into_any()
            } else {
                view! {
                    <div class="panel">
                        <Table caption="Groups by name" quiet=true columns=vec!["Group", "Policies", "Plan", "#Members"]>
                            {rows}
                        </Table>
                        <Pages list="/groups" later=part.later next=part.next/>
                    </div>
                }
                    .into_any()
            }}
        </Shell>
    }
}

#[component]
fn Facts(group: v1::Group) -> impl IntoView {
    view! {
        <Shell title=group.name.clone() section=Section::Users>
            <PageHead title=group.name back=BACK/>
            <Panel title="About">
                <dl class="facts">
                    <dt>"Policies"</dt>
                    <dd><Chips of=group.policies/></dd>
                    <dt>"Plan"</dt>
                    <dd>{group.plan.unwrap_or_else(|| "none".to_owned())}</dd>
                    <dt>"Members"</dt>
                    <dd><Chips of=group.members/></dd>
                </dl>
            </Panel>
        </Shell>
    }
}

#[component]
fn Edit(group: Option<v1::Group>, posted: Posted, given: Given, done: bool) -> impl IntoView {
    let (title, action) = match &group {
        Some(group) => (group.name.clone(), format!("/groups/{}", group.id)),
        None => ("Make a group".to_owned(), "/groups/new".to_owned()),
    };
    let typed = posted.clone();
    let removal = group.map(|group| {
        view! {
            <Panel title="End it">
                <Removal
                    posted=typed
                    name=group.name
                    action=format!("/groups/{}/delete", group.id)
                    said="Delete the group"
                    why="Its members lose what only it gave them, from the next call on."
                />
            </Panel>
        }
    });
    view! {
        <Shell title=title.clone() section=Section::Users>
            <PageHead title=title back=BACK/>
            {done.then(|| view! { <Done what="The group is as it is here. Keys are judged by it from the next call on."/> })}
            <Problems posted=posted.clone()/>
            <form method="post" action=action class="form panel">
                <CsrfField/>
                <TextField posted=posted.clone() name="name" label="Name" required=true/>
                <GivenFields posted=posted.clone() given=given plan_hint="Each member counts against it with all of their keys."/>
                <AreaField posted=posted name="members" label="Members" hint="Names of users, one on a line." rows=6/>
                <div class="row">
                    <button type="submit">"Save"</button>
                    <a class="button second" href="/groups">"Cancel"</a>
                </div>
            </form>
            {removal}
        </Shell>
    }
}
