//! `/bundles`: named selections of tools, each at an endpoint of its own.

use super::{
    Done,
    objects::{self, Object, One},
};
use crate::{
    Site,
    components::{
        content::{Chips, Copyable, Empty, PageHead, Panel},
        form::{AreaField, Posted, Problems, TextField},
        rows::{self, RowField, Rows},
        shell::{Section, Shell},
        table::{Cell, Pages, Table},
        time::{As, Time},
    },
    csrf::CsrfField,
    load::Failure,
    part::Part,
    saving::save,
    visitor::{Operator, Visitor},
};
use axum::Router;
use leptos::prelude::*;
use ostia_proto::v1;
use tonic::Status;

const OVERRIDES: &str = "overrides";

pub(crate) fn routes() -> Router<Site> {
    objects::routes::<v1::Bundle>()
}

/// Address of the endpoint of everything.
pub(crate) struct Endpoint(String);

impl Object for v1::Bundle {
    const LIST: &'static str = "/bundles";
    const MADE: &'static str = "The bundle is made. Clients find it at its endpoint.";
    const CHANGED: &'static str = "The bundle is saved. Clients are told that their lists changed.";
    const DELETED: &'static str = "The bundle is deleted, and nothing answers at its endpoint.";
    type Keeper = Operator;
    type Beside = Endpoint;

    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn form(&self) -> Posted {
        let mut posted = Posted::default();
        let selection = self.selection.clone().unwrap_or_default();
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

    async fn all(visitor: &Visitor) -> Result<Vec<Self>, Status> {
        let mut bundles = visitor.control.bundles();
        let listed = bundles.list_bundles(v1::ListBundlesRequest {}).await?;
        Ok(listed.into_inner().bundles)
    }

    async fn find(visitor: &Visitor, bundle: String) -> Result<Self, Status> {
        let mut bundles = visitor.control.bundles();
        let found = bundles.get_bundle(v1::GetBundleRequest { bundle }).await?;
        Ok(found.into_inner())
    }

    async fn beside(site: &Site, _: &Visitor) -> Result<Endpoint, Status> {
        Ok(Endpoint(site.config.mcp_url.clone()))
    }

    async fn save(
        visitor: &Visitor,
        before: Option<&Self>,
        posted: &mut Posted,
    ) -> Result<Option<Self>, Failure> {
        let selection = Some(selection(posted));
        let mut bundles = visitor.control.bundles();
        if let Some(before) = before {
            let bundle = before.id.clone();
            let request = v1::UpdateBundleRequest { bundle, selection };
            return save(posted, async { bundles.update_bundle(request).await }).await;
        }
        let name = posted.get("name").to_owned();
        let request = v1::CreateBundleRequest { name, selection };
        save(posted, async { bundles.create_bundle(request).await }).await
    }

    async fn delete(&self, visitor: &Visitor) -> Result<(), Status> {
        let bundle = self.id.clone();
        let mut bundles = visitor.control.bundles();
        bundles
            .delete_bundle(v1::DeleteBundleRequest { bundle })
            .await?;
        Ok(())
    }

    fn list(part: Part<Self>, may_change: bool, done: Option<&'static str>) -> AnyView {
        view! { <List part=part may_change=may_change done=done/> }.into_any()
    }

    fn one(page: One<Self>) -> AnyView {
        view! { <Edit page=page/> }.into_any()
    }
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
fn Edit(page: One<v1::Bundle>) -> impl IntoView {
    let (title, action) = page.head("Make a bundle");
    let removal = page.removal(
        "Delete the bundle",
        "Clients of its endpoint find nothing there any more.",
    );
    let is_new = page.object.is_none();
    let endpoint = page.object.as_ref().map(|bundle| {
        let url = format!("{}/@{}", page.beside.0, bundle.name);
        view! {
            <Panel title="Endpoint" note="For clients, with any key">
                <Copyable id="endpoint" text=url label="the bundle's endpoint"/>
            </Panel>
        }
    });
    let posted = page.posted;
    let body = if page.may_change {
        view! { <Form action=action posted=posted.clone() is_new=is_new/> }.into_any()
    } else {
        let include = page.object.and_then(|bundle| bundle.selection);
        let include = include.unwrap_or_default().include;
        view! { <Panel title="Shows"><Chips of=include/></Panel> }.into_any()
    };
    view! {
        <Shell title=title.clone() section=Section::Bundles>
            <PageHead title=title back=("/bundles", "Bundles")/>
            {page.done.map(|what| view! { <Done what=what/> })}
            <Problems posted=posted/>
            {endpoint}
            {body}
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
