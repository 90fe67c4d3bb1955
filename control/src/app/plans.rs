//! Plans.

use super::{App, naming};
use crate::{
    error::{Error, Result},
    op::{Op, Touched},
    store,
};
use ostia_domain::plan::Plan;
use serde_json::json;
use std::num::NonZeroU32;

impl App {
    pub(crate) async fn create_plan(&self, op: &Op, plan: Plan) -> Result<Plan> {
        naming::check(&plan.name)?;
        if plan.burst.is_some() && plan.calls_per_minute.is_none() {
            return Err(Error::invalid(
                "burst",
                "means nothing without calls_per_minute",
            ));
        }
        let change = self.change(op, "plans.create").await?;
        store::plans::insert(change.tx(), &plan, op.now)
            .await
            .map_err(naming::taken("plan", &plan.name))?;
        change
            .commit(&plan.name, detail(&plan), Touched::Snapshot)
            .await?;
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

    pub(crate) async fn delete_plan(&self, op: &Op, reference: &str) -> Result<()> {
        let change = self.change(op, "plans.delete").await?;
        let plan = store::plans::find(change.tx(), reference)
            .await?
            .ok_or_else(|| Error::not_found("plan", reference))?;
        store::plans::delete(change.tx(), plan.id)
            .await
            .map_err(naming::in_use(format!(
                "a key has the plan {:?}: delete those keys first",
                plan.name
            )))?;
        change
            .commit(&plan.name, detail(&plan), Touched::Snapshot)
            .await
    }
}

fn detail(plan: &Plan) -> serde_json::Value {
    json!({
        "calls_per_minute": plan.calls_per_minute.map(NonZeroU32::get),
        "burst": plan.burst.map(NonZeroU32::get),
        "max_in_flight": plan.max_in_flight.map(NonZeroU32::get),
    })
}
