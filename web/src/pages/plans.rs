//! `/plans`: how much may be done.

mod view;

use crate::{
    Site,
    components::{form::Posted, removal::confirmed},
    csrf::Checked,
    load::load,
    part::{Asked, Part},
    render,
    saving::save as saved,
    visitor::{Operator, Overseer, Visitor},
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
use view::{Edit, List};

const BACK: (&str, &str) = ("/plans", "Plans");

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/plans", get(list))
        .route("/plans/new", get(fresh).post(create))
        .route("/plans/{plan}", get(show).post(save))
        .route("/plans/{plan}/delete", post(delete))
}

async fn list(Overseer(visitor): Overseer, Query(asked): Query<Asked>) -> Response {
    let mut plans = visitor.control.plans();
    let listing = async { plans.list_plans(v1::ListPlansRequest {}).await };
    let listed = match load(listing).await {
        Ok(listed) => listed.into_inner().plans,
        Err(failure) => return failure.show(&visitor),
    };
    let part = Part::of(listed, &asked.cursor, |plan| &plan.name);
    let may_change = visitor.operates();
    let done = match &*asked.done {
        "made" => Some("The plan is made. Give it to users, groups or keys."),
        "changed" => Some("The limits hold from the next call on."),
        "deleted" => Some("The plan is deleted."),
        _ => None,
    };
    render::page_of(&visitor, StatusCode::OK, || {
        view! { <List part=part may_change=may_change done=done/> }
    })
}

async fn found(visitor: &Visitor, plan: &str) -> Result<v1::Plan, Status> {
    let plan = plan.to_owned();
    let mut plans = visitor.control.plans();
    Ok(plans
        .get_plan(v1::GetPlanRequest { plan })
        .await?
        .into_inner())
}

fn of(plan: &v1::Plan) -> Posted {
    let mut posted = Posted::default();
    let limits = plan.limits.unwrap_or_default();
    for (name, value) in [
        ("calls_per_minute", limits.calls_per_minute.map(u64::from)),
        ("burst", limits.burst.map(u64::from)),
        ("max_in_flight", limits.max_in_flight.map(u64::from)),
        ("calls_per_month", limits.calls_per_month),
    ] {
        posted.push(name, value.map(|n| n.to_string()).unwrap_or_default());
    }
    posted
}

fn limits(posted: &mut Posted) -> v1::Limits {
    v1::Limits {
        calls_per_minute: posted.number("calls_per_minute"),
        burst: posted.number("burst"),
        max_in_flight: posted.number("max_in_flight"),
        calls_per_month: posted.number("calls_per_month"),
    }
}

async fn fresh(Operator(visitor): Operator) -> Response {
    page(&visitor, StatusCode::OK, None, Posted::default())
}

async fn show(Operator(visitor): Operator, Path(plan): Path<String>) -> Response {
    match load(found(&visitor, &plan)).await {
        Ok(plan) => {
            let posted = of(&plan);
            page(&visitor, StatusCode::OK, Some(plan), posted)
        }
        Err(failure) => failure.show(&visitor),
    }
}

async fn create(Checked { visitor, form }: Checked<Vec<(String, String)>, Operator>) -> Response {
    let Operator(visitor) = visitor;
    let mut posted = Posted::new(form);
    let plan = v1::Plan {
        name: posted.get("name").to_owned(),
        limits: Some(limits(&mut posted)),
        ..v1::Plan::default()
    };
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    if posted.is_refused() {
        return page(&visitor, refused, None, posted);
    }
    let mut plans = visitor.control.plans();
    let request = v1::CreatePlanRequest { plan: Some(plan) };
    let change = async { plans.create_plan(request).await };
    match saved(&mut posted, change).await {
        Ok(Some(_)) => Redirect::to("/plans?done=made").into_response(),
        Ok(None) => page(&visitor, refused, None, posted),
        Err(failure) => failure.show(&visitor),
    }
}

async fn save(
    Path(plan): Path<String>,
    Checked { visitor, form }: Checked<Vec<(String, String)>, Operator>,
) -> Response {
    let Operator(visitor) = visitor;
    let plan = match load(found(&visitor, &plan)).await {
        Ok(plan) => plan,
        Err(failure) => return failure.show(&visitor),
    };
    let mut posted = Posted::new(form);
    let limits = limits(&mut posted);
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    if posted.is_refused() {
        return page(&visitor, refused, Some(plan), posted);
    }
    let mut plans = visitor.control.plans();
    let request = v1::UpdatePlanRequest {
        plan: plan.id.clone(),
        limits: Some(limits),
    };
    let change = async { plans.update_plan(request).await };
    match saved(&mut posted, change).await {
        Ok(Some(_)) => Redirect::to("/plans?done=changed").into_response(),
        Ok(None) => page(&visitor, refused, Some(plan), posted),
        Err(failure) => failure.show(&visitor),
    }
}

async fn delete(
    Path(plan): Path<String>,
    Checked { visitor, form }: Checked<Vec<(String, String)>, Operator>,
) -> Response {
    let Operator(visitor) = visitor;
    let mut typed = Posted::new(form);
    let plan = match load(found(&visitor, &plan)).await {
        Ok(plan) => plan,
        Err(failure) => return failure.show(&visitor),
    };
    if confirmed(&mut typed, &plan.name) {
        let mut plans = visitor.control.plans();
        let request = v1::DeletePlanRequest {
            plan: plan.id.clone(),
        };
        let change = async { plans.delete_plan(request).await };
        match saved(&mut typed, change).await {
            Ok(Some(_)) => return Redirect::to("/plans?done=deleted").into_response(),
            Ok(None) => {
                let said = typed.problem("").unwrap_or_default();
                typed.refuse("confirm", said);
            }
            Err(failure) => return failure.show(&visitor),
        }
    }
    let mut posted = of(&plan);
    posted.refuse("confirm", typed.problem("confirm").unwrap_or_default());
    page(
        &visitor,
        StatusCode::UNPROCESSABLE_ENTITY,
        Some(plan),
        posted,
    )
}

fn page(visitor: &Visitor, status: StatusCode, plan: Option<v1::Plan>, posted: Posted) -> Response {
    render::page_of(
        visitor,
        status,
        || view! { <Edit plan=plan posted=posted/> },
    )
}
