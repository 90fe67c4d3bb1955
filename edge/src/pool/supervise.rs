//! One task per worker process, from its start until nothing of it is left.

use super::{
    Pool,
    signal::{kill_group, terminate_group},
    worker::Worker,
};
use ostia_domain::upstream::{Problem, Stage};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{process::Child, time::timeout};

/// What a worker gets to end after its stdin closed, and again after SIGTERM.
const PATIENCE: Duration = Duration::from_secs(2);
/// What its callers wait for answers that it wrote before it ended.
const LAST_WORDS: Duration = Duration::from_millis(100);
/// A worker that ends sooner than this did not work at all.
const SHORT_LIFE: Duration = Duration::from_secs(5);

/// Waits for the process to end, by itself or because it was asked to, then ends its whole group and
/// tells everybody.
pub(super) async fn run(
    pool: Arc<Pool>,
    worker: Arc<Worker>,
    mut child: Child,
    pid: u32,
    since: Instant,
) {
    let by_itself = tokio::select! {
        status = child.wait() => Some(status),
        () = worker.stop.cancelled() => None,
        () = pool.stop.cancelled() => None,
    };
    if by_itself.is_some() {
        // Its last answers may still be in the pipe. What it left running may hold the pipe open.
        let _ = timeout(LAST_WORDS, worker.stop.cancelled()).await;
    }
    // Callers hear of it before the tidying begins.
    worker.end();
    let was_in_use = pool.remove_worker(worker.id);
    let status = match by_itself {
        Some(status) => status,
        None => end(&mut child, pid).await,
    };
    // Whatever the worker left running goes with it.
    kill_group(pid);
    pool.shared.guard.forget(pid);
    pool.worker_gone();

    let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
    let upstream = pool.upstream.name.as_str();
    if was_in_use && since.elapsed() < SHORT_LIFE {
        let text = format!("it ended soon after it was started ({status})");
        pool.note_failure(Problem::new(Stage::Run, text));
    }
    tracing::info!(upstream, worker = worker.id, pid, status, "worker ended");
}

/// Closed stdin, then SIGTERM, then SIGKILL, with a wait between each.
async fn end(child: &mut Child, group: u32) -> std::io::Result<std::process::ExitStatus> {
    if let Ok(status) = timeout(PATIENCE, child.wait()).await {
        return status;
    }
    terminate_group(group);
    if let Ok(status) = timeout(PATIENCE, child.wait()).await {
        return status;
    }
    kill_group(group);
    child.wait().await
}
