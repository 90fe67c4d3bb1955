//! How the process ends: by a signal, or because a role did.

use crate::failure::Failure;
use std::{future::Future, time::Duration};
use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// What a shell reports for a process that was interrupted.
const INTERRUPTED: i32 = 130;

/// The serving tasks of this process. Each runs until it is told to stop; one that ends before that
/// takes the whole process with it, because half a gateway is worse than a restart.
pub(crate) struct Serving {
    tasks: JoinSet<(&'static str, Result<(), Failure>)>,
    stop: CancellationToken,
}

impl Serving {
    /// Begins to listen for SIGTERM and SIGINT: the first asks for an orderly stop, a second one ends
    /// the process where it stands.
    pub(crate) fn start() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|error| Failure::new("cannot listen for signals").because(&error))
        };
        let (mut terminate, mut interrupt) = (
            listen(SignalKind::terminate())?,
            listen(SignalKind::interrupt())?,
        );
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let asked = stop.clone();
        tasks.spawn(async move {
            for times in 0..2u8 {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                if times == 0 {
                    tracing::info!("stopping; a second signal ends the process at once");
                    asked.cancel();
                }
            }
            std::process::exit(INTERRUPTED)
        });
        Ok(Self { tasks, stop })
    }

    /// Cancelled by the first signal.
    pub(crate) fn asked_to_stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    pub(crate) fn spawn(
        &mut self,
        name: &'static str,
        task: impl Future<Output = Result<(), Failure>> + Send + 'static,
    ) {
        self.tasks.spawn(async move { (name, task.await) });
    }

    /// Waits for the first signal or the first task that ends.
    pub(crate) async fn until_stop(&mut self) -> Result<(), Failure> {
        tokio::select! {
            () = self.stop.cancelled() => Ok(()),
            ended = self.tasks.join_next() => Err(match ended {
                Some(Ok((name, Err(failure)))) => failure.while_doing(format_args!("{name} failed")),
                Some(Ok((name, Ok(())))) => Failure::new(format!("{name} stopped unasked")),
                Some(Err(error)) => Failure::new("a role crashed").because(&error),
                None => Failure::new("nothing is running"),
            }),
        }
    }

    /// Gives what still runs, having been told to stop, so long to end; then drops it.
    pub(crate) async fn drain(mut self, at_most: Duration) {
        // The signal task never ends by itself: it must stay for the second signal.
        let drained = tokio::time::timeout(at_most, async {
            while self.tasks.len() > 1 {
                if let Some(Ok((name, Err(failure)))) = self.tasks.join_next().await {
                    tracing::warn!(role = name, error = failure.message, "ended with an error");
                }
            }
        });
        if drained.await.is_err() {
            tracing::warn!("some connections were still open and are dropped");
        }
    }
}
