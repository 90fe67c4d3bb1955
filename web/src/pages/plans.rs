//! `/plans`: how much may be done.

mod view;

use super::objects::{self, Object, One};
use crate::{
    Site,
    components::form::Posted,
    load::Failure,
    part::Part,
    saving::save,
    visitor::{Operator, Visitor},
};
use axum::Router;
use leptos::prelude::*;
use ostia_proto::v1;
use tonic::Status;
use view::{Edit, List};

pub(crate) fn routes() -> Router<Site> {
    objects::routes::<v1::Plan>()
}

impl Object for v1::Plan {
    const LIST: &'static str = "/plans";
    const MADE: &'static str = "The plan is made. Give it to users, groups or keys.";
    const CHANGED: &'static str = "The limits hold from the next call on.";
    const DELETED: &'static str = "The plan is deleted.";
    type Keeper = Operator;
    type Beside = ();

    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn form(&self) -> Posted {
        let mut posted = Posted::default();
        let limits = self.limits.unwrap_or_default();
        for (name, value) in [
            ("calls_per_minute", limits.calls_per_minute.map(u64::from)),
            ("burst", limits.burst.map(u64::from)),
            ("max_in_flight", limits.max_in_flight.map(u64::from)),
            ("calls_per_day", limits.calls_per_day),
            ("calls_per_month", limits.calls_per_month),
        ] {
            posted.push(name, value.map(|n| n.to_string()).unwrap_or_default());
        }
        posted
    }

    async fn all(visitor: &Visitor) -> Result<Vec<Self>, Status> {
        let mut plans = visitor.control.plans();
        let listed = plans.list_plans(v1::ListPlansRequest {}).await?;
        Ok(listed.into_inner().plans)
    }

    async fn find(visitor: &Visitor, plan: String) -> Result<Self, Status> {
        let mut plans = visitor.control.plans();
        let found = plans.get_plan(v1::GetPlanRequest { plan }).await?;
        Ok(found.into_inner())
    }

    async fn beside(_: &Site, _: &Visitor) -> Result<(), Status> {
        Ok(())
    }

    async fn save(
        visitor: &Visitor,
        before: Option<&Self>,
        posted: &mut Posted,
    ) -> Result<Option<Self>, Failure> {
        let limits = Some(limits(posted));
        if posted.is_refused() {
            return Ok(None);
        }
        let mut plans = visitor.control.plans();
        if let Some(before) = before {
            let plan = before.id.clone();
            let request = v1::UpdatePlanRequest { plan, limits };
            return save(posted, async { plans.update_plan(request).await }).await;
        }
        let plan = Self {
            name: posted.get("name").to_owned(),
            limits,
            ..Self::default()
        };
        let request = v1::CreatePlanRequest { plan: Some(plan) };
        save(posted, async { plans.create_plan(request).await }).await
    }

    async fn delete(&self, visitor: &Visitor) -> Result<(), Status> {
        let plan = self.id.clone();
        let mut plans = visitor.control.plans();
        plans.delete_plan(v1::DeletePlanRequest { plan }).await?;
        Ok(())
    }

    fn list(part: Part<Self>, may_change: bool, done: Option<&'static str>) -> AnyView {
        view! { <List part=part may_change=may_change done=done/> }.into_any()
    }

    fn one(page: One<Self>) -> AnyView {
        view! { <Edit page=page/> }.into_any()
    }
}

fn limits(posted: &mut Posted) -> v1::Limits {
    v1::Limits {
        calls_per_minute: posted.number("calls_per_minute"),
        burst: posted.number("burst"),
        max_in_flight: posted.number("max_in_flight"),
        calls_per_day: posted.number("calls_per_day"),
        calls_per_month: posted.number("calls_per_month"),
    }
}
