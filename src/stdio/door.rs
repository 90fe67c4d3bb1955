//! Where the messages go: an edge that runs, or one that is opened here over the data folder.

use crate::{
    args::{Global, RunArgs},
    cli,
    config::{self, Secrets, Settings},
    data_dir::DataDir,
    failure::Failure,
    output::Output,
    run::{Itself, control, edge},
};
use ostia_control::Control;
use ostia_edge::Edge;
use std::{net::Ipv4Addr, sync::Arc};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

pub(super) struct Door {
    url: String,
    inside: Option<Inside>,
}

/// Control and edge of this process, for as long as the client stays.
struct Inside {
    control: Control,
    edge: Arc<Edge>,
    serving: TaskTracker,
}

impl Door {
    pub(super) async fn open(
        global: &Global,
        settings: &Settings,
        url: Option<String>,
        output: Output,
    ) -> Result<Self, Failure> {
        let data = DataDir::at(&settings.data_dir);
        // A process that was killed leaves its address behind, but nobody holds its lock.
        let running = || data.announced("mcp").filter(|_| data.is_locked("edge"));
        if let Some(url) = url.or_else(running) {
            if settings.verbose {
                output.remark(&format!("talking to the edge at {url}"));
            }
            return Ok(Self { url, inside: None });
        }
        if settings.verbose {
            let folder = settings.data_dir.display();
            output.remark(&format!("no edge runs on {folder}: opening one here"));
        }
        Self::inside(global, settings, &data).await
    }

    async fn inside(global: &Global, settings: &Settings, data: &DataDir) -> Result<Self, Failure> {
        cli::demand_database(settings)?;
        let mut secrets = Secrets::of_control(settings).await?;
        let control = Control::open(control::config(settings, &secrets)?)
            .await
            .map_err(|error| Failure::new("cannot open the database").because(&error))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener =
            listener.map_err(|error| Failure::new("cannot listen on loopback").because(&error))?;
        let address = listener
            .local_addr()
            .map_err(|error| Failure::new("cannot listen on loopback").because(&error))?;
        let run = config::run_settings(global, &RunArgs::default())?;
        let config = edge::config(&run, data, &mut secrets, &Itself::new(), Some(address))?;
        let client = control.client();
        let edge = Edge::start(config, &client)
            .map_err(|error| Failure::new("cannot start an edge").because(&error))?;
        let edge = Arc::new(edge);
        let serving = TaskTracker::new();
        let serve = Arc::clone(&edge);
        serving.spawn(async move { serve.serve(listener).await });
        edge::wait_until_ready(Some(&edge), &client).await;
        let inside = Some(Inside {
            control,
            edge,
            serving,
        });
        Ok(Self {
            url: format!("http://{address}/mcp"),
            inside,
        })
    }

    pub(super) fn url(&self, upstream: Option<&str>) -> String {
        match upstream {
            Some(upstream) => format!("{}/{upstream}", self.url.trim_end_matches('/')),
            None => self.url.clone(),
        }
    }

    pub(super) async fn close(self) {
        let Some(inside) = self.inside else { return };
        inside.edge.shutdown().await;
        inside.serving.close();
        inside.serving.wait().await;
        inside.control.close().await;
    }
}
