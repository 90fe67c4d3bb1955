//! The edges that follow this control, and what they are asked: questions go out with their watch, answers come
//! back in calls of their own.

use ostia_domain::upstream::{Catalogue, Problem, Upstream, WorkerLine};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::mpsc;
use uuid::Uuid;

/// Questions that an edge may be behind; it is not asked more before it took them.
const QUESTIONS: usize = 8;
/// Answers to one question that may wait: more edges than any installation has.
const ANSWERS: usize = 1_000;

#[derive(Clone)]
pub(crate) enum Ask {
    /// Whether this works.
    Probe(Box<Upstream>),
    /// What the workers of this upstream wrote.
    Output(Uuid),
}

pub(crate) struct Question {
    pub(crate) id: Uuid,
    pub(crate) ask: Ask,
}

pub(crate) enum Said {
    /// With a problem, a catalogue, or both.
    Probed(Box<Probed>),
    Output(Vec<WorkerLine>),
}

pub(crate) struct Probed {
    pub(crate) catalogue: Option<Catalogue>,
    pub(crate) problem: Option<Problem>,
}

pub(crate) struct Answer {
    pub(crate) edge: String,
    pub(crate) said: Said,
}

#[derive(Default)]
pub(crate) struct Edges {
    /// One for each watch, newest last.
    following: Mutex<Vec<mpsc::Sender<Question>>>,
    /// By question.
    waiting: Mutex<HashMap<Uuid, mpsc::Sender<Answer>>>,
}

/// A question that is open until this is dropped.
pub(crate) struct Asked<'e> {
    edges: &'e Edges,
    id: Uuid,
    answers: mpsc::Receiver<Answer>,
    /// How many edges were asked.
    pub(crate) of: usize,
}

impl Edges {
    /// What an edge is asked, until it drops this.
    pub(crate) fn follow(&self) -> mpsc::Receiver<Question> {
        let (sender, questions) = mpsc::channel(QUESTIONS);
        locked(&self.following).push(sender);
        questions
    }

    /// Asks so many edges at most, those first that came last.
    pub(crate) fn ask(&self, ask: &Ask, most: usize) -> Asked<'_> {
        let (id, (sender, answers)) = (Uuid::now_v7(), mpsc::channel(ANSWERS));
        locked(&self.waiting).insert(id, sender);
        let mut following = locked(&self.following);
        following.retain(|edge| !edge.is_closed());
        let question = || Question {
            id,
            ask: ask.clone(),
        };
        let edges = following.iter().rev();
        let asked = edges.filter(|edge| edge.try_send(question()).is_ok());
        let of = asked.take(most).count();
        drop(following);
        Asked {
            edges: self,
            id,
            answers,
            of,
        }
    }

    /// Nobody may wait for it any more.
    pub(crate) fn answer(&self, question: Uuid, answer: Answer) {
        if let Some(waiting) = locked(&self.waiting).get(&question) {
            let _ = waiting.try_send(answer);
        }
    }
}

impl Asked<'_> {
    /// The next answer, whenever it comes.
    pub(crate) async fn next(&mut self) -> Option<Answer> {
        self.answers.recv().await
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        locked(&self.edges.waiting).remove(&self.id);
    }
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
