//! `/upstreams/{upstream}/output`: what workers wrote to stderr last.

use super::{detail::found, name};
use crate::{
    address::Path,
    components::{
        content::{Empty, PageHead, Panel},
        number,
        shell::{Section, Shell},
        table::{Cell, Table},
        time::{As, Time},
    },
    load::load,
    render,
    visitor::Overseer,
};
use axum::response::Response;
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::v1;

pub(super) async fn show(Overseer(visitor): Overseer, Path(upstream): Path<String>) -> Response {
    let request = v1::ListWorkerOutputRequest {
        upstream: upstream.clone(),
    };
    let mut upstreams = visitor.control.upstreams();
    let loading = async {
        tokio::try_join!(
            found(&visitor, &upstream),
            upstreams.list_worker_output(request),
        )
    };
    match load(loading).await {
        Ok((upstream, listed)) => {
            let (id, name) = (upstream.id.clone(), name(&upstream).to_owned());
            let edges = listed.into_inner().edges;
            render::page_of(&visitor, StatusCode::OK, || {
                view! { <Output id=id name=name edges=edges/> }
            })
        }
        Err(failure) => failure.show(&visitor),
    }
}

#[component]
fn Output(id: String, name: String, edges: Vec<v1::EdgeOutput>) -> impl IntoView {
    let title = format!("Output of {name}");
    let here = format!("/upstreams/{id}/output");
    let written = edges.iter().any(|edge| !edge.lines.is_empty());
    let edges = edges.into_iter().filter(|edge| !edge.lines.is_empty());
    let edges = edges
        .map(|edge| view! { <OfEdge edge=edge/> })
        .collect_view();
    let nothing = (!written).then(|| {
        view! {
            <Empty title="Nothing was written">
                <p>
                    "Workers of the newest definition wrote nothing to stderr, or no edge answered. Upstreams over HTTP \
                     have no such output."
                </p>
            </Empty>
        }
    });
    view! {
        <Shell title=title.clone() section=Section::Upstreams>
            <PageHead
                title=title
                lead="What workers wrote to stderr last: the start of each line, without what they were given as credentials."
                back=("/upstreams", "Upstreams")
            >
                <a class="button second" href=format!("/upstreams/{id}")>{name}</a>
                <a class="button" href=here>"Refresh"</a>
            </PageHead>
            {nothing}
            {edges}
        </Shell>
    }
}

#[component]
fn OfEdge(edge: v1::EdgeOutput) -> impl IntoView {
    let note = number::counted(edge.lines.len() as u64, "line", "lines");
    // The newest is what is looked for.
    let rows = edge.lines.into_iter().rev().map(|line| {
        view! {
            <tr>
                <th scope="row"><Time at=line.at shown=As::Second/></th>
                <Cell label="Worker" number=true>{line.worker}</Cell>
                <Cell label="Line"><code>{line.text}</code></Cell>
            </tr>
        }
    });
    let rows = rows.collect_view();
    let title = format!("On {}", edge.edge);
    view! {
        <Panel title=title note=note>
            <Table caption="Lines, newest first" quiet=true dense=true columns=vec!["When", "#Worker", "Line"]>
                {rows}
            </Table>
        </Panel>
    }
}
