//! `/api/v1/upstreams/{upstream}/output`: what workers wrote to stderr last.

use super::super::{
    caller::Caller,
    message::{Answer, Named},
    problem::Problem,
    text::timestamp,
};
use crate::Site;
use ostia_proto::v1;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(output))
}

#[derive(Serialize, ToSchema)]
struct WorkerOutput {
    /// Those that answered, by name.
    edges: Vec<EdgeOutput>,
}

#[derive(Serialize, ToSchema)]
struct EdgeOutput {
    edge: String,
    /// The last 100, oldest first.
    lines: Vec<WorkerLine>,
}

#[derive(Serialize, ToSchema)]
struct WorkerLine {
    /// Number of the worker on its edge.
    worker: u64,
    #[schema(format = "date-time")]
    at: Option<String>,
    text: String,
}

impl From<v1::EdgeOutput> for EdgeOutput {
    fn from(edge: v1::EdgeOutput) -> Self {
        let lines = edge.lines.into_iter().map(|line| WorkerLine {
            worker: line.worker,
            at: timestamp(line.at),
            text: line.text,
        });
        Self {
            edge: edge.edge,
            lines: lines.collect(),
        }
    }
}

/// Say what workers wrote to stderr last: the start of each line, without their credentials.
#[utoipa::path(get, path = "/api/v1/upstreams/{upstream}/output", tag = "upstreams",
    params(("upstream" = String, Path, description = "Name or id.")),
    responses((status = OK, body = WorkerOutput)))]
async fn output(
    caller: Caller,
    Named(upstream): Named<String>,
) -> Result<Answer<WorkerOutput>, Problem> {
    let request = v1::ListWorkerOutputRequest { upstream };
    let mut upstreams = caller.control.upstreams();
    let listed = upstreams.list_worker_output(request).await?;
    let edges = listed.into_inner().edges.into_iter();
    Ok(Answer(WorkerOutput {
        edges: edges.map(EdgeOutput::from).collect(),
    }))
}
