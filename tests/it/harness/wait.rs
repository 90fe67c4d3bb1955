//! Waiting for something to become true, with a deadline, instead of for a length of time.

use ostia_domain::clock;
use std::{fmt::Debug, future::Future, time::Duration};

const POLL: Duration = Duration::from_millis(20);

/// Asks until the answer is `Ok`, and fails with the last answer when the deadline passes first.
/// Gives the value and how long it took.
#[track_caller]
pub(crate) fn until<T, E: Debug, F: Future<Output = Result<T, E>>>(
    deadline: Duration,
    what: &str,
    mut ask: impl FnMut() -> F,
) -> impl Future<Output = (T, Duration)> {
    let started = clock::instant();
    async move {
        loop {
            match ask().await {
                Ok(value) => return (value, started.elapsed()),
                Err(answer) => assert!(
                    started.elapsed() < deadline,
                    "not within {deadline:?}: {what}; last answer: {answer:#?}"
                ),
            }
            tokio::time::sleep(POLL).await;
        }
    }
}
