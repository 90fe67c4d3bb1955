//! Keys that were verified before, held under a digest that is worth nothing outside this process.

use super::refused;
use crate::error::Error;
use moka::sync::Cache;
use ostia_domain::{
    clock,
    code::Code,
    key::{ACCESS_TOKEN_PREFIX, Presented},
    principal::Principal,
};
use ostia_proto::{
    ControlClient, status,
    v1::{AuthenticateRequest, authenticate_response::Verdict},
};
use ring::hmac;
use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::watch;
use uuid::Uuid;

const MAX_KEYS: u64 = 100_000;
/// More than any access token has.
const MAX_TOKEN: usize = 1_000;
/// Control is asked again about a key this old, should a change ever fail to arrive.
const VERIFIED_FOR: Duration = Duration::from_secs(3600);
/// How long a refused key is refused without asking; a change of any key ends it.
const REFUSED_FOR: Duration = Duration::from_secs(10);
/// How long the first request of a key waits for a snapshot that is on its way.
const CATCH_UP: Duration = Duration::from_secs(2);

pub type Digest = [u8; 32];

pub struct Keys {
    /// Of this installation: a dump of the cache does not help to find a key.
    hmac: hmac::Key,
    max_revocation_age: Duration,
    verified: Cache<Digest, Arc<Principal>>,
    refused: Cache<Digest, Code>,
    /// Counts changes, so that a verdict that was under way meanwhile is not kept.
    changes: AtomicU64,
    /// Counts what is verified and forgotten.
    version: AtomicU64,
    /// The revision of the snapshot that is served.
    served: watch::Receiver<u64>,
    /// When control was last heard of.
    heard: Mutex<Option<Instant>>,
}

impl Keys {
    pub fn new(
        secret: &[u8; 32],
        served: watch::Receiver<u64>,
        max_revocation_age: Duration,
    ) -> Self {
        Self {
            hmac: hmac::Key::new(hmac::HMAC_SHA256, secret),
            max_revocation_age,
            version: AtomicU64::new(0),
            verified: Cache::builder()
                .max_capacity(MAX_KEYS)
                .time_to_live(VERIFIED_FOR)
                .build(),
            refused: Cache::builder()
                .max_capacity(MAX_KEYS)
                .time_to_live(REFUSED_FOR)
                .build(),
            changes: AtomicU64::new(0),
            served,
            heard: Mutex::new(None),
        }
    }

    /// Whose key this is: from memory where it was seen before, else from control.
    pub(super) async fn principal(
        &self,
        control: &ControlClient,
        credential: &str,
    ) -> Result<Arc<Principal>, Error> {
        let digest = self.digest(credential);
        if let Some(principal) = self.verified.get(&digest) {
            self.check_freshness()?;
            return Ok(principal);
        }
        // A look-alike costs nobody anything: control is not asked.
        check_shape(credential)?;
        if let Some(code) = self.refused.get(&digest) {
            return Err(refused(code));
        }
        self.ask(control, credential, digest).await
    }

    async fn ask(
        &self,
        control: &ControlClient,
        credential: &str,
        digest: Digest,
    ) -> Result<Arc<Principal>, Error> {
        let changes = self.changes.load(Ordering::Acquire);
        let request = AuthenticateRequest {
            key: credential.to_owned(),
        };
        let answer = control.sync().authenticate(request).await.map_err(|status| {
            tracing::warn!(%status, code = ?status::code_of(&status), "control verifies no keys");
            control_unavailable()
        })?;
        let unchanged = self.changes.load(Ordering::Acquire) == changes;
        let answer = answer.into_inner();
        self.catch_up(answer.snapshot_revision).await;
        match answer.verdict {
            Some(Verdict::Principal(principal)) => {
                let principal = Principal::try_from(*principal).map_err(|error| {
                    tracing::error!(%error, "control sent a principal that cannot be read");
                    control_unavailable()
                })?;
                let principal = Arc::new(principal);
                if unchanged {
                    self.verified.insert(digest, Arc::clone(&principal));
                    self.version.fetch_add(1, Ordering::Relaxed);
                }
                Ok(principal)
            }
            Some(Verdict::Refused(code)) => {
                let code = Code::parse(&code).unwrap_or(Code::KeyUnknown);
                if unchanged {
                    self.refused.insert(digest, code);
                }
                Err(refused(code))
            }
            None => Err(control_unavailable()),
        }
    }

    /// Waits for the snapshot that a new principal is to be judged by. When it does not come, policies
    /// that are missing deny.
    async fn catch_up(&self, revision: u64) {
        let mut served = self.served.clone();
        let _ = tokio::time::timeout(CATCH_UP, served.wait_for(|served| *served >= revision)).await;
    }

    /// A key that was verified stays good only while a revocation would have been heard of.
    fn check_freshness(&self) -> Result<(), Error> {
        match self.heard_at() {
            Some(heard) if clock::instant().duration_since(heard) <= self.max_revocation_age => {
                Ok(())
            }
            _ => Err(control_unavailable()),
        }
    }

    /// Control spoke: whatever it had to say about keys has arrived.
    pub fn heard(&self) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(clock::instant());
    }

    /// When control was last heard of.
    pub fn heard_at(&self) -> Option<Instant> {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes with every key that is verified or forgotten.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Relaxed)
    }

    pub fn verified(&self) -> impl Iterator<Item = (Digest, Arc<Principal>)> + '_ {
        self.verified
            .iter()
            .map(|(digest, principal)| (*digest, principal))
    }

    /// What was known before this process began, and when control had been heard of then.
    pub fn restore(
        &self,
        known: impl IntoIterator<Item = (Digest, Principal)>,
        heard: Option<Instant>,
    ) {
        for (digest, principal) in known {
            self.verified.insert(digest, Arc::new(principal));
        }
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = heard;
    }

    /// These keys changed; an empty list is all of them.
    pub fn forget(&self, ids: &HashSet<Uuid>) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.version.fetch_add(1, Ordering::Relaxed);
        self.refused.invalidate_all();
        if ids.is_empty() {
            self.verified.invalidate_all();
            return;
        }
        for (digest, principal) in &self.verified {
            if ids.contains(&principal.key_id) {
                self.verified.invalidate(digest.as_ref());
            }
        }
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
