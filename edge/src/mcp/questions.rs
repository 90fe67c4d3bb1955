//! What legacy clients are asked in the middle of a call, on the call's own stream, until they answer with
//! a message of their own.

use crate::pool::pending::Question;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::oneshot;
use uuid::Uuid;

/// A client's answer: the member `result` or `error`, and its value as it came.
#[derive(Debug, PartialEq, Eq)]
pub struct Reply {
    pub member: &'static str,
    pub value: String,
}

/// Who waits for an answer.
enum Asker {
    /// A legacy upstream, in the middle of its call.
    Upstream(Question),
    /// A call that is asked again once all answers are there.
    Call(oneshot::Sender<Reply>),
}

struct Open {
    session: Uuid,
    asker: Asker,
}

/// The open questions of an edge, by the id that they carry to the client.
#[derive(Default)]
pub struct Questions {
    open: Mutex<HashMap<String, Open>>,
    next: AtomicU64,
}

/// A question that was put; dropping it takes it back.
pub struct Asked {
    questions: Arc<Questions>,
    id: String,
}

impl Questions {
    /// Passes an upstream's question on; answers with the message for the client.
    pub fn pass_on(self: &Arc<Self>, session: Uuid, question: Question) -> (Asked, Vec<u8>) {
        let params = question.params().map(str::to_owned);
        let method = question.method.clone();
        let asked = self.open(session, Asker::Upstream(question));
        let message = asked.message(&method, params.as_deref());
        (asked, message)
    }

    /// Asks in a call's own name.
    pub fn ask(
        self: &Arc<Self>,
        session: Uuid,
        method: &str,
        params: Option<&str>,
    ) -> (Asked, Vec<u8>, oneshot::Receiver<Reply>) {
        let (sender, receiver) = oneshot::channel();
        let asked = self.open(session, Asker::Call(sender));
        let message = asked.message(method, params);
        (asked, message, receiver)
    }

    fn open(self: &Arc<Self>, session: Uuid, asker: Asker) -> Asked {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let id = format!("ostia-{number}");
        self.map().insert(id.clone(), Open { session, asker });
        Asked {
            questions: Arc::clone(self),
            id,
        }
    }

    /// Takes a client's answer to where it is waited for. Says whether there was such a question in its
    /// session.
    pub async fn answer(&self, session: Uuid, id: &str, reply: Reply) -> bool {
        let open = {
            let mut map = self.map();
            if map.get(id).is_none_or(|open| open.session != session) {
                return false;
            }
            map.remove(id)
        };
        match open.map(|open| open.asker) {
            Some(Asker::Upstream(question)) => question.answer(reply.member, &reply.value).await,
            // The call may have ended meanwhile.
            Some(Asker::Call(call)) => drop(call.send(reply)),
            None => return false,
        }
        true
    }

    fn map(&self) -> std::sync::MutexGuard<'_, HashMap<String, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asked {
    fn message(&self, method: &str, params: Option<&str>) -> Vec<u8> {
        let method = serde_json::Value::from(method);
        let id = &self.id;
        match params {
            Some(params) => {
                format!(r#"{{"jsonrpc":"2.0","id":"{id}","method":{method},"params":{params}}}"#)
            }
            None => format!(r#"{{"jsonrpc":"2.0","id":"{id}","method":{method}}}"#),
        }
        .into_bytes()
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let open = self.questions.map().remove(&self.id);
        drop(open);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply() -> Reply {
        Reply {
            member: "result",
            value: "{}".into(),
        }
    }

    #[tokio::test]
    async fn an_answer_counts_once_and_in_its_own_session() {
        let questions = Arc::new(Questions::default());
        let (mine, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let (asked, message, receiver) = questions.ask(mine, "roots/list", None);
        let message: serde_json::Value = serde_json::from_slice(&message).unwrap();
        assert_eq!(message["method"], "roots/list");
        assert!(!questions.answer(other, &asked.id, reply()).await);
        assert!(questions.answer(mine, &asked.id, reply()).await);
        assert!(!questions.answer(mine, &asked.id, reply()).await);
        assert_eq!(receiver.await.unwrap(), reply());
    }

    #[tokio::test]
    async fn a_question_that_was_taken_back_takes_no_answer() {
        let questions = Arc::new(Questions::default());
        let session = Uuid::from_u128(1);
        let (asked, _, receiver) = questions.ask(session, "roots/list", None);
        let id = asked.id.clone();
        drop(asked);
        assert!(!questions.answer(session, &id, reply()).await);
        assert!(receiver.await.is_err());
    }
}
