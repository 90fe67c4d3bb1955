//! `/all-keys`: everybody's keys, and those that should not be as they are.

mod end;
mod review;
mod revoke;
mod several;

use crate::{
    Site,
    address::Query,
    components::{
        content::{Badge, Chips, Empty, PageHead, Tone},
        form::{Posted, SelectField, TextField},
        shell::{Section, Shell},
        table::{Cell, Pages, Table, encoded},
        time::{As, Time},
    },
    csrf::CsrfField,
    load::{Failure, load},
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
use ostia_domain::clock;
use ostia_proto::v1;
use review::{Concern, Review};
use serde::Deserialize;
use tonic::Status;

const SHOWN: u32 = 50;
/// Pages of control that are looked through for one, where control cannot say which keys are of a concern.
const LOOKS: usize = 10;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/all-keys", get(show))
        .route("/all-keys/end", post(end::end))
        .route("/all-keys/revoke", post(revoke::revoke))
}

#[derive(Clone, Default, Deserialize)]
struct Asked {
    /// Name of a user.
    #[serde(default)]
    owner: String,
    #[serde(default)]
    concern: String,
    #[serde(default)]
    cursor: String,
}

impl Asked {
    fn address(&self) -> String {
        format!(
            "/all-keys?owner={}&concern={}",
            encoded(&self.owner),
            encoded(&self.concern)
        )
    }
}

struct Row {
    key: v1::Key,
    concerns: Vec<Concern>,
}

#[derive(Default)]
struct Found {
    rows: Vec<Row>,
    next: String,
}

async fn show(Overseer(visitor): Overseer, Query(asked): Query<Asked>) -> Response {
    let mut posted = Posted::default();
    posted.push("owner", &asked.owner);
    posted.push("concern", &asked.concern);
    let (status, found) = match load(found(&visitor, &asked)).await {
        Ok(found) => (StatusCode::OK, found),
        Err(Failure::NotThere) if !asked.owner.is_empty() => {
            posted.refuse("owner", "there is no such user");
            (StatusCode::UNPROCESSABLE_ENTITY, Found::default())
        }
        Err(failure) => return failure.show(&visitor),
    };
    let may_revoke = visitor.operates();
    render::page_of(&visitor, status, || {
        view! { <List asked=asked posted=posted found=found may_revoke=may_revoke/> }
    })
}

/// Keys of this concern, from page after page of control's until there are enough, or enough was looked at: all
/// but one concern control knows itself.
async fn found(visitor: &Visitor, asked: &Asked) -> Result<Found, Status> {
    let mut policies = visitor.control.policies();
    let policies = policies.list_policies(v1::ListPoliciesRequest {}).await?;
    let review = Review::new(policies.into_inner().policies, clock::now());
    let wanted = Concern::parse(&asked.concern);
    let (mut rows, mut next) = (Vec::new(), asked.cursor.clone());
    let looks = wanted.map_or_else(v1::ListKeysRequest::default, |one| review.request(one));
    for _ in 0..LOOKS {
        let request = v1::ListKeysRequest {
            owner: (!asked.owner.is_empty()).then(|| asked.owner.clone()),
            page_size: SHOWN,
            page_token: next,
            ..looks.clone()
        };
        let page = visitor
            .control
            .keys()
            .list_keys(request)
            .await?
            .into_inner();
        let reviewed = page.keys.into_iter().map(|key| Row {
            concerns: review.of(&key),
            key,
        });
        rows.extend(reviewed.filter(|row| wanted.is_none_or(|one| row.concerns.contains(&one))));
        next = page.next_page_token;
        if next.is_empty() || rows.len() >= SHOWN as usize {
            break;
        }
    }
    Ok(Found { rows, next })
}

#[component]
fn List(asked: Asked, posted: Posted, found: Found, may_revoke: bool) -> impl IntoView {
    let concerns = Concern::ALL.map(|one| (one.name().to_owned(), one.said().to_owned()));
    let concerns = [(String::new(), "all".to_owned())]
        .into_iter()
        .chain(concerns);
    let empty = found.rows.is_empty();
    let (list, later) = (asked.address(), !asked.cursor.is_empty());
    let rows = found
        .rows
        .into_iter()
        .map(|row| view! { <KeyRow row=row may_revoke=may_revoke/> });
    let rows = rows.collect_view();
    let mut columns = vec![
        "Key",
        "Owner",
        "May use",
        "Worth a look",
        "Made",
        "Last used",
        "Ends",
    ];
    if may_revoke {
        columns.insert(0, "Choose");
    }
    view! {
        <Shell title="Keys of all" section=Section::AllKeys>
            <PageHead title="Keys of all" lead="Everybody's keys, newest first."/>
            <form method="get" action="/all-keys" class="filters" role="search">
                <TextField posted=posted.clone() name="owner" label="Owner"/>
                <SelectField posted=posted name="concern" label="Worth a look" options=concerns.collect()/>
                <button type="submit" class="second">"Show"</button>
            </form>
            {if empty {
                view! {
                    <Empty title="No such keys here">
                        <p>"None of those that were looked at is like this."</p>
                        <Pages list=list later=later next=found.next/>
                    </Empty>
                }
                    .into_any()
            } else {
                view! {
                    <form method="post" action="/all-keys/revoke" class="panel">
                        <CsrfField/>
                        <Table caption="Keys, newest first" quiet=true columns=columns>
                            {rows}
                        </Table>
                        {may_revoke
                            .then(|| {
                                view! {
                                    <div class="row">
                                        <button type="submit" class="danger">"Revoke those that are chosen…"</button>
                                        <button type="submit" class="second" formaction="/all-keys/end">
                                            "Have them end…"
                                        </button>
                                        <span class="quiet">"You are asked once more."</span>
                                    </div>
                                }
                            })}
                        <Pages list=list later=later next=found.next/>
                    </form>
                }
                    .into_any()
            }}
        </Shell>
    }
}

#[component]
fn KeyRow(row: Row, may_revoke: bool) -> impl IntoView {
    let key = row.key;
    let label = format!("Choose {} of {}", key.name, key.owner_name);
    let ended = key.state() == v1::KeyState::Revoked;
    let owner = format!("/users/{}", key.owner_id);
    let concerns = row.concerns.into_iter().map(|concern| {
        view! { <Badge tone=Tone::Warn text=concern.said()/> }
    });
    let concerns = concerns.collect_view();
    let state = match key.state() {
        v1::KeyState::Active => None,
        v1::KeyState::Inactive => Some((Tone::Warn, "Inactive")),
        v1::KeyState::Expired => Some((Tone::Bad, "Expired")),
        v1::KeyState::Revoked => Some((Tone::Bad, "Revoked")),
        v1::KeyState::Unspecified => Some((Tone::Plain, "Unknown")),
    };
    let state = state.map(|(tone, text)| view! { <Badge tone=tone text=text/> });
    let id = key.id.clone();
    view! {
        <tr>
            {may_revoke
                .then(|| {
                    view! {
                        <Cell label="Choose">
                            <input type="checkbox" name="key" value=id aria-label=label disabled=ended/>
                        </Cell>
                    }
                })}
            <th scope="row">
                <div>
                    <a class="first" href=format!("/keys/{}", key.id)>{key.name}</a>
                    " "
                    {state}
                </div>
            </th>
            <Cell label="Owner"><a href=owner>{key.owner_name}</a></Cell>
            <Cell label="May use"><Chips of=key.policies/></Cell>
            <Cell label="Worth a look"><div class="chips">{concerns}</div></Cell>
            <Cell label="Made"><Time at=key.created_at shown=As::Distance/></Cell>
            <Cell label="Last used"><Time at=key.last_used_at shown=As::Distance/></Cell>
            <Cell label="Ends"><Time at=key.expires_at shown=As::Date/></Cell>
        </tr>
    }
}
