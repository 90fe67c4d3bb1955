//! `/groups`: users who may do the same.

use super::{
    Done,
    given::{Given, GivenFields},
    objects::{self, Object, One},
};
use crate::{
    Site,
    components::{
        content::{Chips, Empty, PageHead, Panel},
        form::{AreaField, Posted, Problems, TextField},
        shell::{Section, Shell},
        table::{Cell, Pages, Table},
    },
    csrf::CsrfField,
    load::Failure,
    part::Part,
    saving::save,
    visitor::{Administrator, Visitor},
};
use axum::Router;
use leptos::prelude::*;
use ostia_proto::v1;
use tonic::Status;

pub(crate) fn routes() -> Router<Site> {
    objects::routes::<v1::Group>()
}

impl Object for v1::Group {
    const LIST: &'static str = "/groups";
    const MADE: &'static str =
        "The group is made. Keys of its members are judged by it from the next call on.";
    const CHANGED: &'static str =
        "The group is as it is here. Keys are judged by it from the next call on.";
    const DELETED: &'static str = "The group is deleted. Its members stay.";
    type Keeper = Administrator;
    type Beside = Given;

    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn form(&self) -> Posted {
        let mut posted = Posted::default();
        posted.push("name", &self.name);
        for policy in &self.policies {
            posted.push("policies", policy);
        }
        posted.push("plan", self.plan.clone().unwrap_or_default());
        posted.push("members", self.members.join("\n"));
        posted
    }

    async fn all(visitor: &Visitor) -> Result<Vec<Self>, Status> {
        let mut groups = visitor.control.groups();
        let listed = groups.list_groups(v1::ListGroupsRequest {}).await?;
        Ok(listed.into_inner().groups)
    }

    async fn find(visitor: &Visitor, group: String) -> Result<Self, Status> {
        let mut groups = visitor.control.groups();
        let found = groups.get_group(v1::GetGroupRequest { group }).await?;
        Ok(found.into_inner())
    }

    async fn beside(_: &Site, visitor: &Visitor) -> Result<Given, Status> {
        Given::of(visitor).await
    }

    async fn save(
        visitor: &Visitor,
        before: Option<&Self>,
        posted: &mut Posted,
    ) -> Result<Option<Self>, Failure> {
        let policies: Vec<_> = posted.all("policies").map(str::to_owned).collect();
        let (name, plan) = (posted.get("name").to_owned(), posted.get("plan").to_owned());
        let members = posted.lines("members");
        let mut groups = visitor.control.groups();
        let saved = if let Some(before) = before {
            let request = v1::UpdateGroupRequest {
                group: before.id.clone(),
                name: Some(name),
                policies: Some(v1::GroupPolicies { names: policies }),
                plan: Some(plan),
                members: Some(v1::GroupMembers { names: members }),
            };
            save(posted, async { groups.update_group(request).await }).await
        } else {
            let request = v1::CreateGroupRequest {
                name,
                policies,
                plan: (!plan.is_empty()).then_some(plan),
                members,
            };
            save(posted, async { groups.create_group(request).await }).await
        };
        // The group is there, as is everything that can be chosen: a name that was typed is not.
        if matches!(saved, Err(Failure::NotThere)) {
            posted.refuse("members", "has a name that no user has");
            return Ok(None);
        }
        saved
    }

    async fn delete(&self, visitor: &Visitor) -> Result<(), Status> {
        let group = self.id.clone();
        let mut groups = visitor.control.groups();
        groups
            .delete_group(v1::DeleteGroupRequest { group })
            .await?;
        Ok(())
    }

    fn list(part: Part<Self>, may_change: bool, done: Option<&'static str>) -> AnyView {
        view! { <List part=part may_change=may_change done=done/> }.into_any()
    }

    fn one(page: One<Self>) -> AnyView {
        view! { <Edit page=page/> }.into_any()
    }
}

#[component]
fn List(part: Part<v1::Group>, may_change: bool, done: Option<&'static str>) -> impl IntoView {
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
            {done.map(|what| view! { <Done what=what/> })}
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
    }
}

#[component]
fn Edit(page: One<v1::Group>) -> impl IntoView {
    let (title, action) = page.head("Make a group");
    let removal = page.removal(
        "Delete the group",
        "Its members lose what only it gave them, from the next call on.",
    );
    let posted = page.posted;
    let body = if page.may_change {
        view! { <Form action=action posted=posted.clone() given=page.beside/> }.into_any()
    } else {
        view! { <Facts group=page.object.unwrap_or_default()/> }.into_any()
    };
    view! {
        <Shell title=title.clone() section=Section::Users>
            <PageHead title=title back=("/groups", "Groups")/>
            {page.done.map(|what| view! { <Done what=what/> })}
            <Problems posted=posted/>
            {body}
            {removal}
        </Shell>
    }
}

#[component]
fn Form(action: String, posted: Posted, given: Given) -> impl IntoView {
    view! {
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
    }
}
