//! Requests that are done once however often they are sent. What was answered is sealed by the web role, so that
//! nothing here reads it.

use super::App;
use crate::{
    error::{Error, Result},
    op::Op,
    store::{
        self,
        idempotency::{Answer, Claim},
    },
};
use chrono::TimeDelta;
use uuid::Uuid;

const HASH_BYTES: usize = 32;
const MAX_ANSWER_BYTES: usize = 256 << 10;
const KEPT_FOR: TimeDelta = TimeDelta::hours(24);
/// How long nobody asks whether whoever has the claim is still there.
const LEFT_ALONE: TimeDelta = TimeDelta::minutes(1);

/// A request, named by what its sender said and what it says.
pub(crate) struct Asked {
    pub(crate) key_hash: Vec<u8>,
    pub(crate) request_hash: Vec<u8>,
    /// Nothing comes of it but changes under the claim.
    pub(crate) only_changes: bool,
}

pub(crate) enum Claimed {
    /// It is to be done.
    Now(Uuid),
    Answered(Answer),
    UnderWay,
    OtherRequest,
    InDoubt,
}

impl App {
    pub(crate) async fn claim_request(&self, op: &Op, asked: Asked) -> Result<Claimed> {
        check_hash("key_hash", &asked.key_hash)?;
        check_hash("request_hash", &asked.request_hash)?;
        let only_changes = asked.only_changes;
        let new = Claim {
            key_hash: asked.key_hash,
            request_hash: asked.request_hash,
            id: Uuid::now_v7(),
            claimed_at: op.now,
            expires_at: op.now + KEPT_FOR,
            answer: None,
        };
        let write = self.store.write().await?;
        store::idempotency::prune_key(write.tx(), &new.key_hash, op.now).await?;
        if store::idempotency::insert(write.tx(), &new).await? {
            write.commit().await?;
            return Ok(Claimed::Now(new.id));
        }
        let Some(found) = store::idempotency::find(write.tx(), &new.key_hash).await? else {
            // Given up at this moment: whoever comes again gets it.
            return Ok(Claimed::UnderWay);
        };
        if found.request_hash != new.request_hash {
            return Ok(Claimed::OtherRequest);
        }
        if let Some(answer) = found.answer {
            return Ok(Claimed::Answered(answer));
        }
        if op.now < found.claimed_at + LEFT_ALONE {
            return Ok(Claimed::UnderWay);
        }
        // What is still on its way under the old claim fails from now on, so that nothing is changed twice. What
        // reaches beyond control cannot be stopped so.
        let taken = only_changes
            && store::idempotency::take_over(write.tx(), found.id, new.id, op.now).await?;
        if !taken {
            return Ok(Claimed::InDoubt);
        }
        write.commit().await?;
        Ok(Claimed::Now(new.id))
    }

    pub(crate) async fn answer_request(&self, claim: Uuid, answer: Answer) -> Result<()> {
        if answer.sealed.len() > MAX_ANSWER_BYTES {
            let problem = format!("has more than {MAX_ANSWER_BYTES} bytes");
            return Err(Error::invalid("answer.sealed", problem));
        }
        let write = self.store.write().await?;
        if !store::idempotency::answer(write.tx(), claim, answer).await? {
            return Err(Error::not_found("claim", &claim.to_string()));
        }
        Ok(write.commit().await?)
    }

    pub(crate) async fn abandon_request(&self, claim: Uuid) -> Result<()> {
        let write = self.store.write().await?;
        store::idempotency::delete(write.tx(), claim).await?;
        Ok(write.commit().await?)
    }
}

fn check_hash(field: &'static str, hash: &[u8]) -> Result<()> {
    if hash.len() == HASH_BYTES {
        return Ok(());
    }
    let problem = format!("has {} bytes, not {HASH_BYTES}", hash.len());
    Err(Error::invalid(field, problem))
}
