//! What runs, and with which settings: this control, and the edges that follow it, as they say.

use super::App;
use ostia_domain::{clock::Timestamp, settings::Process};
use std::sync::Arc;

pub(crate) struct Known {
    pub(crate) process: Arc<Process>,
    /// Unset: it is this one.
    pub(crate) heard_at: Option<Timestamp>,
}

impl App {
    /// This control first, then edges by name. An edge in the process of this control is that process.
    pub(crate) fn list_processes(&self) -> Vec<Known> {
        let own = self.process.as_ref();
        let of_edge = |following: super::edges::Known| {
            let heard = self.pools.heard_at(following.edge_id);
            Known {
                heard_at: Some(heard.map_or(following.since, |at| at.max(following.since))),
                process: following.process,
            }
        };
        let edges = self.edges.known().into_iter();
        let edges = edges.filter(|edge| own.is_none_or(|own| own.id != edge.process.id));
        let mut edges: Vec<_> = edges.map(of_edge).collect();
        edges.sort_by(|a, b| (&a.process.name, a.process.id).cmp(&(&b.process.name, b.process.id)));
        let own = own.map(|own| Known {
            process: Arc::clone(own),
            heard_at: None,
        });
        own.into_iter().chain(edges).collect()
    }
}
