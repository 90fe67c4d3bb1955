//! Groups of users.

use super::{App, naming, plans, policies};
use crate::{
    error::{Error, Result},
    op::{Detail, Op, Touched, tag},
    store::{self, Tx, groups::StoredGroup, names},
};
use ostia_domain::user::Group;
use serde_json::{Value, json};
use uuid::Uuid;

/// A group as answers show it.
pub(crate) struct GroupView {
    pub(crate) stored: StoredGroup,
    /// Names.
    pub(crate) policies: Vec<String>,
    pub(crate) plan: Option<String>,
    pub(crate) members: Vec<String>,
}

/// What of a group is to be another; names and ids.
#[derive(Default)]
pub(crate) struct GroupChange {
    pub(crate) name: Option<String>,
    pub(crate) policies: Option<Vec<String>>,
    /// Empty: none.
    pub(crate) plan: Option<String>,
    pub(crate) members: Option<Vec<String>>,
}

impl App {
    pub(crate) async fn create_group(&self, op: &Op, new: GroupChange) -> Result<GroupView> {
        let change = self.change(op, "groups.create").await?;
        let mut group = Group {
            id: Uuid::now_v7(),
            name: String::new(),
            policies: Vec::new(),
            plan: None,
            members: Vec::new(),
        };
        naming::check(new.name.as_deref().unwrap_or_default())?;
        apply(change.tx(), &mut group, new).await?;
        let stored = StoredGroup {
            group,
            created_at: op.now,
        };
        store::groups::insert(change.tx(), &stored)
            .await
            .map_err(naming::taken("group", &stored.group.name))?;
        let keys = store::keys::of_owners(change.tx(), &stored.group.members).await?;
        let view = view(change.tx(), stored).await?;
        let (name, detail) = (view.stored.group.name.clone(), Detail::made(detail(&view)));
        change.commit(&name, detail, Touched::Keys(&keys)).await?;
        Ok(view)
    }

    pub(crate) async fn list_groups(&self) -> Result<Vec<GroupView>> {
        let read = self.store.read().await?;
        let mut views = Vec::new();
        for stored in store::groups::list(&read).await? {
            views.push(view(&read, stored).await?);
        }
        Ok(views)
    }

    pub(crate) async fn group(&self, reference: &str) -> Result<GroupView> {
        let read = self.store.read().await?;
        let stored = named(&read, reference).await?;
        view(&read, stored).await
    }

    pub(crate) async fn update_group(
        &self,
        op: &Op,
        reference: &str,
        to: GroupChange,
    ) -> Result<GroupView> {
        let change = self.change(op, "groups.update").await?;
        let before = named(change.tx(), reference).await?;
        let mut after = before.clone();
        apply(change.tx(), &mut after.group, to).await?;
        store::groups::update(change.tx(), &after.group)
            .await
            .map_err(naming::taken("group", &after.group.name))?;
        let mut members = before.group.members.clone();
        members.extend(&after.group.members);
        let keys = store::keys::of_owners(change.tx(), &members).await?;
        let before = detail(&view(change.tx(), before).await?);
        let view = view(change.tx(), after).await?;
        let name = view.stored.group.name.clone();
        let states = (before, detail(&view));
        change
            .commit_other(&name, states, Touched::Keys(&keys))
            .await?;
        Ok(view)
    }

    pub(crate) async fn delete_group(&self, op: &Op, reference: &str) -> Result<()> {
        let change = self.change(op, "groups.delete").await?;
        let stored = named(change.tx(), reference).await?;
        let keys = store::keys::of_owners(change.tx(), &stored.group.members).await?;
        let view = view(change.tx(), stored).await?;
        store::groups::delete(change.tx(), view.stored.group.id).await?;
        change
            .commit(
                &view.stored.group.name,
                Detail::removed(detail(&view)),
                Touched::Keys(&keys),
            )
            .await
    }
}

pub(super) async fn apply(tx: &Tx, group: &mut Group, to: GroupChange) -> Result<()> {
    if let Some(name) = to.name {
        naming::check(&name)?;
        group.name = name;
    }
    if let Some(names) = to.policies {
        group.policies = policies::ids(tx, &names).await?;
    }
    if let Some(plan) = to.plan {
        group.plan = plans::named_or_none(tx, &plan).await?;
    }
    if let Some(names) = to.members {
        group.members.clear();
        for name in names {
            let found = store::identity::find(tx, &name).await?;
            let user = found.ok_or_else(|| Error::not_found("user", &name))?.user;
            if !group.members.contains(&user.id) {
                group.members.push(user.id);
            }
        }
    }
    Ok(())
}

async fn named(db: &impl store::Reads, reference: &str) -> Result<StoredGroup> {
    store::groups::find(db, reference)
        .await?
        .ok_or_else(|| Error::not_found("group", reference))
}

pub(super) async fn view(db: &impl store::Reads, stored: StoredGroup) -> Result<GroupView> {
    let group = &stored.group;
    let policies = names::of_policies(db, group.policies.iter().copied()).await?;
    let plans = names::of_plans(db, group.plan).await?;
    let users = names::of_users(db, group.members.iter().copied()).await?;
    Ok(GroupView {
        policies: policies.all(&group.policies),
        plan: group.plan.map(|id| plans.get(id)),
        members: users.all(&group.members),
        stored,
    })
}

/// See [`tag`].
pub(crate) fn etag(view: &GroupView) -> String {
    tag(&detail(view))
}

pub(super) fn detail(view: &GroupView) -> Value {
    json!({
        "name": view.stored.group.name,
        "policies": view.policies,
        "plan": view.plan,
        "members": view.members,
    })
}
