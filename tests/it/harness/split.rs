//! Control and an edge as two processes.

use super::{
    control::{self, Control},
    mcp::{Endpoint, modern},
    ostia::{Options, Ostia},
    wait,
};
use std::time::Duration;

pub(crate) struct Split {
    pub(crate) control: Ostia,
    pub(crate) edge: Ostia,
}

impl Split {
    pub(crate) async fn start() -> Self {
        Self::start_with(Ostia::options(), Ostia::options()).await
    }

    /// With these options for the one and the other.
    pub(crate) async fn start_with(control: Options, edge: Options) -> Self {
        let control = control.roles(&["control"]).start().await;
        let edge = another_edge(&control, edge).await;
        Self { control, edge }
    }

    pub(crate) fn services(&self) -> Control {
        control::between(&self.control, &self.edge)
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::new(&self.edge.mcp_url, &self.control.key)
    }
}

/// An edge that reaches control elsewhere than where control listens.
pub(crate) async fn edge_over(control: &Ostia, control_url: &str, options: Options) -> Ostia {
    let token = control::secret(control, "service_token");
    let edge = options
        .roles(&["edge"])
        .arg("--control-url")
        .arg(control_url)
        .env("OSTIA_SERVICE_TOKEN", token.expose())
        .start()
        .await;
    demo_is_known(&edge, &control.key).await;
    edge
}

/// One more edge of this control, which knows the demo.
pub(crate) async fn another_edge(control: &Ostia, options: Options) -> Ostia {
    edge_over(control, &control.control_url, options).await
}

async fn demo_is_known(edge: &Ostia, key: &str) {
    let endpoint = Endpoint::new(&edge.mcp_url, key);
    let what = "the edge knows the demo";
    let known = wait::until(Duration::from_secs(20), what, || async {
        let tools = modern::tools(&endpoint).await;
        if tools.is_empty() { Err(tools) } else { Ok(()) }
    });
    known.await;
}
