//! From a definition to a worker that takes calls: what is behind it, its tasks, the handshake.

use super::{
    Pool, http, io,
    lease::EXTRA_PLACES,
    spawn::spawn,
    stderr::StderrTail,
    supervise,
    worker::{Outgoing, Worker},
};
use crate::upstream::handshake::{self, Probed};
use ostia_domain::{
    capability::ClientCapabilities,
    clock,
    upstream::{Command, Era, HttpEndpoint, Problem, Stage, Transport},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;

/// How long a new worker may take until it is ready: package runners may be downloading it.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a probe of a process may stay unanswered before the silence is taken for an answer.
const PROBE_TIMEOUT: Duration = Duration::from_secs(3);
/// The same over HTTP, where it is none: whatever is in between may be slow.
const HTTP_PROBE_TIMEOUT: Duration = Duration::from_secs(10);

/// A worker that may not be ready yet, and what it says on stderr.
struct Started {
    worker: Arc<Worker>,
    stderr: Arc<StderrTail>,
}

impl Started {
    /// What is known of why it is gone says more than that it is.
    fn why(&self, failed: Problem) -> Problem {
        match self.worker.ended_by.get() {
            Some(refusal) => refusal.clone().during(failed.stage),
            None => failed,
        }
    }
}

impl Pool {
    /// Starts one worker and gets it ready for callers that can do this.
    pub(super) async fn start_worker(
        self: &Arc<Self>,
        capabilities: ClientCapabilities,
    ) -> Result<Arc<Worker>, Problem> {
        let started = self.connect()?;
        let ready = match self.known_era() {
            Some(era) => self.shake_hands(started, era, capabilities).await,
            None => self.probe(started, capabilities).await,
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
    async fn probe(
        self: &Arc<Self>,
        started: Started,
        capabilities: ClientCapabilities,
    ) -> Result<Arc<Worker>, Problem> {
        let is_process = started.worker.pid.is_some();
        let patience = if is_process {
            PROBE_TIMEOUT
        } else {
            HTTP_PROBE_TIMEOUT
        };
        let answer = tokio::time::timeout(patience, handshake::discover(&started.worker)).await;
        let started = match answer {
            Ok(Ok(Probed::Modern(introduction))) => {
                self.learn(Era::Modern, introduction);
                return Ok(started.worker);
            }
            Ok(Ok(Probed::Legacy)) => started,
            // Over HTTP a failure says nothing about the era.
            Ok(Err(lost)) if !is_process => {
                started.worker.end();
                let gone = "it failed when it was asked for its era";
                return Err(started.why(handshake::failed(lost, gone)));
            }
            Err(_) if !is_process => {
                started.worker.end();
                return Err(Problem::new(
                    Stage::Handshake,
                    "it did not answer when it was asked for its era; if it never does, say which it \
                     is with `protocol`",
                ));
            }
            Ok(Err(_)) | Err(_) => {
                started.worker.end();
                self.connect()?
            }
        };
        self.shake_hands(started, Era::Legacy, capabilities).await
    }

    async fn shake_hands(
        &self,
        started: Started,
        era: Era,
        capabilities: ClientCapabilities,
    ) -> Result<Arc<Worker>, Problem> {
        let problem = |text: String| Problem::new(Stage::Handshake, text);
        let shaken = tokio::time::timeout(START_TIMEOUT, async {
            match era {
                Era::Legacy => handshake::initialize(&started.worker, capabilities).await,
                Era::Modern => match handshake::discover(&started.worker).await {
                    Ok(Probed::Modern(introduction)) => Ok(introduction),
                    Ok(Probed::Legacy) => Err(problem("it does not speak 2026-07-28".into())),
                    Err(lost) => {
                        let gone = "it ended before it answered `server/discover`";
                        Err(handshake::failed(lost, gone))
                    }
                },
            }
        });
        let failed = match shaken.await {
            Ok(Ok(introduction)) => {
                self.learn(era, introduction);
                return Ok(started.worker);
            }
            Ok(Err(failed)) => started.why(failed),
            Err(_) => {
                let seconds = START_TIMEOUT.as_secs();
                problem(format!("it was not ready within {seconds} s"))
            }
        };
        started.worker.end();
        // What was found out about an older release may be what is wrong.
        self.forget_probed_era();
        Err(match started.stderr.last() {
            Some(line) => {
                let text = format!("{failed}; its last words on stderr: {line}");
                Problem { text, ..failed }
            }
            None => failed,
        })
    }

    fn connect(self: &Arc<Self>) -> Result<Started, Problem> {
        match &self.upstream.transport {
            Transport::Stdio(command) => self.start_process(command),
            Transport::Http(endpoint) => self.start_link(http::Kind::Streamable, endpoint),
            Transport::Sse(endpoint) => self.start_link(http::Kind::Sse, endpoint),
        }
    }

    fn start_link(
        self: &Arc<Self>,
        kind: http::Kind,
        endpoint: &HttpEndpoint,
    ) -> Result<Started, Problem> {
        let (worker, outgoing) = self.new_worker(None);
        http::connect(self, kind, endpoint, &worker, outgoing)?;
        let stderr = Arc::default();
        Ok(Started { worker, stderr })
    }

    fn start_process(self: &Arc<Self>, command: &Command) -> Result<Started, Problem> {
        let upstream = &self.upstream;
        let process = spawn(command, upstream.demo, &self.shared.own_program).map_err(|error| {
            let program = &command.program;
            let text = format!("the program {program:?} cannot be started: {error}");
            Problem::new(Stage::Start, text)
        })?;
        self.shared.guard.watch(process.pid);
        let (worker, lines) = self.new_worker(Some(process.pid));
        let stderr = Arc::new(StderrTail::default());
        let tasks = &self.shared.tasks;

        let (tail, of, id) = (Arc::clone(&stderr), Arc::clone(self), worker.id);
        tasks.spawn(async move {
            let upstream = &of.upstream;
            let secrets = upstream.transport.credentials();
            tail.follow(
                process.stderr,
                upstream.name.as_str(),
                secrets,
                (&of.output, id),
            )
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
            process.pid,
            clock::instant(),
        ));
        Ok(Started { worker, stderr })
    }

    /// A worker, and what is sent through it.
    fn new_worker(&self, pid: Option<u32>) -> (Arc<Worker>, mpsc::Receiver<Outgoing>) {
        let room = (self.upstream.pool.max_in_flight.get() + EXTRA_PLACES) as usize;
        let (outgoing, lines) = mpsc::channel(room);
        let worker = Worker::new(
            self.next_worker_id(),
            pid,
            outgoing,
            (Arc::clone(&self.changes), Arc::clone(&self.asks)),
        );
        (worker, lines)
    }
}
