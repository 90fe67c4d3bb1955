//! Answers what control asks for somebody who wants to know now.

use super::Sync;
use crate::{pool::Pools, upstream::catalogue};
use ostia_domain::upstream::{Problem, Stage, Upstream};
use ostia_proto::{
    convert::uuid,
    v1::{self, answer_request::Said, question::Ask},
};
use std::{sync::Arc, time::Duration};
use tokio::{sync::Semaphore, time::timeout};

/// Definitions that are tried at once.
pub const TRIALS: usize = 4;
/// What one gets until it is listed: a package runner may be downloading it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Without making the watch wait. A question that cannot be read has no answer.
pub(super) fn answer(sync: &Sync, question: v1::Question) {
    let (pools, trials) = (Arc::clone(&sync.pools), Arc::clone(&sync.trials));
    let (control, edge, stop) = (sync.control.clone(), sync.edge.clone(), sync.stop.clone());
    sync.tasks.spawn(async move {
        let answering = async {
            let said = match question.ask? {
                Ask::Probe(upstream) => {
                    let upstream = Upstream::try_from(*upstream).ok()?;
                    Said::Probed(Box::new(probed(&pools, &trials, upstream).await))
                }
                Ask::Output(upstream) => {
                    let upstream = uuid("output", &upstream).ok()?;
                    let lines = pools.output(upstream).into_iter();
                    let lines = lines.map(Into::into).collect();
                    Said::Output(v1::WorkerOutput { lines })
                }
            };
            let request = v1::AnswerRequest {
                question_id: question.id,
                edge,
                said: Some(said),
            };
            let answered = control.sync().answer(request).await;
            if let Err(status) = answered {
                tracing::warn!(%status, "control takes no answer");
            }
            Some(())
        };
        // A trial that is dropped half way has been told to end: all workers are.
        let _ = stop.run_until_cancelled(answering).await;
    });
}

async fn probed(pools: &Pools, trials: &Semaphore, upstream: Upstream) -> v1::Probed {
    let Ok(_place) = trials.try_acquire() else {
        let text =
            format!("this edge tries {TRIALS} definitions already: try it again in a moment");
        return failed(Problem::new(Stage::Queue, text));
    };
    let pool = pools.trial(upstream, PATIENCE);
    let found = timeout(PATIENCE, catalogue::discover(&pool, None, &mut None)).await;
    pool.retire();
    match found {
        Ok(Ok(found)) => v1::Probed {
            catalogue: Some(found.catalogue.into()),
            ..found.problem.map(failed).unwrap_or_default()
        },
        Ok(Err(problem)) => failed(problem),
        Err(_) => {
            let text = format!("it was not listed within {} s", PATIENCE.as_secs());
            failed(Problem::new(Stage::Queue, text))
        }
    }
}

fn failed(problem: Problem) -> v1::Probed {
    v1::Probed {
        catalogue: None,
        stage: v1::UpstreamStage::from(problem.stage).into(),
        problem: Some(problem.text),
    }
}
