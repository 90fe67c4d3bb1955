//! Plans of a manifest.

use super::{Action, Applying, Kind, NamedPlan, difference::between};
use crate::{
    app::naming,
    error::Result,
    op::{Detail, Touched},
    store,
};
use ostia_domain::plan::Plan;
use serde_json::json;
use uuid::Uuid;

impl Applying<'_> {
    pub(super) async fn plan(&mut self, wanted: NamedPlan) -> Result<()> {
        let NamedPlan { name, limits } = wanted;
        naming::check(&name)?;
        let after = json!(limits);
        let Some(plan) = store::plans::find(self.changes.tx(), &name).await? else {
            let id = Uuid::now_v7();
            let plan = Plan { id, name, limits };
            let now = self.changes.op().now;
            store::plans::insert(self.changes.tx(), &plan, now).await?;
            self.created(Kind::Plans, id, &plan.name, &after).await?;
            let detail = Detail::made(after);
            self.changes
                .made("plans.create", &plan.name, detail, Touched::Snapshot);
            return Ok(());
        };
        let before = json!(plan.limits);
        if self.changed(Kind::Plans, &name, between(&before, &after)) {
            store::plans::set_limits(self.changes.tx(), plan.id, limits).await?;
            let detail = Detail::changed(before, after);
            self.changes
                .made("plans.update", &name, detail, Touched::Snapshot);
        }
        Ok(())
    }

    pub(super) async fn remove_plan(&mut self, plan: Plan) -> Result<()> {
        store::plans::delete(self.changes.tx(), plan.id)
            .await
            .map_err(naming::in_use(
                "a key, user or group has it: give those another first",
            ))?;
        let before = json!(plan.limits);
        let fields = between(&before, &json!(null));
        self.object(Kind::Plans, &plan.name, Action::Removed, fields);
        let detail = Detail::removed(before);
        self.changes
            .made("plans.delete", &plan.name, detail, Touched::Snapshot);
        Ok(())
    }
}
