//! What must be so for a change to be made: looked at in its transaction, when everything else is done.

use super::Event;
use crate::{
    error::{Error, Kind, Result},
    store::{self, Tx},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use serde_json::Value;
use uuid::Uuid;

/// Bytes of the hash that a tag has: enough for nobody to meet two states with one tag.
const TAG_BYTES: usize = 16;

#[derive(Clone, Debug, Default)]
pub(crate) struct Conditions {
    /// One of these is the tag of what is changed; `*` is whatever there is.
    pub(crate) if_match: Option<Vec<String>>,
    /// Nobody else has taken the claim over.
    pub(crate) claim: Option<Uuid>,
}

/// What tells one state of an object from another: a digest of what audit would keep as the state before
/// its next change. So nobody has to count versions, and no change can be without.
pub(crate) fn tag(state: &Value) -> String {
    let digest = digest(&SHA256, state.to_string().as_bytes());
    URL_SAFE_NO_PAD.encode(&digest.as_ref()[..TAG_BYTES])
}

impl Conditions {
    pub(super) async fn check(&self, tx: &Tx, events: &[Event]) -> Result<()> {
        if self.if_match.is_some() {
            let [event] = events else {
                let problem = "is for the change of one object";
                return Err(Error::invalid("ostia-if-match", problem));
            };
            self.check_state(event.detail.before())?;
        }
        if let Some(claim) = self.claim
            && !store::idempotency::mark(tx, claim).await?
        {
            return Err(Error::conflict(
                "the request was taken over by another one with the same Idempotency-Key",
            ));
        }
        Ok(())
    }

    /// Of one object, as it is before a change or without one.
    pub(super) fn check_state(&self, before: &Value) -> Result<()> {
        let expected = self.if_match.as_ref();
        if expected.is_none_or(|expected| holds(expected, before)) {
            return Ok(());
        }
        Err(Error(Kind::PreconditionFailed))
    }
}

fn holds(expected: &[String], before: &Value) -> bool {
    // Nothing was there, or nothing that has a state.
    if before.is_null() {
        return false;
    }
    let tag = tag(before);
    expected.iter().any(|one| one == "*" || *one == tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_state_that_was_read_holds() {
        let (one, other) = (json!({"burst": 1}), json!({"burst": 2}));
        let read = [tag(&other), tag(&one)];
        assert!(holds(&read, &one) && holds(&read, &other));
        assert!(!holds(&read[..1], &one));
        assert!(!holds(&[], &one));
        let any = ["*".to_owned()];
        assert!(holds(&any, &one) && !holds(&any, &Value::Null));
    }
}
