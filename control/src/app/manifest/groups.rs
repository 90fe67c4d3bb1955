//! Groups of a manifest.

use super::{Action, Applying, Kind, NamedGroup, difference::between};
use crate::{
    app::{
        groups::{GroupChange, GroupView, apply, detail, view},
        naming,
    },
    error::Result,
    op::{Detail, Touched},
    store::{self, groups::StoredGroup},
};
use ostia_domain::user::Group;
use serde_json::{Value, json};
use uuid::Uuid;

impl Applying<'_> {
    pub(super) async fn group(&mut self, wanted: NamedGroup) -> Result<()> {
        let name = wanted.name;
        naming::check(&name)?;
        let to = GroupChange {
            name: None,
            policies: Some(wanted.policies),
            plan: Some(wanted.plan.unwrap_or_default()),
            members: wanted.members,
        };
        let tx = self.changes.tx();
        let Some(before) = store::groups::find(tx, &name).await? else {
            return self.create_group(name, to).await;
        };
        let mut after = before.clone();
        apply(tx, &mut after.group, to).await?;
        let mut members = before.group.members.clone();
        members.extend(&after.group.members);
        let (before, after) = (view(tx, before).await?, view(tx, after).await?);
        let fields = between(&document(&before), &document(&after));
        if self.changed(Kind::Groups, &name, fields) {
            let tx = self.changes.tx();
            store::groups::update(tx, &after.stored.group).await?;
            let keys = store::keys::of_owners(tx, &members).await?;
            let detail = Detail::changed(detail(&before), detail(&after));
            self.changes
                .made("groups.update", &name, detail, Touched::Keys(&keys));
        }
        Ok(())
    }

    async fn create_group(&mut self, name: String, to: GroupChange) -> Result<()> {
        let mut group = Group {
            id: Uuid::now_v7(),
            name,
            policies: Vec::new(),
            plan: None,
            members: Vec::new(),
        };
        let tx = self.changes.tx();
        apply(tx, &mut group, to).await?;
        let stored = StoredGroup {
            group,
            created_at: self.changes.op().now,
        };
        store::groups::insert(tx, &stored).await?;
        let keys = store::keys::of_owners(tx, &stored.group.members).await?;
        let view = view(tx, stored).await?;
        let group = &view.stored.group;
        self.created(Kind::Groups, group.id, &group.name, &document(&view))
            .await?;
        let detail = Detail::made(detail(&view));
        self.changes
            .made("groups.create", &group.name, detail, Touched::Keys(&keys));
        Ok(())
    }

    pub(super) async fn remove_group(&mut self, stored: StoredGroup) -> Result<()> {
        let tx = self.changes.tx();
        let keys = store::keys::of_owners(tx, &stored.group.members).await?;
        let view = view(tx, stored).await?;
        let group = &view.stored.group;
        store::groups::delete(tx, group.id).await?;
        let fields = between(&document(&view), &json!(null));
        self.object(Kind::Groups, &group.name, Action::Removed, fields);
        let detail = Detail::removed(detail(&view));
        self.changes
            .made("groups.delete", &group.name, detail, Touched::Keys(&keys));
        Ok(())
    }
}

fn document(view: &GroupView) -> Value {
    json!({ "policies": view.policies, "plan": view.plan, "members": view.members })
}
