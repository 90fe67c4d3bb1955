//! Plans.

use super::{App, naming};
use crate::{
    error::{Error, Result},
    op::{Detail, Op, Touched, tag},
    store::{self, Tx},
};
use ostia_domain::plan::{Limits, Plan};
use serde_json::json;
use uuid::Uuid;

impl App {
    pub(crate) async fn create_plan(&self, op: &Op, plan: Plan) -> Result<Plan> {
        naming::check(&plan.name)?;
        let change = self.change(op, "plans.create").await?;
        store::plans::insert(change.tx(), &plan, op.now)
            .await
            .map_err(naming::taken("plan", &plan.name))?;
        let detail = Detail::made(json!(plan.limits));
        change.commit(&plan.name, detail, Touched::Snapshot).await?;
        Ok(plan)
    }

    pub(crate) async fn list_plans(&self) -> Result<Vec<Plan>> {
        Ok(store::plans::list(self.store.db()).await?)
    }

    pub(crate) async fn plan(&self, reference: &str) -> Result<Plan> {
        store::plans::find(self.store.db(), reference)
            .await?
            .ok_or_else(|| Error::not_found("plan", reference))
    }

    pub(crate) async fn update_plan(
        &self,
        op: &Op,
        reference: &str,
        limits: Limits,
    ) -> Result<Plan> {
        let change = self.change(op, "plans.update").await?;
        let plan = store::plans::find(change.tx(), reference)
            .await?
            .ok_or_else(|| Error::not_found("plan", reference))?;
        store::plans::set_limits(change.tx(), plan.id, limits).await?;
        let states = (json!(plan.limits), json!(limits));
        change
            .commit_other(&plan.name, states, Touched::Snapshot)
            .await?;
        Ok(Plan { limits, ..plan })
    }

    pub(crate) async fn delete_plan(&self, op: &Op, reference: &str) -> Result<()> {
        let change = self.change(op, "plans.delete").await?;
        let plan = store::plans::find(change.tx(), reference)
            .await?
            .ok_or_else(|| Error::not_found("plan", reference))?;
        store::plans::delete(change.tx(), plan.id)
            .await
            .map_err(naming::in_use(format!(
                "a key, user or group has the plan {:?}: give those another first",
                plan.name
            )))?;
        let detail = Detail::removed(json!(plan.limits));
        change.commit(&plan.name, detail, Touched::Snapshot).await
    }
}

/// See [`tag`].
pub(crate) fn etag(plan: &Plan) -> String {
    tag(&json!(plan.limits))
}

/// By name or id; empty is none.
pub(super) async fn named_or_none(tx: &Tx, reference: &str) -> Result<Option<Uuid>> {
    if reference.is_empty() {
        return Ok(None);
    }
    store::plans::find(tx, reference)
        .await?
        .map(|plan| Some(plan.id))
        .ok_or_else(|| Error::not_found("plan", reference))
}
