//! Calls of modern clients that wait on their worker until the client brings what the upstream asked.

use super::{
    answer::Addressee, conversation::Conversation, input_required::answer_to_parked, request_state,
};
use crate::{error::Error, pool::pending::Question, record::OpenRecord};
use ostia_domain::{clock, code::Code};
use serde_json::value::RawValue;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;

/// Calls that may wait at once; each has a place on a worker.
const MAX_PARKED: usize = 10_000;

struct Call {
    conversation: Conversation,
    question: Question,
}

/// By the id in their state.
#[derive(Default)]
pub struct Parked(Mutex<HashMap<Uuid, Call>>);

impl Parked {
    /// Keeps a call until it is asked for, its time is over, or the edge stops.
    pub fn put(self: &Arc<Self>, id: Uuid, conversation: Conversation, question: Question) {
        let state = Arc::clone(&conversation.state);
        let until = conversation
            .exchange
            .deadline()
            .min(clock::instant() + request_state::LIFETIME);
        let call = Call {
            conversation,
            question,
        };
        {
            let mut calls = self.calls();
            if calls.len() >= MAX_PARKED {
                return;
            }
            calls.insert(id, call);
        }
        let parked = Arc::clone(self);
        let draining = state.draining.clone();
        state.tasks.spawn(async move {
            tokio::select! {
                () = tokio::time::sleep_until(until.into()) => {}
                () = draining.cancelled() => {}
            }
            let ended = parked.calls().remove(&id);
            drop(ended);
        });
    }

    /// Goes on with a call. Without the answer to its question, the question is put again.
    pub async fn resume(
        self: &Arc<Self>,
        id: Uuid,
        owner: Uuid,
        responses: Option<&RawValue>,
        addressee: Addressee,
        record: OpenRecord,
    ) -> Result<Conversation, (OpenRecord, Error)> {
        let call = {
            let mut calls = self.calls();
            let theirs = calls
                .get(&id)
                .is_some_and(|call| call.conversation.owner == owner);
            if theirs { calls.remove(&id) } else { None }
        };
        let Some(Call {
            mut conversation,
            question,
        }) = call
        else {
            let message =
                "The call does not wait for this any more. Send it again without `requestState`.";
            return Err((record, Error::new(Code::RequestStateInvalid, message)));
        };
        conversation.resume(addressee, record);
        match answer_to_parked(responses) {
            Some(answer) => question.answer("result", answer.get()).await,
            None => conversation.ask_again(question),
        }
        Ok(conversation)
    }

    fn calls(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, Call>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
