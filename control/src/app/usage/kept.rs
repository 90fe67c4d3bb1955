//! Sums of usage, kept for a while.
//!
//! Adding up a million calls takes long, and everybody who looks at them together asks for the same; one page asks
//! several things about the same calls. So an answer that took long is given again for a multiple of that time: the
//! more there is to add up, the less it matters what the last moments added, and the database spends a bounded part of
//! its time on any question. While one finds a new answer, the others get the old one.

use crate::{
    error::Result,
    store::{
        narrow::During,
        usage::{Bucket, Dimensions},
    },
};
use ostia_domain::{clock, usage::Outcome};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use uuid::Uuid;

/// An answer about fewer calls than this is found anew every time.
const FEW_CALLS: i64 = 300;
/// How many times as long as it took an answer is given again.
const TIMES: u32 = 20;
const LONGEST: Duration = Duration::from_secs(60);
/// Questions that are remembered.
const QUESTIONS: usize = 32;

/// What is asked, with names resolved: nobody gets an answer about others.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub(super) key: Option<Uuid>,
    pub(super) user: Option<Uuid>,
    pub(super) upstream: Option<String>,
    pub(super) tool: Option<String>,
    /// Whole buckets: what is asked within one is one question.
    pub(super) during: During,
    pub(super) bucket: Bucket,
    pub(super) apart: bool,
    pub(super) by: Dimensions,
    pub(super) outcome: Option<Outcome>,
    pub(super) by_outcome: bool,
    pub(super) top: Option<usize>,
}

/// Answers of one kind.
pub(crate) struct Kept<A>(Mutex<HashMap<Question, Arc<Cell<A>>>>);

struct Cell<A> {
    answer: Mutex<Option<Answer<A>>>,
    /// Of whoever finds the answer, so that others who ask the same meanwhile need not.
    turn: tokio::sync::Mutex<()>,
}

struct Answer<A> {
    is: Arc<A>,
    until: Instant,
}

impl<A> Default for Cell<A> {
    fn default() -> Self {
        Self {
            answer: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }
}

impl<A> Cell<A> {
    /// The answer that was found last, where it was good at this time.
    fn good_at(&self, at: Instant) -> Option<Arc<A>> {
        let answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = answer.as_ref().filter(|answer| at < answer.until)?;
        Some(Arc::clone(&answer.is))
    }

    fn set(&self, answer: Option<Answer<A>>) {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = answer;
    }
}

impl<A> Default for Kept<A> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<A> Kept<A> {
    /// `find` gives the answer and how many calls it is about.
    pub(super) async fn get(
        &self,
        question: Question,
        find: impl Future<Output = Result<(A, i64)>>,
    ) -> Result<Arc<A>> {
        let cell = self.cell(question);
        if let Some(good) = cell.good_at(clock::instant()) {
            return Ok(good);
        }
        let _turn = if let Ok(turn) = cell.turn.try_lock() {
            turn
        } else {
            // One waits for the new answer, and not everybody.
            let lately = clock::instant().checked_sub(LONGEST);
            if let Some(old) = lately.and_then(|lately| cell.good_at(lately)) {
                return Ok(old);
            }
            cell.turn.lock().await
        };
        if let Some(good) = cell.good_at(clock::instant()) {
            return Ok(good);
        }
        let began = clock::instant();
        let (is, calls) = find.await?;
        let is = Arc::new(is);
        let now = clock::instant();
        cell.set((calls >= FEW_CALLS).then(|| Answer {
            is: Arc::clone(&is),
            until: now + LONGEST.min((now - began) * TIMES),
        }));
        Ok(is)
    }

    fn cell(&self, question: Question) -> Arc<Cell<A>> {
        let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cells.len() >= QUESTIONS && !cells.contains_key(&question) {
            let now = clock::instant();
            // One that is locked is being answered.
            cells.retain(|_, cell| cell.turn.try_lock().is_err() || cell.good_at(now).is_some());
        }
        if cells.len() >= QUESTIONS {
            return cells.get(&question).cloned().unwrap_or_default();
        }
        Arc::clone(cells.entry(question).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::usage::Called;
    use chrono::TimeDelta;

    fn question(hours_ago: i64) -> Question {
        let from = clock::now() - TimeDelta::hours(hours_ago);
        let during = During {
            from: Some(from),
            to: None,
        };
        Question {
            key: None,
            user: None,
            upstream: None,
            tool: None,
            during: Bucket::Hour.whole(during),
            bucket: Bucket::Hour,
            apart: false,
            by: Dimensions {
                called: Called::ByTool,
                ..Dimensions::default()
            },
            outcome: None,
            by_outcome: false,
            top: None,
        }
    }

    async fn slow(answer: u32, calls: i64) -> Result<(u32, i64)> {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Ok((answer, calls))
    }

    async fn ask(kept: &Kept<u32>, question: Question, answer: u32, calls: i64) -> u32 {
        *kept.get(question, slow(answer, calls)).await.unwrap()
    }

    #[tokio::test]
    async fn what_took_long_is_given_again_to_the_same_question() {
        let kept = Kept::default();
        assert_eq!(ask(&kept, question(1), 1, FEW_CALLS).await, 1);
        assert_eq!(ask(&kept, question(1), 2, FEW_CALLS).await, 1);
        assert_eq!(ask(&kept, question(2), 3, FEW_CALLS).await, 3);
    }

    #[tokio::test]
    async fn an_answer_about_few_calls_is_found_anew() {
        let kept = Kept::default();
        assert_eq!(ask(&kept, question(1), 1, FEW_CALLS - 1).await, 1);
        assert_eq!(ask(&kept, question(1), 2, FEW_CALLS - 1).await, 2);
    }

    #[tokio::test]
    async fn who_asks_the_same_meanwhile_gets_the_same() {
        let kept = Kept::default();
        let asked = tokio::join!(
            ask(&kept, question(1), 1, FEW_CALLS),
            ask(&kept, question(1), 2, FEW_CALLS),
        );
        assert_eq!(asked, (1, 1));
    }

    #[tokio::test]
    async fn whoever_does_not_find_the_new_answer_gets_the_old_one() {
        let kept = Kept::default();
        ask(&kept, question(1), 1, FEW_CALLS).await;
        let over = |ago| {
            let cell = kept.cell(question(1));
            let mut answer = cell.answer.lock().unwrap();
            answer.as_mut().unwrap().until = clock::instant().checked_sub(ago).unwrap();
        };
        over(Duration::from_secs(1));
        let asked = tokio::join!(
            ask(&kept, question(1), 2, FEW_CALLS),
            ask(&kept, question(1), 3, FEW_CALLS),
        );
        assert_eq!(asked, (2, 1));
        // One that was good long ago is nobody's any more.
        over(LONGEST);
        let asked = tokio::join!(
            ask(&kept, question(1), 4, FEW_CALLS),
            ask(&kept, question(1), 5, FEW_CALLS),
        );
        assert_eq!(asked, (4, 4));
    }

    #[tokio::test]
    async fn an_error_is_nobody_elses() {
        let kept = Kept::default();
        let failed = kept
            .get(question(1), async {
                Err(crate::error::Error::invalid("from", "no"))
            })
            .await;
        assert!(failed.is_err());
        assert_eq!(ask(&kept, question(1), 2, FEW_CALLS).await, 2);
    }

    #[tokio::test]
    async fn many_questions_are_answered_and_few_remembered() {
        let kept = Kept::default();
        for hours in 0..2 * i64::try_from(QUESTIONS).unwrap() {
            ask(&kept, question(hours), 1, 0).await;
        }
        let known = kept.0.lock().unwrap().len();
        assert!(known <= QUESTIONS, "{known}");
    }
}
