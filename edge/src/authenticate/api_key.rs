//! Keys that were verified before, held under a digest that is worth nothing outside this process.

pub use super::known::Digest;

use super::{
    heard::{Heard, Worth},
    known::{Known, Verified},
    refused,
};
use crate::error::Error;
use ostia_domain::{
    clock,
    code::Code,
    key::{ACCESS_TOKEN_PREFIX, Presented},
    principal::Principal,
};
use ostia_proto::{
    ControlClient, status,
    v1::{AuthenticateRequest, authenticate_response::Decision},
};
use ring::hmac;
use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{Semaphore, watch},
    time::timeout,
};
use uuid::Uuid;

/// More than any access token has.
const MAX_TOKEN: usize = 1_000;
/// Control is asked again about a key this old, should a change ever fail to arrive.
const VERIFIED_FOR: Duration = Duration::from_secs(3600);
/// Control gets so long to verify a key that was never seen.
const VERIFY_TIMEOUT: Duration = Duration::from_secs(10);
/// A call with a key in doubt waits so long for what control says. Shorter than the time in which a
/// revocation has to hold.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(1);
/// Keys in doubt that control is asked about at once: after a break all of them are.
const CONFIRMATIONS: usize = 32;
/// How long the first request of a key waits for a snapshot that is on its way.
const CATCH_UP: Duration = Duration::from_secs(2);

pub struct Keys {
    /// Of this installation: a dump of the cache does not help to find a key.
    hmac: hmac::Key,
    heard: Heard,
    confirmations: Semaphore,
    known: Known,
    /// The revision of the snapshot that is served.
    served: watch::Receiver<u64>,
}

impl Keys {
    pub fn new(
        secret: &[u8; 32],
        served: watch::Receiver<u64>,
        max_revocation_age: Duration,
    ) -> Self {
        Self {
            hmac: hmac::Key::new(hmac::HMAC_SHA256, secret),
            heard: Heard::new(max_revocation_age),
            confirmations: Semaphore::new(CONFIRMATIONS),
            known: Known::new(VERIFIED_FOR + max_revocation_age),
            served,
        }
    }

    /// Whose key this is: from memory where it was seen before, else from control.
    pub(super) async fn principal(
        &self,
        control: &ControlClient,
        credential: &str,
    ) -> Result<Arc<Principal>, Error> {
        let digest = self.digest(credential);
        if let Some(known) = self.known.verified(&digest) {
            match self.worth(&known) {
                Worth::Good => return Ok(known.principal),
                Worth::InDoubt => return self.confirm(control, credential, digest, known).await,
                Worth::Silence => return Err(control_unavailable()),
                Worth::Nothing => {}
            }
        }
        // A look-alike costs nobody anything: control is not asked.
        check_shape(credential)?;
        if let Some(code) = self.known.refused(&digest) {
            return Err(refused(code));
        }
        // Control may answer for a key and still say nothing else that this edge understands.
        if self.heard.is_silent(clock::instant()) {
            return Err(control_unavailable());
        }
        timeout(VERIFY_TIMEOUT, self.ask(control, credential, digest))
            .await
            .unwrap_or_else(|_| Err(control_unavailable()))
    }

    fn worth(&self, known: &Verified) -> Worth {
        let now = clock::instant();
        match self.heard.worth(known.connection, now) {
            Worth::Good if now.duration_since(known.at) > VERIFIED_FOR => Worth::InDoubt,
            worth => worth,
        }
    }

    /// A key in doubt: as control says, or as it was where control does not answer at once.
    async fn confirm(
        &self,
        control: &ControlClient,
        credential: &str,
        digest: Digest,
        known: Verified,
    ) -> Result<Arc<Principal>, Error> {
        if self.heard.leaves_alone(clock::instant()) {
            return Ok(known.principal);
        }
        let asked = timeout(CONFIRM_TIMEOUT, async {
            // Nobody closes the semaphore.
            let _turn = self.confirmations.acquire().await.ok();
            match self.known.verified(&digest) {
                // Another call of this key was quicker.
                Some(known) if self.worth(&known) == Worth::Good => Ok(known.principal),
                _ => self.ask(control, credential, digest).await,
            }
        });
        match asked.await {
            Ok(Err(error)) if error.code != Code::ControlUnavailable => {
                self.known.drop_one(&digest);
                Err(error)
            }
            Ok(Ok(principal)) => Ok(principal),
            Ok(Err(_)) | Err(_) => {
                self.heard.unanswered(clock::instant());
                // It may have been told of as changed meanwhile.
                let known = self
                    .known
                    .verified(&digest)
                    .ok_or_else(control_unavailable)?;
                Ok(known.principal)
            }
        }
    }

    /// Until control's answer is not older than any change of the key that was told of; callers limit how long
    /// that may take.
    async fn ask(
        &self,
        control: &ControlClient,
        credential: &str,
        digest: Digest,
    ) -> Result<Arc<Principal>, Error> {
        loop {
            let asked = self.known.moment();
            let connection = self.heard.connection();
            match self.decision(control, credential).await? {
                Decision::Principal(principal) => {
                    let principal = Principal::try_from(*principal).map_err(|error| {
                        tracing::error!(%error, "control sent a principal that cannot be read");
                        control_unavailable()
                    })?;
                    let principal = Arc::new(principal);
                    let verified = Verified {
                        principal: Arc::clone(&principal),
                        connection,
                        at: clock::instant(),
                    };
                    if self.known.keep(digest, verified, asked) {
                        return Ok(principal);
                    }
                }
                Decision::Refused(code) => {
                    let code = Code::parse(&code).unwrap_or(Code::KeyUnknown);
                    self.known.keep_refused(digest, code, asked);
                    return Err(refused(code));
                }
            }
        }
    }

    /// What control says, once there is a snapshot to judge it by.
    async fn decision(&self, control: &ControlClient, credential: &str) -> Result<Decision, Error> {
        let request = AuthenticateRequest {
            key: credential.to_owned(),
            ..AuthenticateRequest::default()
        };
        let answer = control.sync().authenticate(request).await.map_err(|status| {
            tracing::warn!(%status, code = ?status::code_of(&status), "control verifies no keys");
            control_unavailable()
        })?;
        let answer = answer.into_inner();
        self.catch_up(answer.snapshot_revision).await;
        answer.decision.ok_or_else(control_unavailable)
    }

    /// Waits for the snapshot that a new principal is to be judged by. When it does not come, policies
    /// that are missing deny.
    async fn catch_up(&self, revision: u64) {
        let mut served = self.served.clone();
        let _ = tokio::time::timeout(CATCH_UP, served.wait_for(|served| *served >= revision)).await;
    }

    /// Control spoke: whatever it had to say about keys has arrived.
    pub fn heard(&self) {
        self.heard.now(clock::instant());
    }

    /// When control was last heard of.
    pub fn heard_at(&self) -> Option<Instant> {
        self.heard.last()
    }

    /// Control is followed over a new connection: what changed since the last one is not known.
    pub fn reconnected(&self) {
        self.heard.reconnected();
        self.known.doubt();
    }

    /// Changes with every key that is verified, forgotten or put in doubt.
    pub fn version(&self) -> u64 {
        self.known.version()
    }

    /// The keys that are beyond doubt.
    pub fn verified(&self) -> impl Iterator<Item = (Digest, Arc<Principal>)> + '_ {
        self.known
            .iter()
            .filter(|(_, known)| self.worth(known) == Worth::Good)
            .map(|(digest, known)| (*digest, known.principal))
    }

    /// What was known before this process began, and when control had been heard of then.
    pub fn restore(
        &self,
        known: impl IntoIterator<Item = (Digest, Principal)>,
        heard: Option<Instant>,
    ) {
        for (digest, principal) in known {
            let verified = Verified {
                principal: Arc::new(principal),
                connection: self.heard.connection(),
                at: clock::instant(),
            };
            self.known.restore(digest, verified);
        }
        self.heard.before(heard);
    }

    /// These keys changed; an empty list is all of them.
    pub fn forget(&self, ids: &HashSet<Uuid>) {
        self.known.forget(ids);
    }

    fn digest(&self, credential: &str) -> Digest {
        let tag = hmac::sign(&self.hmac, credential.as_bytes());
        let mut digest = Digest::default();
        digest.copy_from_slice(tag.as_ref());
        digest
    }
}

/// Whether this could be a key, or an access token that one was exchanged for.
fn check_shape(credential: &str) -> Result<(), Error> {
    if credential.starts_with(ACCESS_TOKEN_PREFIX) && credential.len() <= MAX_TOKEN {
        return Ok(());
    }
    Presented::parse(credential).map(drop).map_err(|error| {
        Error::new(
            Code::KeyMalformed,
            format!("This is not a whole API key: {error}."),
        )
    })
}

fn control_unavailable() -> Error {
    Error::new(
        Code::ControlUnavailable,
        "API keys cannot be verified at the moment, because the control service cannot be reached.",
    )
    .retry_after(Duration::from_secs(1))
}
