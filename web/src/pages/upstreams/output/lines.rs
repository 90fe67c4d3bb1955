//! What workers wrote, of all edges together, newest first.

use crate::{
    components::{
        table::{Cell, Table},
        time::{As, Time, instant},
    },
    visitor::Visitor,
};
use leptos::prelude::*;
use ostia_proto::v1;
use std::collections::HashMap;
use tonic::Status;

/// Of all edges together.
pub(super) const MOST: usize = 200;

#[derive(Clone)]
pub(super) struct Line {
    /// In the order of lines: of two at one moment from one worker, the later is greater.
    pub(super) id: String,
    edge: String,
    written: v1::WorkerLine,
}

/// As far as edges answer.
pub(super) async fn lines(visitor: &Visitor, upstream: &str) -> Result<Vec<Line>, Status> {
    let request = v1::ListWorkerOutputRequest {
        upstream: upstream.to_owned(),
    };
    let mut upstreams = visitor.control.upstreams();
    let listed = upstreams.list_worker_output(request).await?;
    Ok(newest_first(listed.into_inner().edges))
}

fn newest_first(edges: Vec<v1::EdgeOutput>) -> Vec<Line> {
    let mut lines: Vec<_> = edges.into_iter().flat_map(of_edge).collect();
    lines.sort_by(|a, b| b.id.cmp(&a.id));
    lines.truncate(MOST);
    lines
}

fn of_edge(output: v1::EdgeOutput) -> Vec<Line> {
    let mut at_once: HashMap<(u64, i64), u32> = HashMap::new();
    let lines = output.lines.into_iter().map(|line| {
        let at = instant(line.at).map_or(0, |at| at.timestamp_micros());
        let nth = at_once.entry((line.worker, at)).or_default();
        *nth += 1;
        let (edge, worker) = (&output.edge, line.worker);
        Line {
            id: format!("{at:020}-{edge}-{worker:010}-{nth:03}"),
            edge: edge.clone(),
            written: line,
        }
    });
    lines.collect()
}

#[component]
pub(super) fn Lines(of: Vec<Line>) -> impl IntoView {
    let rows = of.into_iter().map(|line| view! { <LineRow of=line/> });
    let rows = rows.collect_view();
    view! {
        <Table
            caption="Lines, newest first"
            quiet=true
            dense=true
            columns=vec!["When", "Edge", "#Worker", "Line"]
        >
            {rows}
        </Table>
    }
}

#[component]
pub(super) fn LineRow(of: Line) -> impl IntoView {
    let Line { id, edge, written } = of;
    view! {
        <tr data-id=id>
            <Cell label="When"><Time at=written.at shown=As::Second/></Cell>
            <Cell label="Edge">{edge}</Cell>
            <Cell label="Worker" number=true>{written.worker}</Cell>
            <Cell label="Line"><code>{written.text}</code></Cell>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(edge: &str, lines: &[(u64, i64, &str)]) -> v1::EdgeOutput {
        let lines = lines.iter().map(|(worker, seconds, text)| v1::WorkerLine {
            worker: *worker,
            at: Some(prost_types::Timestamp {
                seconds: *seconds,
                nanos: 0,
            }),
            text: (*text).to_owned(),
        });
        v1::EdgeOutput {
            edge: edge.to_owned(),
            lines: lines.collect(),
        }
    }

    #[test]
    fn lines_of_all_edges_are_in_one_order_and_none_is_another() {
        let edges = vec![
            output("a", &[(1, 10, "first"), (1, 10, "second"), (2, 30, "last")]),
            output("b", &[(1, 20, "third")]),
        ];
        let lines = newest_first(edges);
        let texts: Vec<_> = lines.iter().map(|line| &*line.written.text).collect();
        assert_eq!(texts, ["last", "third", "second", "first"]);
        let mut ids: Vec<_> = lines.iter().map(|line| &line.id).collect();
        ids.dedup();
        assert_eq!(ids.len(), 4);
    }

    #[test]
    fn there_are_never_more_than_fit_on_the_page() {
        let many: Vec<_> = (0..150).map(|at| (1, at, "x")).collect();
        let lines = newest_first(vec![output("a", &many), output("b", &many)]);
        assert_eq!(lines.len(), MOST);
        assert!(lines[0].id > lines[MOST - 1].id);
    }
}
