//! `/users` and `/service-accounts`: who has keys, and what they were given.

mod create;
mod detail;
mod link;

use super::Done;
use crate::{
    Site,
    address::Query,
    components::{
        content::{Badge, Chips, Empty, PageHead, Tone},
        form::SelectField,
        shell::{Section, Shell},
        table::{Cell, Pages, Table, encoded},
        time::{As, Time},
    },
    load::load,
    part::Part,
    render,
    visitor::{Overseer, Visitor},
};
use axum::{
    Router,
    response::Response,
    routing::{get, post},
};
use http::StatusCode;
use leptos::prelude::*;
use ostia_domain::user::Role;
use ostia_proto::v1;
use serde::Deserialize;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/users", get(people))
        .route("/users/new", get(create::person).post(create::create))
        .route("/users/{user}", get(detail::show).post(detail::save))
        .route("/users/{user}/sign-out", post(detail::sign_out))
        .route("/users/{user}/delete", post(detail::delete))
        .route("/users/{user}/login-link", post(link::make))
        .route("/users/{user}/keys", post(link::make_key))
        .route("/service-accounts", get(services))
        .route(
            "/service-accounts/new",
            get(create::service).post(create::create),
        )
}

#[derive(Deserialize)]
struct Asked {
    /// What a name has in it.
    #[serde(default)]
    q: String,
    #[serde(default)]
    cursor: String,
    /// What was done before this page was shown.
    #[serde(default)]
    done: String,
}

/// The two kinds have the same pages under different names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    People,
    Services,
}

impl Of {
    fn kind(kind: v1::UserKind) -> Self {
        match kind {
            v1::UserKind::Service => Self::Services,
            v1::UserKind::Person | v1::UserKind::Unspecified => Self::People,
        }
    }

    fn section(self) -> Section {
        match self {
            Self::People => Section::Users,
            Self::Services => Section::ServiceAccounts,
        }
    }

    fn list(self) -> (&'static str, &'static str) {
        match self {
            Self::People => ("/users", "Users"),
            Self::Services => ("/service-accounts", "Service accounts"),
        }
    }

    fn lead(self) -> &'static str {
        match self {
            Self::People => {
                "People with keys of their own. What a user may do bounds all of their keys."
            }
            Self::Services => {
                "Programs that administer, as far as their role goes, with keys of their own. Nobody signs in as one."
            }
        }
    }

    fn make(self) -> (&'static str, &'static str) {
        match self {
            Self::People => ("/users/new", "Make a user"),
            Self::Services => ("/service-accounts/new", "Make a service account"),
        }
    }
}

fn role_options() -> Vec<(String, String)> {
    let options = Role::ALL.map(|role| {
        let said = match role {
            Role::Member => "member: has keys, and sees their own usage",
            Role::Operator => "operator: runs upstreams, policies, plans and everybody's keys",
            Role::Administrator => "administrator: may do everything",
            Role::Auditor => "auditor: sees everything, changes nothing",
        };
        (role.as_str().to_owned(), said.to_owned())
    });
    options.to_vec()
}

fn role_of(text: &str) -> v1::Role {
    Role::parse(text).map_or(v1::Role::Unspecified, v1::Role::from)
}

fn role_name(user: &v1::User) -> &'static str {
    user.role().named().map_or("unknown", Role::as_str)
}

async fn people(visitor: Overseer, asked: Query<Asked>) -> Response {
    list(visitor, asked, Of::People).await
}

async fn services(visitor: Overseer, asked: Query<Asked>) -> Response {
    list(visitor, asked, Of::Services).await
}

async fn list(Overseer(visitor): Overseer, Query(asked): Query<Asked>, of: Of) -> Response {
    let mut identity = visitor.control.identity();
    let listing = async { identity.list_users(v1::ListUsersRequest {}).await };
    let mut users = match load(listing).await {
        Ok(listed) => listed.into_inner().users,
        Err(failure) => return failure.show(&visitor),
    };
    let wanted = asked.q.to_lowercase();
    users.retain(|user| Of::kind(user.kind()) == of && user.name.to_lowercase().contains(&wanted));
    let part = Part::of(users, &asked.cursor, |user| &user.name);
    let may_make = visitor.administers();
    render::page_of(&visitor, StatusCode::OK, || {
        view! { <List of=of part=part asked=asked may_make=may_make/> }
    })
}

#[component]
fn List(of: Of, part: Part<v1::User>, asked: Asked, may_make: bool) -> impl IntoView {
    let (href, title) = of.list();
    let make = may_make.then(|| {
        let (href, said) = of.make();
        view! { <a class="button" href=href>{said}</a> }
    });
    let empty = part.rows.is_empty();
    let query = format!("{href}?q={}", encoded(&asked.q));
    let rows = part.rows.into_iter().map(|user| view! { <Row user=user/> });
    let rows = rows.collect_view();
    view! {
        <Shell title=title section=of.section()>
            <PageHead title=title lead=of.lead()>
                {(of == Of::People)
                    .then(|| {
                        view! {
                            <a class="button second" href="/groups">"Groups"</a>
                            <a class="button second" href="/plans">"Plans"</a>
                        }
                    })}
                {make}
            </PageHead>
            {(asked.done == "deleted")
                .then(|| view! { <Done what="It is deleted with all of its keys. Usage and audit keep the name."/> })}
            <form method="get" action=href class="filters" role="search">
                <div class="field">
                    <label for="q">"Name"</label>
                    <input id="q" name="q" type="search" value=asked.q/>
                </div>
                <button type="submit" class="second">"Search"</button>
            </form>
            {if empty {
                view! {
                    <Empty title="There is nobody here">
                        <p>"No name has this in it, or none was made yet. Administrators make them."</p>
                    </Empty>
                }
                    .into_any()
            } else {
                view! {
                    <div class="panel">
                        <Table
                            caption=format!("{title} by name")
                            quiet=true
                            columns=vec!["Name", "Role", "State", "Policies", "Plan", "Groups", "Made"]
                        >
                            {rows}
                        </Table>
                        <Pages list=query later=part.later next=part.next/>
                    </div>
                }
                    .into_any()
            }}
        </Shell>
    }
}

#[component]
fn Row(user: v1::User) -> impl IntoView {
    let role = role_name(&user);
    view! {
        <tr>
            <th scope="row"><a class="first" href=format!("/users/{}", user.id)>{user.name}</a></th>
            <Cell label="Role">{role}</Cell>
            <Cell label="State"><State enabled=user.enabled/></Cell>
            <Cell label="Policies"><Chips of=user.policies/></Cell>
            <Cell label="Plan">{user.plan.unwrap_or_default()}</Cell>
            <Cell label="Groups"><Chips of=user.groups/></Cell>
            <Cell label="Made"><Time at=user.created_at shown=As::Date/></Cell>
        </tr>
    }
}

#[component]
fn State(enabled: bool) -> impl IntoView {
    if enabled {
        view! { <Badge tone=Tone::Good text="Enabled"/> }
    } else {
        view! { <Badge tone=Tone::Bad text="Disabled"/> }
    }
}

#[component]
fn RoleField(posted: crate::components::form::Posted) -> impl IntoView {
    view! { <SelectField posted=posted name="role" label="Role" options=role_options()/> }
}

async fn found(visitor: &Visitor, user: &str) -> Result<v1::User, tonic::Status> {
    let user = user.to_owned();
    let mut identity = visitor.control.identity();
    let found = identity.get_user(v1::GetUserRequest { user }).await?;
    Ok(found.into_inner())
}
