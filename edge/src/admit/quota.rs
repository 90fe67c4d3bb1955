//! Quotas: calls of a day or a month, given out by control in blocks.
//!
//! A call takes from the block in memory. When little is left of it the next block is asked for in the
//! background, so that a call waits for control only where there was no block at all.

use super::{
    block::{Block, Leased},
    limiter::Limiter,
};
use crate::error::{Error, Standing};
use ostia_domain::{
    clock::{self, Timestamp},
    code::Code,
    period::Period,
};
use ostia_proto::{
    ControlClient,
    convert::{from_timestamp, period},
    v1::{self, LeaseQuotaRequest, QuotaOf, ReturnQuotaRequest},
};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// How long a call waits for a block.
const LEASE_TIMEOUT: Duration = Duration::from_secs(2);
/// A quota that is used up is asked for again after so long: somebody may have raised it.
const USED_UP_FOR: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Of {
    /// Who is counted.
    pub subject: Uuid,
    /// Unset: the key's own quota.
    pub plan: Option<Uuid>,
    pub period: Period,
}

pub struct Quotas {
    control: ControlClient,
    counted: Mutex<HashMap<Of, Arc<Quota>>>,
    tasks: TaskTracker,
}

struct Quota {
    of: Of,
    block: Mutex<Block>,
    /// Held while control is asked: nobody else asks meanwhile.
    asking: tokio::sync::Mutex<()>,
    asked_ahead: AtomicBool,
}

/// One call of a quota. Dropped without [`Taken::spent`] it goes back.
pub struct Taken {
    quota: Arc<Quota>,
    /// Its number.
    period: u32,
    spent: bool,
    /// What is left of the period for this edge to tell.
    pub remaining: u64,
    pub resets_at: Timestamp,
}

impl Taken {
    pub fn spent(&mut self) {
        self.spent = true;
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if !self.spent {
            self.quota.block().give_back(self.period);
        }
    }
}

impl Quotas {
    pub fn new(control: ControlClient) -> Self {
        Self {
            control,
            counted: Mutex::default(),
            tasks: TaskTracker::new(),
        }
    }

    /// Takes one call of a quota, where there is one.
    pub async fn take(&self, of: Of, limiter: &Limiter) -> Result<Option<Taken>, Error> {
        let Some(limit) = limiter.limits.quota(of.period) else {
            return Ok(None);
        };
        let quota = self.quota(of);
        // Another call may be quicker with what a block brings, but not for ever.
        for _ in 0..3 {
            if let Some(taken) = self.take_from_block(&quota) {
                return Ok(Some(taken));
            }
            if let Some(until) = quota.used_up() {
                return Err(used_up(limiter, (limit.get(), of.period), until));
            }
            let asked = tokio::time::timeout(LEASE_TIMEOUT, quota.ask(&self.control)).await;
            match asked {
                Ok(Ok(())) => {}
                Ok(Err(Gone)) => return Ok(None),
                Err(_) => return Err(unavailable()),
            }
        }
        Err(unavailable())
    }

    fn take_from_block(&self, quota: &Arc<Quota>) -> Option<Taken> {
        let mut block = quota.block();
        if !block.take(clock::instant()) {
            return None;
        }
        if block.is_low() && !quota.asked_ahead.swap(true, Ordering::Relaxed) {
            let (quota, control) = (Arc::clone(quota), self.control.clone());
            self.tasks.spawn(async move {
                let _ = tokio::time::timeout(LEASE_TIMEOUT, quota.ask_for_more(&control)).await;
                quota.asked_ahead.store(false, Ordering::Relaxed);
            });
        }
        Some(Taken {
            period: block.period,
            remaining: block.known_left(),
            resets_at: block.resets_at?,
            spent: false,
            quota: Arc::clone(quota),
        })
    }

    fn quota(&self, of: Of) -> Arc<Quota> {
        let mut quotas = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let quota = quotas.entry(of).or_insert_with(|| {
            Arc::new(Quota {
                of,
                block: Mutex::default(),
                asking: tokio::sync::Mutex::default(),
                asked_ahead: AtomicBool::new(false),
            })
        });
        Arc::clone(quota)
    }

    /// Brings back what no call took, so that a restart costs nobody anything.
    pub async fn shutdown(&self) {
        self.tasks.close();
        self.tasks.wait().await;
        let quotas: Vec<_> = {
            let mut quotas = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
            quotas.drain().map(|(_, quota)| quota).collect()
        };
        for quota in quotas {
            let (period, calls) = quota.block().empty();
            if calls == 0 {
                continue;
            }
            let request = ReturnQuotaRequest {
                of: Some(quota.message()),
                period,
                calls,
            };
            if let Err(status) = self.control.sync().return_quota(request).await {
                tracing::warn!(%status, calls, "calls of a quota could not be brought back");
            }
        }
    }
}

/// There is no such quota any more.
struct Gone;

impl Quota {
    fn block(&self) -> MutexGuard<'_, Block> {
        self.block.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the period ends and how long that is, of a quota that was found used up a moment ago.
    fn used_up(&self) -> Option<(Timestamp, Duration)> {
        let (block, now) = (self.block(), clock::instant());
        let lately = now.duration_since(block.used_up?) < USED_UP_FOR;
        let wait = block.ends?.checked_duration_since(now)?;
        lately.then_some((block.resets_at?, wait))
    }

    /// Asks for a block, unless somebody else brought one meanwhile.
    async fn ask(&self, control: &ControlClient) -> Result<(), Gone> {
        let _alone = self.asking.lock().await;
        if self.block().has_one(clock::instant()) || self.used_up().is_some() {
            return Ok(());
        }
        self.lease(control).await
    }

    async fn ask_for_more(&self, control: &ControlClient) {
        let _alone = self.asking.lock().await;
        // A call that could not wait may have brought one meanwhile.
        if self.block().is_low() {
            let _ = self.lease(control).await;
        }
    }

    async fn lease(&self, control: &ControlClient) -> Result<(), Gone> {
        let request = LeaseQuotaRequest {
            of: Some(self.message()),
        };
        let answer = match control.sync().lease_quota(request).await {
            Ok(answer) => answer.into_inner(),
            Err(status) => {
                tracing::warn!(%status, "control gives no block of a quota");
                // The caller's patience ends this; who asks ahead asks again.
                return std::future::pending().await;
            }
        };
        if period("of", answer.of) != Ok(self.of.period) {
            tracing::warn!("control is older than this edge and knows no quota of a day");
            return std::future::pending().await;
        }
        let granted = answer.granted.ok_or(Gone)?;
        let resets_at = answer.resets_at.map(|at| from_timestamp("resets_at", at));
        let resets_at = resets_at.and_then(Result::ok);
        let now = clock::instant();
        let lasts = match (answer.resets_in_ms, resets_at) {
            (Some(ms), _) => Some(Duration::from_millis(ms)),
            (None, Some(at)) => Some((at - clock::now()).to_std().unwrap_or_default()),
            (None, None) => None,
        };
        let leased = Leased {
            granted,
            remaining: answer.remaining,
            period: answer.period,
            resets_at,
            ends: lasts.and_then(|lasts| now.checked_add(lasts)),
        };
        self.block().add(leased, now);
        Ok(())
    }

    fn message(&self) -> QuotaOf {
        QuotaOf {
            subject_id: self.of.subject.to_string(),
            plan_id: self.of.plan.map(|plan| plan.to_string()),
            period: v1::Period::from(self.of.period).into(),
        }
    }
}

fn used_up(
    limiter: &Limiter,
    (limit, period): (u64, Period),
    (resets_at, wait): (Timestamp, Duration),
) -> Error {
    Error::new(
        Code::QuotaUsedUp,
        format!(
            "{} allows {limit} calls a {}, and they are used up until {}.",
            limiter.name,
            period.name(),
            resets_at.format("%Y-%m-%d %H:%M UTC")
        ),
    )
    .used_up(Standing {
        limit,
        remaining: 0,
        resets_in: wait,
    })
}

fn unavailable() -> Error {
    let message = "What is left of this API key's quota cannot be found out at the moment, because the \
                   control service cannot be reached.";
    Error::new(Code::ControlUnavailable, message).retry_after(Duration::from_secs(1))
}
