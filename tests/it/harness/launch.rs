//! One start of `ostia run --json`: from arguments to the line it prints once it serves.

use super::{command::command, environment};
use serde::Deserialize;
use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Child,
    time::timeout,
};

/// How long a start may take: migrations, a worker of each upstream, on a busy machine.
const START: Duration = Duration::from_secs(60);

const LISTENERS: [&str; 4] = ["control", "mcp", "web", "admin"];

/// What `run --json` prints. An address is empty where its role does not run.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Announcement {
    pub(crate) control_url: String,
    pub(crate) mcp_url: String,
    pub(crate) web_url: String,
    pub(crate) admin_url: String,
    pub(crate) first_start: bool,
    pub(crate) login_url: Option<String>,
    pub(crate) key: Option<String>,
}

/// Everything but the folder, kept for a second start.
pub(crate) struct Launch {
    args: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    /// In the order of `LISTENERS`.
    listen: [String; 4],
}

impl Launch {
    /// On free ports.
    pub(crate) fn new(args: Vec<String>, env: Vec<(String, String)>) -> Self {
        let listen = LISTENERS.map(|_| "127.0.0.1:0".to_owned());
        Self { args, env, listen }
    }

    /// MCP on this one.
    pub(crate) fn listen_for_mcp(&mut self, port: u16) {
        self.listen[1] = format!("127.0.0.1:{port}");
    }

    /// The next start takes free ones again.
    pub(crate) fn leave_addresses(&mut self) {
        self.listen = LISTENERS.map(|_| "127.0.0.1:0".to_owned());
    }

    /// The next start takes the same addresses.
    pub(crate) fn stay_at(&mut self, announced: &Announcement) {
        let Announcement {
            control_url,
            mcp_url,
            web_url,
            admin_url,
            ..
        } = announced;
        for (address, url) in self
            .listen
            .iter_mut()
            .zip([control_url, mcp_url, web_url, admin_url])
        {
            if !url.is_empty() {
                authority(url).clone_into(address);
            }
        }
    }

    /// Starts the program and waits for its one line; the error is everything it said instead.
    pub(crate) async fn start(&self, folder: &Path) -> Result<(Child, Announcement), String> {
        let log = log_file(folder);
        let stderr = File::options().create(true).append(true).open(&log);
        let mut command = command(environment::OSTIA);
        command
            .args(["run", "--json", "--data-dir"])
            .arg(data_dir(folder));
        for (listener, address) in LISTENERS.iter().zip(&self.listen) {
            command.arg(format!("--{listener}-listen")).arg(address);
        }
        command.args(&self.args).envs(self.env.iter().cloned());
        command
            .stdout(Stdio::piped())
            .stderr(stderr.expect("a log file"));
        let spawned = command.spawn();
        let mut child = spawned.map_err(|error| format!("cannot start {command:?}: {error}"))?;
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let line = timeout(START, lines.next_line()).await;
        let said = || std::fs::read_to_string(&log).unwrap_or_default();
        match line {
            Ok(Ok(Some(line))) => serde_json::from_str(&line)
                .map(|announced| (child, announced))
                .map_err(|error| format!("`run --json` printed {line:?} ({error})\n{}", said())),
            Ok(end) => Err(format!(
                "`ostia run` ended before it was ready ({end:?})\n{}",
                said()
            )),
            Err(_) => Err(format!(
                "`ostia run` was not ready after {START:?}\n{}",
                said()
            )),
        }
    }
}

pub(crate) fn log_file(folder: &Path) -> PathBuf {
    folder.join("stderr.log")
}

pub(crate) fn data_dir(folder: &Path) -> PathBuf {
    folder.join("data")
}

/// Host and port of a URL.
fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}
