//! `/policies/{policy}/affected`: who has it, by themselves, by a group, or in a key.

use super::edit::found;
use crate::{
    address::{Path, Query},
    components::{
        content::{Chips, Empty, PageHead, Panel},
        shell::{Section, Shell},
        table::{Cell, Pages, Table},
    },
    load::load,
    render,
    visitor::{Overseer, Visitor},
};
use axum::response::Response;
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::v1;
use tonic::Status;

/// Keys that are shown on one page.
const SHOWN: u32 = 100;

struct Affected {
    users: Vec<String>,
    groups: Vec<v1::Group>,
    keys: Vec<v1::Key>,
    next: String,
}

pub(super) async fn show(
    Overseer(visitor): Overseer,
    Path(policy): Path<String>,
    Query(asked): Query<super::Asked>,
) -> Response {
    let policy = match found(&visitor, &policy).await {
        Ok(policy) => policy,
        Err(failure) => return failure.show(&visitor),
    };
    match load(loaded(&visitor, &policy.name, &asked.cursor)).await {
        Ok(affected) => {
            let later = !asked.cursor.is_empty();
            render::page_of(&visitor, StatusCode::OK, || {
                view! { <Page policy=policy affected=affected later=later/> }
            })
        }
        Err(failure) => failure.show(&visitor),
    }
}

async fn loaded(visitor: &Visitor, policy: &str, cursor: &str) -> Result<Affected, Status> {
    let has = |policies: &[String]| policies.iter().any(|name| name == policy);
    let (mut identity, mut groups) = (visitor.control.identity(), visitor.control.groups());
    let (users, groups, (keys, next)) = tokio::try_join!(
        identity.list_users(v1::ListUsersRequest {}),
        groups.list_groups(v1::ListGroupsRequest {}),
        keys(visitor, policy, cursor),
    )?;
    let users = users.into_inner().users.into_iter();
    let groups = groups.into_inner().groups.into_iter();
    Ok(Affected {
        users: users
            .filter(|user| has(&user.policies))
            .map(|user| user.name)
            .collect(),
        groups: groups.filter(|group| has(&group.policies)).collect(),
        keys,
        next,
    })
}

/// Those that name the policy, and where to look on.
async fn keys(
    visitor: &Visitor,
    policy: &str,
    cursor: &str,
) -> Result<(Vec<v1::Key>, String), Status> {
    let request = v1::ListKeysRequest {
        page_size: SHOWN,
        page_token: cursor.to_owned(),
        policy: Some(policy.to_owned()),
        ..v1::ListKeysRequest::default()
    };
    let page = visitor.control.keys().list_keys(request).await?;
    let page = page.into_inner();
    Ok((page.keys, page.next_page_token))
}

#[component]
fn Page(policy: v1::Policy, affected: Affected, later: bool) -> impl IntoView {
    let title = format!("Who {} affects", policy.name);
    let list = format!("/policies/{}/affected", policy.id);
    let nobody =
        affected.users.is_empty() && affected.groups.is_empty() && affected.keys.is_empty();
    let nobody = nobody && affected.next.is_empty() && !later;
    let groups = affected.groups.into_iter().map(|group| {
        let href = format!("/groups/{}", group.id);
        view! {
            <tr>
                <th scope="row"><a class="first" href=href>{group.name}</a></th>
                <Cell label="Members"><Chips of=group.members/></Cell>
            </tr>
        }
    });
    let groups: Vec<_> = groups.collect();
    let keys = affected.keys.into_iter().map(|key| {
        let href = format!("/keys/{}", key.id);
        view! {
            <tr>
                <th scope="row"><a class="first" href=href>{key.name}</a></th>
                <Cell label="Owner">{key.owner_name}</Cell>
            </tr>
        }
    });
    let keys: Vec<_> = keys.collect();
    view! {
        <Shell title=title.clone() section=Section::Policies>
            <PageHead
                title=title
                lead="All keys of these users, and of the members of these groups, are bound by it; a key that names it is held to it besides."
                back=("/policies", "Policies")
            />
            {nobody
                .then(|| {
                    view! {
                        <Empty title="Nobody">
                            <p>"No user, group or key has this policy; it changes nothing for anybody."</p>
                        </Empty>
                    }
                })}
            {(!affected.users.is_empty())
                .then(|| view! { <Panel title="Users"><Chips of=affected.users/></Panel> })}
            {(!groups.is_empty())
                .then(|| {
                    view! {
                        <Panel title="Groups">
                            <Table caption="Groups with this policy" quiet=true columns=vec!["Group", "Members"]>
                                {groups}
                            </Table>
                        </Panel>
                    }
                })}
            {(!keys.is_empty() || !affected.next.is_empty())
                .then(|| {
                    view! {
                        <Panel title="Keys that name it">
                            <Table caption="Keys that name this policy" quiet=true columns=vec!["Key", "Owner"]>
                                {keys}
                            </Table>
                            <Pages list=list later=later next=affected.next/>
                        </Panel>
                    }
                })}
        </Shell>
    }
}
