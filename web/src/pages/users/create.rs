//! `/users/new`, `/service-accounts/new`.

use super::{Of, RoleField, role_of};
use crate::{
    components::{
        content::PageHead,
        form::{Posted, Problems, TextField},
        shell::Shell,
    },
    csrf::{Checked, CsrfField},
    load::load,
    pages::given::{Given, GivenFields},
    render,
    saving::save,
    visitor::{Administrator, Visitor},
};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::v1;

pub(super) async fn person(Administrator(visitor): Administrator) -> Response {
    page(&visitor, StatusCode::OK, fresh("member"), Of::People).await
}

pub(super) async fn service(Administrator(visitor): Administrator) -> Response {
    page(&visitor, StatusCode::OK, fresh("auditor"), Of::Services).await
}

fn fresh(role: &str) -> Posted {
    let mut posted = Posted::default();
    posted.push("role", role);
    posted
}

pub(super) async fn create(
    Checked { visitor, form }: Checked<Vec<(String, String)>, Administrator>,
) -> Response {
    let Administrator(visitor) = visitor;
    let mut posted = Posted::new(form);
    let of = match posted.get("kind") {
        "service" => Of::Services,
        _ => Of::People,
    };
    let kind = match of {
        Of::Services => v1::UserKind::Service,
        Of::People => v1::UserKind::Person,
    };
    let plan = posted.get("plan");
    let request = v1::CreateUserRequest {
        name: posted.get("name").to_owned(),
        role: role_of(posted.get("role")).into(),
        policies: posted.all("policies").map(str::to_owned).collect(),
        kind: kind.into(),
        plan: (!plan.is_empty()).then(|| plan.to_owned()),
        email: None,
    };
    let mut identity = visitor.control.identity();
    let change = async { identity.create_user(request).await };
    match save(&mut posted, change).await {
        Ok(Some(made)) => Redirect::to(&format!("/users/{}?done=made", made.id)).into_response(),
        Ok(None) => page(&visitor, StatusCode::UNPROCESSABLE_ENTITY, posted, of).await,
        Err(failure) => failure.show(&visitor),
    }
}

async fn page(visitor: &Visitor, status: StatusCode, posted: Posted, of: Of) -> Response {
    match load(Given::of(visitor)).await {
        Ok(given) => render::page_of(visitor, status, || {
            view! { <New of=of posted=posted given=given/> }
        }),
        Err(failure) => failure.show(visitor),
    }
}

#[component]
fn New(of: Of, posted: Posted, given: Given) -> impl IntoView {
    let (action, title) = of.make();
    let kind = match of {
        Of::People => "person",
        Of::Services => "service",
    };
    view! {
        <Shell title=title section=of.section()>
            <PageHead title=title back=of.list()/>
            <Problems posted=posted.clone()/>
            <form method="post" action=action class="form panel">
                <CsrfField/>
                <input type="hidden" name="kind" value=kind/>
                <TextField posted=posted.clone() name="name" label="Name" required=true/>
                <RoleField posted=posted.clone()/>
                <GivenFields posted=posted given=given plan_hint="All of their keys count against it together."/>
                <div class="row">
                    <button type="submit">{title}</button>
                    <a class="button second" href=of.list().0>"Cancel"</a>
                </div>
            </form>
        </Shell>
    }
}
