//! `ostia stdio`: MCP on stdin and stdout, for clients that only start processes.
//!
//! Each line goes to an edge over HTTP, as it is, and what the edge answers comes back as lines. The edge
//! speaks every era, so this side only has to know what HTTP needs beside the message: the session of a
//! legacy client, and the headers that repeat parts of a modern message.

mod door;
mod message;
mod relay;

use crate::{args::Global, config, failure::Failure, output::Output, telemetry};
use door::Door;
use message::Line;
use relay::Relay;
use std::{path::PathBuf, sync::Arc};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    sync::mpsc,
};
use tokio_util::task::TaskTracker;

/// The longest line taken from the client, as the edge takes bodies.
const MAX_LINE_BYTES: u64 = 64 << 20;
/// Lines that may wait for a client that reads slowly.
const OUTGOING: usize = 64;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// MCP address [default: the edge that runs on the data folder; without one, the folder itself]
    #[arg(long, env = "OSTIA_MCP_URL", value_name = "URL")]
    url: Option<String>,
    /// Only this upstream, under its own names
    #[arg(long, value_name = "NAME")]
    upstream: Option<String>,
    /// File with the API key [default: the variable `OSTIA_API_KEY`]
    #[arg(long, env = "OSTIA_API_KEY_FILE", value_name = "FILE")]
    key_file: Option<PathBuf>,
}

pub(crate) async fn run(global: &Global, args: Args, output: Output) -> Result<(), Failure> {
    let (settings, log) = config::settings(global)?;
    telemetry::start(&log, None)?;
    let key = config::api_key(args.key_file.as_deref())?;
    let door = Door::open(global, &settings, args.url, output).await?;
    let url = door.url(args.upstream.as_deref());
    let (lines, outgoing) = mpsc::channel(OUTGOING);
    let tasks = TaskTracker::new();
    tasks.spawn(write(outgoing));
    let relay = Arc::new(Relay::new(url, &key, lines)?);
    let outcome = read(&relay, &tasks).await;
    relay.end().await;
    // The writer ends with the last sender, when everything that was answered is out.
    drop(relay);
    tasks.close();
    tasks.wait().await;
    door.close().await;
    outcome
}

/// Relays lines until the client closes stdin.
async fn read(relay: &Arc<Relay>, tasks: &TaskTracker) -> Result<(), Failure> {
    let failed = |error| Failure::new("cannot read stdin").because(&error);
    let mut stdin = BufReader::new(tokio::io::stdin());
    loop {
        let mut line = Vec::new();
        let mut limited = (&mut stdin).take(MAX_LINE_BYTES);
        if limited.read_until(b'\n', &mut line).await.map_err(failed)? == 0 {
            return Ok(());
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match Line::parse(line) {
            // Nothing after it makes sense before its answer: it opens the session.
            Ok(line) if line.opens_session() => relay.request(line).await,
            Ok(line) if line.is_request() => relay.begin(line, tasks),
            Ok(line) => relay.notify(line).await,
            Err(answer) => relay.answer(answer).await,
        }
    }
}

async fn write(mut outgoing: mpsc::Receiver<Vec<u8>>) {
    let mut stdout = tokio::io::stdout();
    while let Some(mut line) = outgoing.recv().await {
        line.push(b'\n');
        let written = async {
            stdout.write_all(&line).await?;
            stdout.flush().await
        };
        // A client that closed its end wants nothing more.
        if written.await.is_err() {
            return;
        }
    }
}
