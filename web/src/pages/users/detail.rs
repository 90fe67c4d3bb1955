//! `/users/{user}`: what a user was given, and what can be done about them.

use super::{Asked, Of, RoleField, State, found, role_name, role_of};
use crate::{
    address::{Path, Query},
    components::{
        content::{Chips, PageHead, Panel},
        form::{Choice, Posted, Problems, SelectField, TextField},
        removal::{Removal, confirmed},
        shell::Shell,
        table::encoded,
        time::{As, Time},
    },
    csrf::{Checked, CsrfField},
    load::load,
    pages::{
        Done,
        given::{Given, GivenFields},
    },
    render,
    saving::save as saved,
    visitor::{Administrator, Overseer, Visitor},
};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::v1;

pub(super) async fn show(
    Overseer(visitor): Overseer,
    Path(user): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let done = match &*asked.done {
        "made" => Some("It is made, and has no keys yet."),
        "signed-out" => Some("All of their browser sessions are ended. Their keys work on."),
        "changed" => Some("It is changed. All keys are judged by it from the next call on."),
        _ => None,
    };
    page(&visitor, StatusCode::OK, &user, None, done).await
}

fn of(user: &v1::User) -> Posted {
    let mut posted = Posted::default();
    posted.push("name", &user.name);
    posted.push("role", role_name(user));
    posted.push("enabled", user.enabled.to_string());
    for policy in &user.policies {
        posted.push("policies", policy);
    }
    posted.push("plan", user.plan.clone().unwrap_or_default());
    posted
}

pub(super) async fn save(
    Path(user): Path<String>,
    Checked { visitor, form }: Checked<Vec<(String, String)>, Administrator>,
) -> Response {
    let Administrator(visitor) = visitor;
    let mut posted = Posted::new(form);
    let request = v1::UpdateUserRequest {
        user: user.clone(),
        name: Some(posted.get("name").to_owned()),
        role: role_of(posted.get("role")).into(),
        enabled: Some(posted.get("enabled") == "true"),
        policies: Some(v1::UserPolicies {
            names: posted.all("policies").map(str::to_owned).collect(),
        }),
        plan: Some(posted.get("plan").to_owned()),
        email: None,
    };
    let mut identity = visitor.control.identity();
    let change = async { identity.update_user(request).await };
    match saved(&mut posted, change).await {
        Ok(Some(user)) => Redirect::to(&format!("/users/{}?done=changed", user.id)).into_response(),
        Ok(None) => {
            let refused = StatusCode::UNPROCESSABLE_ENTITY;
            page(&visitor, refused, &user, Some(posted), None).await
        }
        Err(failure) => failure.show(&visitor),
    }
}

pub(super) async fn delete(
    Path(user): Path<String>,
    Checked { visitor, form }: Checked<Vec<(String, String)>, Administrator>,
) -> Response {
    let Administrator(visitor) = visitor;
    let mut typed = Posted::new(form);
    let user = match load(found(&visitor, &user)).await {
        Ok(user) => user,
        Err(failure) => return failure.show(&visitor),
    };
    if confirmed(&mut typed, &user.name) {
        let mut identity = visitor.control.identity();
        let request = v1::DeleteUserRequest {
            user: user.id.clone(),
        };
        let change = async { identity.delete_user(request).await };
        match saved(&mut typed, change).await {
            Ok(Some(_)) => {
                let (list, _) = Of::kind(user.kind()).list();
                return Redirect::to(&format!("{list}?done=deleted")).into_response();
            }
            Ok(None) => {
                let said = typed.problem("").unwrap_or_default();
                typed.refuse("confirm", said);
            }
            Err(failure) => return failure.show(&visitor),
        }
    }
    let mut posted = of(&user);
    posted.refuse("confirm", typed.problem("confirm").unwrap_or_default());
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    page(&visitor, refused, &user.id, Some(posted), None).await
}

pub(super) async fn sign_out(
    Path(user): Path<String>,
    Checked { visitor, .. }: Checked<Vec<(String, String)>, Administrator>,
) -> Response {
    let Administrator(visitor) = visitor;
    let mut identity = visitor.control.identity();
    let request = v1::SignOutUserRequest { user: user.clone() };
    match load(async { identity.sign_out_user(request).await }).await {
        Ok(_) => {
            Redirect::to(&format!("/users/{}?done=signed-out", encoded(&user))).into_response()
        }
        Err(failure) => failure.show(&visitor),
    }
}

struct Shown {
    user: v1::User,
    given: Given,
    posted: Posted,
    done: Option<&'static str>,
    may_change: bool,
    may_make_keys: bool,
}

async fn page(
    visitor: &Visitor,
    status: StatusCode,
    user: &str,
    posted: Option<Posted>,
    done: Option<&'static str>,
) -> Response {
    let loading = async { tokio::try_join!(found(visitor, user), Given::of(visitor)) };
    match load(loading).await {
        Ok((user, given)) => {
            let shown = Shown {
                posted: posted.unwrap_or_else(|| of(&user)),
                user,
                given,
                done,
                may_change: visitor.administers(),
                may_make_keys: visitor.operates(),
            };
            render::page_of(visitor, status, || view! { <Detail shown=shown/> })
        }
        Err(failure) => failure.show(visitor),
    }
}

#[component]
fn Detail(shown: Shown) -> impl IntoView {
    let user = shown.user;
    let of = Of::kind(user.kind());
    let (id, name) = (user.id.clone(), user.name.clone());
    let keys = format!("/all-keys?owner={}", encoded(&name));
    let role = role_name(&user);
    let forms = shown.may_change.then(|| {
        let posted = shown.posted.clone();
        view! { <Change id=id.clone() name=name.clone() of=of posted=posted given=shown.given/> }
    });
    let make_key = (of == Of::Services && shown.may_make_keys).then(|| {
        view! { <MakeKey id=id.clone()/> }
    });
    let problems = shown.posted;
    view! {
        <Shell title=name.clone() section=of.section()>
            <PageHead title=name back=of.list()>
                <a class="button second" href=keys>"Keys"</a>
            </PageHead>
            {shown.done.map(|what| view! { <Done what=what/> })}
            <Problems posted=problems/>
            <Panel title="About">
                <dl class="facts">
                    <dt>"Role"</dt>
                    <dd>{role}</dd>
                    <dt>"State"</dt>
                    <dd><State enabled=user.enabled/></dd>
                    <dt>"Policies"</dt>
                    <dd><Names of=user.policies/></dd>
                    <dt>"Plan"</dt>
                    <dd>{user.plan.unwrap_or_else(|| "none".to_owned())}</dd>
                    <dt>"Groups, whose policies and plans hold too"</dt>
                    <dd><Names of=user.groups/></dd>
                    <dt>"Made"</dt>
                    <dd><Time at=user.created_at shown=As::Minute/></dd>
                </dl>
            </Panel>
            {make_key}
            {forms}
        </Shell>
    }
}

#[component]
fn Names(of: Vec<String>) -> impl IntoView {
    if of.is_empty() {
        return "none".into_any();
    }
    view! { <Chips of=of/> }.into_any()
}

#[component]
fn Change(id: String, name: String, of: Of, posted: Posted, given: Given) -> impl IntoView {
    let enabled = posted.get("enabled") == "true";
    let (save, removal) = (format!("/users/{id}"), format!("/users/{id}/delete"));
    let typed = posted.clone();
    let sign_out = format!("/users/{id}/sign-out");
    let link = (of == Of::People).then(|| {
        view! {
            <Panel title="Browser sessions">
                <form method="post" action=sign_out class="row">
                    <CsrfField/>
                    <button type="submit" class="second">"Sign out everywhere"</button>
                    <span class="quiet">"Ends all of their browser sessions. They may sign in again."</span>
                </form>
            </Panel>
            <Panel title="Sign in without a provider">
                <form method="post" action=format!("/users/{id}/login-link") class="row">
                    <CsrfField/>
                    <button type="submit" class="second">"Make a login link"</button>
                    <span class="quiet">"It signs them in once, within an hour. Links made before end."</span>
                </form>
            </Panel>
        }
    });
    view! {
        <Panel title="Change">
            <form method="post" action=save class="form">
                <CsrfField/>
                <TextField posted=posted.clone() name="name" label="Name" required=true/>
                <RoleField posted=posted.clone()/>
                <Choice
                    kind="checkbox"
                    name="enabled"
                    value="true"
                    label="Enabled"
                    hint="Without it all keys are refused, and nobody signs in."
                    checked=enabled
                />
                <GivenFields posted=posted.clone() given=given plan_hint="All of their keys count against it together."/>
                <div class="row"><button type="submit">"Save"</button></div>
            </form>
        </Panel>
        {link}
        <Panel title="End it">
            <Removal
                posted=typed
                name=name
                action=removal
                said="Delete with all keys"
                why="Their keys are refused everywhere within two seconds. It cannot be taken back."
            />
        </Panel>
    }
}

#[component]
fn MakeKey(id: String) -> impl IntoView {
    let mut fresh = Posted::default();
    fresh.push("days", "90");
    let days = ["30", "90", "365"].map(|days| (days.to_owned(), format!("{days} days")));
    view! {
        <Panel title="Make a key" note="It administers, as far as the role goes">
            <form method="post" action=format!("/users/{id}/keys") class="row end">
                <CsrfField/>
                <TextField posted=fresh.clone() name="key_name" label="Name of the key" required=true/>
                <SelectField posted=fresh name="days" label="Ends after" options=days.to_vec()/>
                <button type="submit">"Make the key"</button>
            </form>
        </Panel>
    }
}
