//! `/upstreams/{upstream}/output`: what workers wrote to stderr last. Where scripts run, a stream adds what they
//! write.

mod lines;

use super::{detail::found, name};
use crate::{
    Site,
    address::Path,
    components::{
        content::{Empty, PageHead},
        live::Live,
        shell::{Section, Shell},
    },
    following::{self, Newest},
    load::load,
    render,
    session::Session,
    visitor::{Overseer, Visitor},
};
use axum::{extract::State, response::Response};
use http::StatusCode;
use leptos::prelude::*;
use lines::{Line, LineRow, Lines, MOST, lines};
use tonic::Status;

pub(super) async fn show(Overseer(visitor): Overseer, Path(upstream): Path<String>) -> Response {
    let loading =
        async { tokio::try_join!(found(&visitor, &upstream), lines(&visitor, &upstream)) };
    match load(loading).await {
        Ok((upstream, lines)) => {
            let (id, name) = (upstream.id.clone(), name(&upstream).to_owned());
            render::following_page_of(&visitor, StatusCode::OK, || {
                view! { <Output id=id name=name lines=lines/> }
            })
        }
        Err(failure) => failure.show(&visitor),
    }
}

/// Control refuses who may not read it, before there is a stream and at every beat.
pub(super) async fn follow(
    State(site): State<Site>,
    session: Session,
    visitor: Option<Visitor>,
    Path(upstream): Path<String>,
) -> Response {
    following::follow(site, session, visitor, Written { upstream }).await
}

struct Written {
    upstream: String,
}

impl Newest for Written {
    type Row = Line;
    const MOST: usize = MOST;

    async fn newest(&self, visitor: &Visitor) -> Result<Vec<Line>, Status> {
        lines(visitor, &self.upstream).await
    }

    fn id(row: &Line) -> String {
        row.id.clone()
    }

    fn row(&self, row: Line) -> String {
        render::fragment(|| view! { <LineRow of=row/> })
    }
}

#[component]
fn Output(id: String, name: String, lines: Vec<Line>) -> impl IntoView {
    let title = format!("Output of {name}");
    let here = format!("/upstreams/{id}/output");
    let stream = format!("{here}/lines");
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
            <Live stream=stream rows=MOST one="line" many="lines">
                <Lines of=lines/>
                <Empty title="Nothing was written">
                    <p>
                        "Workers of the newest definition wrote nothing to stderr, or no edge answered. Upstreams over HTTP \
                         have no such output."
                    </p>
                </Empty>
            </Live>
        </Shell>
    }
}
