//! `ostia upstreams probe` and `output`: what an edge answers.

use super::super::{
    show::timestamp,
    table::{Table, fields},
};
use ostia_domain::upstream::Stage;
use ostia_proto::v1;
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Serialize)]
pub(super) struct Probed {
    edge: String,
    problem: Option<String>,
    problem_stage: Option<&'static str>,
    /// `legacy` or `modern`; null where nothing could be listed.
    era: Option<&'static str>,
    server_info: Option<Box<RawValue>>,
    tools: Vec<String>,
}

impl From<v1::ProbeUpstreamResponse> for Probed {
    fn from(tried: v1::ProbeUpstreamResponse) -> Self {
        let stage = tried.problem_stage().known();
        let found = tried.catalogue;
        Self {
            edge: tried.edge,
            problem: tried.problem,
            problem_stage: stage.map(Stage::as_str),
            era: found.as_ref().and_then(super::view::era),
            server_info: found.and_then(|found| RawValue::from_string(found.server_info).ok()),
            tools: tried.tools.into_iter().map(|tool| tool.name).collect(),
        }
    }
}

impl Probed {
    pub(super) fn works(&self) -> bool {
        self.era.is_some()
    }

    pub(super) fn text(&self) -> String {
        let state = if self.works() { "works" } else { "fails" };
        fields([
            ("state", state.to_owned()),
            ("problem", self.problem.clone().unwrap_or_default()),
            ("stage", self.problem_stage.unwrap_or_default().to_owned()),
            ("speaks", self.era.unwrap_or_default().to_owned()),
            ("tools", self.tools.join(", ")),
            ("tried by", self.edge.clone()),
        ])
    }
}

#[derive(Serialize)]
pub(super) struct Line {
    edge: String,
    worker: u64,
    at: Option<String>,
    text: String,
}

/// By edge, oldest first.
pub(super) fn lines(edges: Vec<v1::EdgeOutput>) -> Vec<Line> {
    let of_edge = |edge: v1::EdgeOutput| {
        let name = edge.edge;
        edge.lines.into_iter().map(move |line| Line {
            edge: name.clone(),
            worker: line.worker,
            at: timestamp(line.at),
            text: line.text,
        })
    };
    edges.into_iter().flat_map(of_edge).collect()
}

pub(super) fn table(lines: &[Line]) -> String {
    let rows = lines.iter().map(|line| {
        [
            line.edge.clone(),
            line.worker.to_string(),
            line.at.clone().unwrap_or_default(),
            line.text.clone(),
        ]
    });
    Table::new(
        ["EDGE", "WORKER", "AT", "LINE"],
        "its workers wrote nothing to stderr, or no edge answered",
    )
    .rows(rows)
    .text()
}
