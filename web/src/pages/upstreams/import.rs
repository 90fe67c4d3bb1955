//! `/upstreams/import`: the servers that a client has in its file, as upstreams.

use super::BACK;
use crate::{
    components::{
        content::{Badge, PageHead, Tone},
        form::{AreaField, Posted, Problems},
        number,
        shell::{Section, Shell},
        table::{Cell, Table},
    },
    csrf::{Checked, CsrfField},
    load::{Failure, load},
    render,
    visitor::{Operator, Visitor},
};
use axum::response::Response;
use http::StatusCode;
use leptos::prelude::*;
use ostia_domain::client_file::{self, Entry, Skipped};
use ostia_proto::v1;

/// More than any client has.
const MAX_SERVERS: usize = 200;

/// What became of one server.
struct Outcome {
    /// What the file calls it.
    source_name: String,
    /// Or why it was left out.
    added: Result<v1::Upstream, String>,
}

pub(super) async fn show(Operator(visitor): Operator) -> Response {
    page(&visitor, StatusCode::OK, Posted::default())
}

/// A server that cannot be one is no reason to leave out the others.
pub(super) async fn import(
    Checked { visitor, form }: Checked<Vec<(String, String)>, Operator>,
) -> Response {
    let Operator(visitor) = visitor;
    let posted = Posted::new(form);
    let entries = match read(posted.get("text")) {
        Ok(entries) => entries,
        Err(problem) => {
            // Not with the text, which may have secrets in it.
            let mut again = Posted::default();
            again.refuse("text", problem);
            return page(&visitor, StatusCode::UNPROCESSABLE_ENTITY, again);
        }
    };
    let mut outcomes = Vec::with_capacity(entries.len());
    for entry in entries {
        outcomes.push(match entry {
            Ok(entry) => add(&visitor, entry).await,
            Err(skipped) => Outcome {
                source_name: skipped.source_name,
                added: Err(skipped.reason),
            },
        });
    }
    let status = if outcomes.iter().any(|outcome| outcome.added.is_ok()) {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    render::page_of(&visitor, status, || view! { <Told outcomes=outcomes/> })
}

/// Variables are not filled in: the environment of this role is not for whoever sends a form.
fn read(text: &str) -> Result<Vec<Result<Entry, Skipped>>, String> {
    let entries = client_file::read(text, &|_| None)?;
    match entries.len() {
        0 => Err("there is no server in it".to_owned()),
        1..=MAX_SERVERS => Ok(entries),
        more => Err(format!(
            "these are {more} servers: paste at most {MAX_SERVERS} at once"
        )),
    }
}

async fn add(visitor: &Visitor, entry: Entry) -> Outcome {
    let Entry {
        source_name,
        name,
        transport,
    } = entry;
    let definition = v1::UpstreamDefinition {
        name: name.into(),
        transport: Some(transport.into()),
        ..v1::UpstreamDefinition::default()
    };
    let request = v1::AddUpstreamRequest {
        definition: Some(definition),
    };
    let mut upstreams = visitor.control.upstreams();
    let added = load(async { upstreams.add_upstream(request).await }).await;
    let added = added
        .map(tonic::Response::into_inner)
        .map_err(|failure| match failure {
            Failure::Refused(status) => status.message().to_owned(),
            Failure::Away => {
                "control did not answer: look whether it is there, and paste it again".to_owned()
            }
            Failure::NotThere => "you may not add upstreams any more".to_owned(),
        });
    Outcome { source_name, added }
}

fn page(visitor: &Visitor, status: StatusCode, posted: Posted) -> Response {
    render::page_of(visitor, status, || view! { <Paste posted=posted/> })
}

#[component]
fn Paste(posted: Posted) -> impl IntoView {
    view! {
        <Shell title="Paste a client's file" section=Section::Upstreams>
            <PageHead
                title="Paste a client's file"
                lead="What Claude, Cursor or VS Code has under mcpServers or servers. Each server becomes an upstream; what it is given is sealed and never shown again."
                back=BACK
            />
            <Problems posted=posted.clone()/>
            <form method="post" action="/upstreams/import" class="form panel">
                <CsrfField/>
                <AreaField
                    posted=posted
                    name="text"
                    label="The file"
                    hint="JSON, with comments where the client allows them. Write values in place of ${…}: variables of the client's machine are not known here. For addresses that begin with http:// private networks are allowed."
                    rows=16
                />
                <div class="row">
                    <button type="submit">"Add them"</button>
                    <a class="button second" href="/upstreams">"Cancel"</a>
                </div>
            </form>
        </Shell>
    }
}

#[component]
fn Told(outcomes: Vec<Outcome>) -> impl IntoView {
    let added = outcomes
        .iter()
        .filter(|outcome| outcome.added.is_ok())
        .count();
    let title = format!(
        "{} added",
        number::counted(added as u64, "upstream", "upstreams")
    );
    let rows = outcomes.into_iter().map(|outcome| {
        let (tone, state, told) = match outcome.added {
            Ok(added) => {
                let href = format!("/upstreams/{}", added.id);
                let name = added.definition.map(|definition| definition.name);
                (
                    Tone::Good,
                    "Added",
                    view! { <a href=href>{name}</a> }.into_any(),
                )
            }
            Err(reason) => (Tone::Warn, "Left out", reason.into_any()),
        };
        view! {
            <tr>
                <th scope="row">{outcome.source_name}</th>
                <Cell label="State"><Badge tone=tone text=state/></Cell>
                <Cell label="As, or why not">{told}</Cell>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Shell title=title.clone() section=Section::Upstreams>
            <PageHead title=title back=BACK>
                <a class="button second" href="/upstreams/import">"Paste another"</a>
            </PageHead>
            <div class="panel">
                <Table
                    caption="What became of each server"
                    quiet=true
                    columns=vec!["Server", "State", "As, or why not"]
                >
                    {rows}
                </Table>
            </div>
        </Shell>
    }
}
