//! The edges that follow this control, and what they are asked: questions go out with their watch, answers come
//! back in calls of their own.

use ostia_domain::{
    clock::{self, Timestamp},
    settings::Process,
    upstream::{Catalogue, Problem, Upstream, WorkerLine},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::mpsc;
use uuid::Uuid;

/// Questions that an edge may be behind; it is not asked more before it took them.
const QUESTIONS: usize = 8;
/// Answers to one question that may wait: more edges than any installation has.
const ANSWERS: usize = 1_000;
/// Kept of each edge.
const MOST_SETTINGS: usize = 500;

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

/// Who follows.
pub(crate) struct Follower {
    /// Whether it is asked anything.
    pub(crate) answers: bool,
    /// Unset: it does not say.
    pub(crate) known: Option<Known>,
}

/// An edge that said what it runs with.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) edge_id: Uuid,
    pub(crate) process: Arc<Process>,
    /// When it began to follow.
    pub(crate) since: Timestamp,
}

struct Following {
    questions: mpsc::Sender<Question>,
    follower: Follower,
}

#[derive(Default)]
pub(crate) struct Edges {
    /// One for each watch, newest last.
    following: Mutex<Vec<Following>>,
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
    /// What an edge is asked. It follows until it drops this.
    pub(crate) fn follow(&self, follower: Follower) -> mpsc::Receiver<Question> {
        let (sender, questions) = mpsc::channel(QUESTIONS);
        self.present().push(Following {
            questions: sender,
            follower,
        });
        questions
    }

    /// Those that follow now and say what they run with. One that came back is there once.
    pub(crate) fn known(&self) -> Vec<Known> {
        let newest: HashMap<_, _> = self
            .present()
            .iter()
            .filter_map(|following| following.follower.known.as_ref())
            .map(|known| (known.edge_id, known.clone()))
            .collect();
        newest.into_values().collect()
    }

    fn present(&self) -> MutexGuard<'_, Vec<Following>> {
        let mut following = locked(&self.following);
        following.retain(|edge| !edge.questions.is_closed());
        following
    }

    /// Asks so many edges at most, those first that came last.
    pub(crate) fn ask(&self, ask: &Ask, most: usize) -> Asked<'_> {
        let (id, (sender, answers)) = (Uuid::now_v7(), mpsc::channel(ANSWERS));
        locked(&self.waiting).insert(id, sender);
        let following = self.present();
        let question = || Question {
            id,
            ask: ask.clone(),
        };
        let edges = following.iter().rev();
        let edges = edges.filter(|edge| edge.follower.answers);
        let asked = edges.filter(|edge| edge.questions.try_send(question()).is_ok());
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

impl Known {
    /// Of an edge whose process says more than anybody reads, the beginning.
    pub(crate) fn new(edge_id: Uuid, mut process: Process) -> Self {
        process.settings.truncate(MOST_SETTINGS);
        Self {
            edge_id,
            process: Arc::new(process),
            since: clock::now(),
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
