//! From a definition to a worker that takes calls: the process, its tasks, the handshake.

use super::{Pool, io, spawn::spawn, stderr::StderrTail, supervise, worker::Worker};
use crate::upstream::handshake::{self, Probed};
use ostia_domain::{clock, upstream::Era};
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;

/// How long a new worker may take until it is ready: package runners may be downloading it.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a probe may stay unanswered before the silence is taken for an answer.
const PROBE_TIMEOUT: Duration = Duration::from_secs(3);

/// A worker process that may not be ready yet, and what it says on stderr.
struct Started {
    worker: Arc<Worker>,
    stderr: Arc<StderrTail>,
}

impl Pool {
    /// Starts one worker and gets it ready. An error says, for people, what went wrong.
    pub(super) async fn start_worker(self: &Arc<Self>) -> Result<Arc<Worker>, String> {
        let started = self.start_process()?;
        let ready = match self.known_era() {
            Some(era) => self.shake_hands(started, era).await,
            None => self.probe(started).await,
        };
        let ready = ready?;
        tracing::info!(
            upstream = %self.upstream.name, worker = ready.id, pid = ready.pid,
            era = self.era().as_str(), "worker ready"
        );
        Ok(ready)
    }

    /// Finds out which era the upstream speaks, and leaves behind a worker that is ready. Some
    /// servers stay silent when asked, some end: both are legacy, and get a fresh process.
    async fn probe(self: &Arc<Self>, started: Started) -> Result<Arc<Worker>, String> {
        let answer =
            tokio::time::timeout(PROBE_TIMEOUT, handshake::discover(&started.worker)).await;
        let started = match answer {
            Ok(Ok(Probed::Modern { server_info })) => {
                self.learn(Era::Modern, server_info);
                return Ok(started.worker);
            }
            Ok(Ok(Probed::Legacy)) => started,
            Ok(Err(_)) | Err(_) => {
                started.worker.end();
                self.start_process()?
            }
        };
        self.shake_hands(started, Era::Legacy).await
    }

    async fn shake_hands(&self, started: Started, era: Era) -> Result<Arc<Worker>, String> {
        let shaken = tokio::time::timeout(START_TIMEOUT, async {
            match era {
                Era::Legacy => handshake::initialize(&started.worker).await,
                Era::Modern => match handshake::discover(&started.worker).await {
                    Ok(Probed::Modern { server_info }) => Ok(server_info),
                    Ok(Probed::Legacy) => Err("it does not speak 2026-07-28".to_owned()),
                    Err(_) => Err("it ended before it answered `server/discover`".to_owned()),
                },
            }
        });
        let problem = match shaken.await {
            Ok(Ok(server_info)) => {
                self.learn(era, server_info);
                return Ok(started.worker);
            }
            Ok(Err(problem)) => problem,
            Err(_) => format!("it was not ready within {} s", START_TIMEOUT.as_secs()),
        };
        started.worker.end();
        // What was found out about an older release may be what is wrong.
        self.forget_probed_era();
        Err(match started.stderr.last() {
            Some(line) => format!("{problem}; its last words on stderr: {line}"),
            None => problem,
        })
    }

    fn start_process(self: &Arc<Self>) -> Result<Started, String> {
        let upstream = &self.upstream;
        let process = spawn(upstream, &self.shared.own_program).map_err(|error| {
            format!(
                "the program {:?} cannot be started: {error}",
                upstream.command.program
            )
        })?;
        self.shared.guard.watch(process.pid);
        let (outgoing, lines) = mpsc::channel(upstream.pool.max_in_flight.get() as usize + 16);
        let worker = Arc::new(Worker::new(
            self.next_worker_id(),
            process.pid,
            outgoing,
            Arc::clone(&self.tools_changed),
        ));
        let stderr = Arc::new(StderrTail::default());
        let tasks = &self.shared.tasks;

        let (tail, of) = (Arc::clone(&stderr), Arc::clone(upstream));
        tasks.spawn(async move {
            tail.follow(process.stderr, of.name.as_str(), &of.command)
                .await;
        });
        let reading = Arc::clone(&worker);
        tasks.spawn(async move {
            if let Err(error) = io::read_lines(process.stdout, &reading).await {
                tracing::warn!(worker = reading.id, %error, "the worker's stdout cannot be read");
            }
            reading.end();
        });
        let stop = worker.stop.clone();
        tasks.spawn(async move {
            // Leaving drops the pipe: the worker's stdin closes, which asks it to end.
            tokio::select! {
                _ = io::write_lines(process.stdin, lines) => {}
                () = stop.cancelled() => {}
            }
        });
        tasks.spawn(supervise::run(
            Arc::clone(self),
            Arc::clone(&worker),
            process.child,
            clock::instant(),
        ));
        Ok(Started { worker, stderr })
    }
}
