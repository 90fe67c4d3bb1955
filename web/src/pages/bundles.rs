//! `/bundles`: named selections of tools, each at an endpoint of its own.

use super::Done;
use crate::{
    Site,
    components::{
        content::{Chips, Copyable, Empty, PageHead, Panel},
        form::{AreaField, Posted, Problems, TextField},
        removal::{Removal, confirmed},
        rows::{self, RowField, Rows},
        shell::{Section, Shell},
        table::{Cell, Pages, Table},
        time::{As, Time},
    },
    csrf::{Checked, CsrfField},
    load::load,
    part::{Asked, Part},
    render,
    saving::save as saved,
    visitor::{Operator, Overseer, Visitor},
};
use axum::{
    Router,
    extract::{Path, Query, State},
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::v1;
use tonic::Status;

const OVERRIDES: &str = "overrides";

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/bundles", get(list))
        .route("/bundles/new", get(fresh).post(create))
        .route("/bundles/{bundle}", get(show).post(save))
        .route("/bundles/{bundle}/delete", post(delete))
}

async fn list(Overseer(visitor): Overseer, Query(asked): Query<Asked>) -> Response {
    let mut bundles = visitor.control.bundles();
    let listing = async { bundles.list_bundles(v1::ListBundlesRequest {}).await };
    let listed = match load(listing).await {
        Ok(listed) => listed.into_inner().bundles,
        Err(failure) => return failure.show(&visitor),
    };
    let part = Part::of(listed, &asked.cursor, |bundle| &bundle.name);
    let may_change = visitor.operates();
    let done = match &*asked.done {
        "saved" => Some("The bundle is saved. Clients are told that their lists changed."),
        "deleted" => Some("The bundle is deleted, and nothing answers at its endpoint."),
        _ => None,
    };
    render::page_of(&visitor, StatusCode::OK, || {
        view! { <List part=part may_change=may_change done=done/> }
    })
}

async fn found(visitor: &Visitor, bundle: &str) -> Result<v1::Bundle, Status> {
    let bundle = bundle.to_owned();
    let mut bundles = visitor.control.bundles();
    let found = bundles.get_bundle(v1::GetBundleRequest { bundle }).await?;
    Ok(found.into_inner())
}

fn of(bundle: &v1::Bundle) -> Posted {
    let mut posted = Posted::default();
    let selection = bundle.selection.clone().unwrap_or_default();
    posted.push("include", selection.include.join("\n"));
    rows::push_count(&mut posted, OVERRIDES, selection.overrides.len());
    for (row, shown) in selection.overrides.into_iter().enumerate() {
        let fields = [
            ("tool", shown.tool),
            ("name", shown.name.unwrap_or_default()),
            ("description", shown.description.unwrap_or_default()),
        ];
        for (member, value) in fields {
            posted.push(&rows::name(OVERRIDES, row, member), value);
        }
    }
    posted
}

fn selection(posted: &Posted) -> v1::Selection {
    let overrides = (0..rows::count(posted, OVERRIDES)).filter_map(|row| {
        let text = |member: &str| {
            let text = posted.get(&rows::name(OVERRIDES, row, member));
            (!text.is_empty()).then(|| text.to_owned())
        };
        let (tool, name, description) = (text("tool"), text("name"), text("description"));
        let said = tool.is_some() || name.is_some() || description.is_some();
        said.then(|| v1::ToolOverride {
            tool: tool.unwrap_or_default(),
            name,
            description,
        })
    });
    v1::Selection {
        overrides: overrides.collect(),
        include: posted.lines("include"),
    }
}

async fn fresh(site: State<Site>, Operator(visitor): Operator) -> Response {
    page(&site, &visitor, StatusCode::OK, None, Posted::default())
}

async fn show(
    site: State<Site>,
    Overseer(visitor): Overseer,
    Path(bundle): Path<String>,
) -> Response {
    match load(found(&visitor, &bundle)).await {
        Ok(bundle) => {
            let posted = of(&bundle);
            page(&site, &visitor, StatusCode::OK, Some(bundle), posted)
        }
        Err(failure) => failure.show(&visitor),
    }
}

async fn create(
    site: State<Site>,
    Checked { visitor, form }: Checked<Vec<(String, String)>, Operator>,
) -> Response {
    let Operator(visitor) = visitor;
    let mut posted = Posted::new(form);
    let request = v1::CreateBundleRequest {
        name: posted.get("name").to_owned(),
        selection: Some(selection(&posted)),
    };
    let mut bundles = visitor.control.bundles();
    let change = async { bundles.create_bundle(request).await };
    match saved(&mut posted, change).await {
        Ok(Some(_)) => Redirect::to("/bundles?done=saved").into_response(),
        Ok(None) => {
            let refused = StatusCode::UNPROCESSABLE_ENTITY;
            page(&site, &visitor, refused, None, posted)
        }
        Err(failure) => failure.show(&visitor),
    }
}

async fn save(
    site: State<Site>,
    Path(bundle): Path<String>,
    Checked { visitor, form }: Checked<Vec<(String, String)>, Operator>,
) -> Response {
    let Operator(visitor) = visitor;
    let bundle = match load(found(&visitor, &bundle)).await {
        Ok(bundle) => bundle,
        Err(failure) => return failure.show(&visitor),
    };
    let mut posted = Posted::new(form);
    let request = v1::UpdateBundleRequest {
        bundle: bundle.id.clone(),
        selection: Some(selection(&posted)),
    };
    let mut bundles = visitor.control.bundles();
    let change = async { bundles.update_bundle(request).await };
    match saved(&mut posted, change).await {
        Ok(Some(_)) => Redirect::to("/bundles?done=saved").into_response(),
        Ok(None) => {
            let refused = StatusCode::UNPROCESSABLE_ENTITY;
            page(&site, &visitor, refused, Some(bundle), posted)
        }
        Err(failure) => failure.show(&visitor),
    }
}

async fn delete(
    site: State<Site>,
    Path(bundle): Path<String>,
    Checked { visitor, form }: Checked<Vec<(String, String)>, Operator>,
) -> Response {
    let Operator(visitor) = visitor;
    let mut typed = Posted::new(form);
    let bundle = match load(found(&visitor, &bundle)).await {
        Ok(bundle) => bundle,
        Err(failure) => return failure.show(&visitor),
    };
    if !confirmed(&mut typed, &bundle.name) {
        let mut posted = of(&bundle);
        posted.refuse("confirm", typed.problem("confirm").unwrap_or_default());
        let refused = StatusCode::UNPROCESSABLE_ENTITY;
        return page(&site, &visitor, refused, Some(bundle), posted);
    }
    let mut bundles = visitor.control.bundles();
    let request = v1::DeleteBundleRequest { bundle: bundle.id };
    match load(async { bundles.delete_bundle(request).await }).await {
        Ok(_) => Redirect::to("/bundles?done=deleted").into_response(),
        Err(failure) => failure.show(&visitor),
    }
}

fn page(
    State(site): &State<Site>,
    visitor: &Visitor,
    status: StatusCode,
    bundle: Option<v1::Bundle>,
    posted: Posted,
) -> Response {
    let may_change = visitor.operates();
    let mcp_url = site.config.mcp_url.clone();
    render::page_of(visitor, status, || {
        view! { <One bundle=bundle posted=posted may_change=may_change mcp_url=mcp_url/> }
    })
}

#[component]
fn List(part: Part<v1::Bundle>, may_change: bool, done: Option<&'static str>) -> impl IntoView {
    let make =
        may_change.then(|| view! { <a class="button" href="/bundles/new">"Make a bundle"</a> });
    let empty = part.rows.is_empty();
    let rows = part.rows.into_iter().map(|bundle| {
        let selection = bundle.selection.unwrap_or_default();
        view! {
            <tr>
                <th scope="row"><a class="first" href=format!("/bundles/{}", bundle.id)>{bundle.name}</a></th>
                <Cell label="Shows"><Chips of=selection.include/></Cell>
                <Cell label="Changed"><Time at=bundle.updated_at shown=As::Distance/></Cell>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Shell title="Bundles" section=Section::Bundles>
            <PageHead
                title="Bundles"
                lead="Named selections of tools, prompts and resources, each at an endpoint of its own. One shows part of what its caller may use anyway, and grants nothing."
            >
                {make}
            </PageHead>
            {done.map(|what| view! { <Done what=what/> })}
            {if empty {
                view! {
                    <Empty title="There are no bundles">
                        <p>"With one, a client sees the few tools that a task needs, and spends less of its model's context."</p>
                    </Empty>
                }
                    .into_any()
            } else {
                view! {
                    <div class="panel">
                        <Table caption="Bundles by name" quiet=true columns=vec!["Bundle", "Shows", "Changed"]>
                            {rows}
                        </Table>
                        <Pages list="/bundles" later=part.later next=part.next/>
                    </div>
                }
                    .into_any()
            }}
        </Shell>
    }
}

#[component]
fn One(
    bundle: Option<v1::Bundle>,
    posted: Posted,
    may_change: bool,
    mcp_url: String,
) -> impl IntoView {
    let (title, action) = match &bundle {
        Some(bundle) => (bundle.name.clone(), format!("/bundles/{}", bundle.id)),
        None => ("Make a bundle".to_owned(), "/bundles/new".to_owned()),
    };
    let endpoint = bundle.as_ref().map(|bundle| {
        let url = format!("{mcp_url}/@{}", bundle.name);
        view! {
            <Panel title="Endpoint" note="For clients, with any key">
                <Copyable id="endpoint" text=url label="the bundle's endpoint"/>
            </Panel>
        }
    });
    let facts = bundle.clone().filter(|_| !may_change).map(|bundle| {
        let include = bundle.selection.unwrap_or_default().include;
        view! { <Panel title="Shows"><Chips of=include/></Panel> }
    });
    let typed = posted.clone();
    let removal = bundle.clone().filter(|_| may_change).map(|bundle| {
        view! {
            <Panel title="End it">
                <Removal
                    posted=typed
                    name=bundle.name
                    action=format!("/bundles/{}/delete", bundle.id)
                    said="Delete the bundle"
                    why="Clients of its endpoint find nothing there any more."
                />
            </Panel>
        }
    });
    let is_new = bundle.is_none();
    let problems = posted.clone();
    let form = may_change.then(|| view! { <Form action=action posted=posted is_new=is_new/> });
    view! {
        <Shell title=title.clone() section=Section::Bundles>
            <PageHead title=title back=("/bundles", "Bundles")/>
            <Problems posted=problems/>
            {endpoint}
            {facts}
            {form}
            {removal}
        </Shell>
    }
}

#[component]
fn Form(action: String, posted: Posted, is_new: bool) -> impl IntoView {
    let of_name = posted.clone();
    let name = is_new.then(|| {
        view! {
            <TextField
                posted=of_name
                name="name"
                label="Name"
                hint="Lower-case letters, digits and hyphens: it is part of the address."
                required=true
            />
        }
    });
    view! {
        <form method="post" action=action class="form panel">
            <CsrfField/>
            {name}
            <AreaField
                posted=posted.clone()
                name="include"
                label="What it shows"
                hint="As upstream.tool, one on a line: github.get_*. Prompts count by their name, resources by their URI."
            />
            <Rows
                posted=posted
                group=OVERRIDES
                legend="Shown otherwise"
                hint="Another name or description for a tool. A row without anything is left out; to add more than one, save in between."
                row=override_row
            />
            <div class="row">
                <button type="submit">"Save"</button>
                <a class="button second" href="/bundles">"Cancel"</a>
            </div>
        </form>
    }
}

fn override_row(posted: Posted, row: usize) -> AnyView {
    view! {
        <div class="record">
            <RowField posted=posted.clone() group=OVERRIDES row=row member="tool" label="Tool" placeholder="github.get_issue"/>
            <RowField posted=posted.clone() group=OVERRIDES row=row member="name" label="Name"/>
            <RowField posted=posted group=OVERRIDES row=row member="description" label="Description"/>
        </div>
    }
    .into_any()
}
