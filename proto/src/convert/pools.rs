use super::{FieldError, from_timestamp, timestamp, uuid};
use crate::v1;
use ostia_domain::upstream::{Breaker, PoolState, Problem, WorkerLine};

impl From<Breaker> for v1::Breaker {
    fn from(breaker: Breaker) -> Self {
        match breaker {
            Breaker::Closed => Self::Closed,
            Breaker::Open => Self::Open,
            Breaker::HalfOpen => Self::HalfOpen,
        }
    }
}

impl From<v1::Breaker> for Breaker {
    fn from(breaker: v1::Breaker) -> Self {
        match breaker {
            v1::Breaker::Unspecified | v1::Breaker::Closed => Self::Closed,
            v1::Breaker::Open => Self::Open,
            v1::Breaker::HalfOpen => Self::HalfOpen,
        }
    }
}

impl From<PoolState> for v1::PoolState {
    fn from(pool: PoolState) -> Self {
        let stage = pool.problem.as_ref().map(|problem| problem.stage);
        Self {
            upstream_id: pool.upstream_id.to_string(),
            upstream_version: pool.upstream_version,
            workers: pool.workers,
            starting: pool.starting,
            ending: pool.ending,
            max_workers: pool.max_workers,
            in_flight: pool.in_flight,
            max_in_flight: pool.max_in_flight,
            queued: pool.queued,
            max_queue: pool.max_queue,
            breaker: v1::Breaker::from(pool.breaker).into(),
            problem: pool.problem.map(|problem| problem.text),
            problem_stage: stage
                .map(v1::UpstreamStage::from)
                .unwrap_or_default()
                .into(),
        }
    }
}

impl TryFrom<v1::PoolState> for PoolState {
    type Error = FieldError;
    fn try_from(pool: v1::PoolState) -> Result<Self, FieldError> {
        let problem = match (pool.problem_stage().known(), &pool.problem) {
            (Some(stage), Some(text)) => Some(Problem::new(stage, text)),
            (None, Some(_)) => return Err(FieldError::missing("pools.problem_stage")),
            (_, None) => None,
        };
        Ok(Self {
            breaker: pool.breaker().into(),
            upstream_id: uuid("pools.upstream_id", &pool.upstream_id)?,
            upstream_version: pool.upstream_version,
            workers: pool.workers,
            starting: pool.starting,
            ending: pool.ending,
            max_workers: pool.max_workers,
            in_flight: pool.in_flight,
            max_in_flight: pool.max_in_flight,
            queued: pool.queued,
            max_queue: pool.max_queue,
            problem,
        })
    }
}

impl From<WorkerLine> for v1::WorkerLine {
    fn from(line: WorkerLine) -> Self {
        Self {
            worker: line.worker,
            at: Some(timestamp(line.at)),
            text: line.text,
        }
    }
}

impl TryFrom<v1::WorkerLine> for WorkerLine {
    type Error = FieldError;
    fn try_from(line: v1::WorkerLine) -> Result<Self, FieldError> {
        let at = line.at.ok_or(FieldError::missing("output.lines.at"))?;
        Ok(Self {
            worker: line.worker,
            at: from_timestamp("output.lines.at", at)?,
            text: line.text,
        })
    }
}
