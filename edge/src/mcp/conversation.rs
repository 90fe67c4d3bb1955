//! One request between its client and its upstream: what is said in between, what the upstream asks of
//! the client, and the end. Nothing here knows HTTP but the status of the end.

use super::{
    answer::Addressee,
    era::Era,
    input_required::{self, InputRequired},
    questions::{Asked, Reply},
    received::Received,
    request_state::{self, Continue, RequestDigest},
    session::Session,
    splice::splice,
    task_ids::{self, TaskIds},
};
use crate::{
    constrain::{constrain, with_quota},
    error::Error,
    pool::pending::{Answer, Event, Question},
    record::OpenRecord,
    respond,
    state::State,
    upstream::{exchange::Exchange, handshake::error_code},
};
use axum::body::Bytes;
use http::StatusCode;
use ostia_domain::{
    capability::ClientCapabilities,
    clock::{self, Timestamp},
    code::Code,
    policy::Constraints,
    usage::Outcome,
};
use std::{sync::Arc, time::Duration};
use tokio::sync::oneshot;
use uuid::Uuid;

/// How often a modern upstream may ask for more before its call is given up.
const MAX_ROUNDS: u32 = 8;
/// How long a client may take to answer one question.
const PATIENCE: Duration = Duration::from_secs(600);
/// Between two rounds in which the upstream asks nothing of the client.
const PACE: Duration = Duration::from_millis(250);

pub struct Conversation {
    pub exchange: Exchange,
    pub addressee: Addressee,
    task_ids: TaskIds,
    pub state: Arc<State>,
    pub owner: Uuid,
    /// The request as it came, for what binds a state to it.
    body: Bytes,
    endpoint: String,
    request_id: crate::call::RequestId,
    /// Of a legacy client.
    session: Option<Session>,
    capabilities: ClientCapabilities,
    pub bounds: Bounds,
    /// Questions of a legacy upstream that its legacy client has.
    asked: Vec<Asked>,
    /// A question that its client did not answer when it asked for the rest.
    unanswered: Option<Question>,
    round: Option<Round>,
    rounds: u32,
}

/// What an answer has to do with.
#[derive(Clone, Copy)]
pub struct Bounds {
    /// What policy lets pass of it.
    pub limits: Constraints,
    /// What is left of a quota that the call counts against, and when it is renewed.
    pub quota: Option<(u64, Timestamp)>,
}

/// What a client reads next.
pub enum Frame {
    /// A message; more will come.
    Message(Vec<u8>),
    /// The answer, or an error in its place.
    Last(Last),
    /// A modern client must be asked: its request ends here and waits, see [`Conversation::park`].
    Asked(Question),
}

pub struct Last {
    /// For a client that reads it as JSON.
    pub status: StatusCode,
    pub body: Vec<u8>,
}

/// Questions of a modern upstream that a legacy client has.
struct Round {
    /// Not sent yet, last first.
    messages: Vec<Vec<u8>>,
    awaited: Vec<Awaited>,
    state: Option<String>,
}

struct Awaited {
    name: String,
    elicitation: bool,
    _asked: Asked,
    reply: oneshot::Receiver<Reply>,
}

impl Conversation {
    pub fn new(
        received: &Received<'_>,
        exchange: Exchange,
        addressee: Addressee,
        bounds: Bounds,
        task_ids: TaskIds,
    ) -> Self {
        Self {
            exchange,
            addressee,
            task_ids,
            state: Arc::clone(received.state),
            owner: received.principal.key_id,
            body: received.body.clone(),
            endpoint: received.endpoint.name(),
            request_id: received.arrival.id,
            session: received.session,
            capabilities: received.askable(),
            bounds,
            asked: Vec::new(),
            unanswered: None,
            round: None,
            rounds: 0,
        }
    }

    /// The session of a legacy client.
    pub fn session(&self) -> Option<Session> {
        self.session
    }

    pub async fn next(&mut self) -> Frame {
        if let Some(question) = self.unanswered.take() {
            return Frame::Asked(question);
        }
        loop {
            if let Some(round) = &mut self.round {
                if let Some(message) = round.messages.pop() {
                    return Frame::Message(message);
                }
                if let Err(error) = self.finish_round().await {
                    return self.failed(&error);
                }
            }
            match self.exchange.next().await {
                Ok(Event::Notification(said)) => {
                    let tasks = self.task_ids.in_message(&said.line);
                    if let Some(message) = self.addressee.notification(&said, &tasks) {
                        return Frame::Message(message);
                    }
                }
                Ok(Event::Question(question)) => {
                    if let Some(frame) = self.pass_on(question) {
                        return frame;
                    }
                }
                Ok(Event::Answer(answer)) => match self.answered(answer) {
                    Ok(Some(last)) => return Frame::Last(last),
                    Ok(None) => {}
                    Err(error) => {
                        let error = self.exchange.fail(error);
                        return self.failed(&error);
                    }
                },
                Err(error) => return self.failed(&error),
            }
        }
    }

    /// A question of a legacy upstream: on the stream to a legacy client, at the end of the response to
    /// a modern one. One that this client cannot be asked is refused by being dropped.
    fn pass_on(&mut self, question: Question) -> Option<Frame> {
        let needed = input_required::needed(&question.method, question.params());
        if !needed.is_some_and(|needed| self.capabilities.has(needed)) {
            return None;
        }
        match (self.addressee.era, self.session) {
            (Era::Modern, _) => Some(Frame::Asked(question)),
            (Era::Legacy, Some(session)) => {
                let (asked, message) = self.state.questions.pass_on(session.id, question);
                self.asked.push(asked);
                let tasks = self.task_ids.in_message(&message);
                let message = splice(&message, &mut task_ids::edits(&tasks));
                Some(Frame::Message(message))
            }
            (Era::Legacy, None) => None,
        }
    }

    /// An answer of the upstream, which may be that it needs more. `None`: a round begins.
    fn answered(&mut self, answer: Answer) -> Result<Option<Last>, Error> {
        let asks = self.exchange.upstream_era() == Era::Modern
            && answer.is_result
            && InputRequired::is_in(answer.payload());
        if asks && let Some(required) = InputRequired::read(answer.payload()) {
            return match self.addressee.era {
                Era::Modern => self.sealed(&answer, &required).map(Some),
                Era::Legacy => self.begin_round(&required).map(|()| None),
            };
        }
        let answer = constrain(self.bounds.limits, answer)?;
        let answer = match self.bounds.quota {
            Some((remaining, resets_at)) => with_quota(answer, remaining, resets_at),
            None => answer,
        };
        let status = if answer.is_result {
            StatusCode::OK
        } else {
            respond::upstream_error_status(error_code(answer.payload()), self.addressee.era)
        };
        let tasks = self.task_ids.in_answer(&answer, &self.addressee);
        if !tasks.is_empty() {
            self.exchange.is_about_task();
        }
        if let Some(session) = self.session {
            for (own, shown) in &tasks {
                let own = &answer.line[own.clone()];
                let begun = &self.state.session_tasks;
                begun.add(session.id, &self.task_ids, own, shown);
            }
        }
        let upstream = self.exchange.upstream_era();
        Ok(Some(Last {
            status,
            body: self.addressee.answer(&answer, upstream, &tasks),
        }))
    }

    /// The upstream's state goes out sealed: the upstream knows no principals, so Ostia binds it to one.
    fn sealed(&self, answer: &Answer, required: &InputRequired<'_>) -> Result<Last, Error> {
        let state = required
            .state
            .map(|raw| self.seal(&Continue::Upstream(raw.get().to_owned())))
            .transpose()?;
        Ok(Last {
            status: StatusCode::OK,
            body: input_required::with_state(&self.addressee, answer, required, state),
        })
    }

    fn seal(&self, to: &Continue) -> Result<String, Error> {
        let sealer = &self.state.sealer;
        RequestDigest::of_body(&self.body, &self.endpoint)
            .and_then(|digest| request_state::seal(sealer, self.owner, digest, to, clock::now()))
            .ok_or_else(|| Error::new(Code::Internal, "No request state could be made."))
    }

    fn begin_round(&mut self, required: &InputRequired<'_>) -> Result<(), Error> {
        self.rounds += 1;
        if self.rounds > MAX_ROUNDS {
            let message =
                format!("The upstream asked for more {MAX_ROUNDS} times; the call was given up.");
            return Err(Error::new(Code::UpstreamInvalid, message));
        }
        let mut round = Round {
            messages: Vec::new(),
            awaited: Vec::new(),
            state: required.state.map(|raw| raw.get().to_owned()),
        };
        for request in &required.requests {
            let needed = request.needed();
            let can = needed.is_some_and(|needed| self.capabilities.has(needed));
            let (Some(session), true) = (self.session, can) else {
                return Err(input_required::not_declared(&request.method, needed));
            };
            let params = request.legacy_params();
            let (asked, message, reply) =
                self.state
                    .questions
                    .ask(session.id, &request.method, params.as_deref());
            round.messages.push(message);
            round.awaited.push(Awaited {
                name: request.name.clone(),
                elicitation: request.method == "elicitation/create",
                _asked: asked,
                reply,
            });
        }
        round.messages.reverse();
        self.round = Some(round);
        Ok(())
    }

    /// Waits for the client's answers and sends the request again with them.
    async fn finish_round(&mut self) -> Result<(), Error> {
        let Some(round) = self.round.take() else {
            return Ok(());
        };
        if round.awaited.is_empty() {
            tokio::time::sleep(PACE).await;
        }
        let mut responses = Vec::with_capacity(round.awaited.len());
        for awaited in round.awaited {
            let reply = tokio::time::timeout(PATIENCE, awaited.reply).await;
            let value = match reply {
                Ok(Ok(reply)) if reply.member == "result" => reply.value,
                // To a person who was asked, not to answer is to cancel.
                Ok(Ok(_)) if awaited.elicitation => r#"{"action":"cancel"}"#.to_owned(),
                Ok(_) => {
                    let message = "The client refused what the upstream asked of it.";
                    let error = Error::new(Code::ClientCapabilityMissing, message);
                    return Err(self.exchange.fail(error));
                }
                Err(_) => {
                    let message =
                        "The client did not answer what the upstream asked of it in time.";
                    return Err(self.exchange.fail(Error::new(Code::CallTimeout, message)));
                }
            };
            responses.push((awaited.name, value));
        }
        let responses = input_required::object(&responses);
        self.exchange
            .answer_back(&responses, round.state.as_deref())
            .await
    }

    /// Ends a modern client's request with what its upstream asks. The call waits where it is, until the
    /// client asks again with the answer.
    pub fn park(mut self, question: Question) -> Last {
        let id = Uuid::new_v4();
        let at = self.state.own.clone();
        let sealed = self.seal(&Continue::Parked { call: id, at });
        match sealed {
            Ok(state) => {
                let body = input_required::asking(&self.addressee.id, &question, &state);
                let bytes = body.len();
                self.exchange
                    .note(|record| record.ended(Outcome::Ok, bytes));
                let parked = Arc::clone(&self.state.parked);
                parked.put(id, self, question);
                Last {
                    status: StatusCode::OK,
                    body,
                }
            }
            Err(error) => {
                let error = self.exchange.fail(error);
                self.error(&error)
            }
        }
    }

    /// The rest of the call belongs to another request, which brought what was asked for.
    pub fn resume(&mut self, addressee: Addressee, record: OpenRecord) {
        self.request_id = record.id();
        self.addressee = addressee;
        self.exchange.continue_as(record);
    }

    /// The client asked for the rest without the answer to this.
    pub fn ask_again(&mut self, question: Question) {
        self.unanswered = Some(question);
    }

    fn failed(&self, error: &Error) -> Frame {
        Frame::Last(self.error(error))
    }

    fn error(&self, error: &Error) -> Last {
        let id = str::from_utf8(&self.addressee.id).ok();
        let era = self.addressee.era;
        Last {
            status: respond::status(error, era),
            body: respond::error_body(error, era, self.request_id, id),
        }
    }
}
