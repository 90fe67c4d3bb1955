//! Secrets of API keys at rest: Argon2id with a pepper that the database does not have.

use super::tokens;
use crate::error::{Error, Kind, Result};
use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher as _, PasswordVerifier as _, Version,
};
use ostia_domain::key::Secret;
use std::{sync::Arc, thread::available_parallelism};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

/// KiB. The secret has 256 random bits, so that nobody can guess it at any speed; a slow hash would
/// only slow down those who have the key. This one takes well under a millisecond.
const MEMORY_KIB: u32 = 256;
const PASSES: u32 = 1;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;

pub(crate) struct Hasher {
    pepper: Arc<Secret>,
    /// One hash per core at a time: more would only make all of them late.
    turns: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl Hasher {
    pub(crate) fn new(pepper: Secret, tasks: TaskTracker) -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self {
            pepper: Arc::new(pepper),
            turns: Arc::new(Semaphore::new(cores)),
            tasks,
        }
    }

    /// A PHC string.
    pub(crate) async fn hash(&self, secret: &str) -> Result<String> {
        let secret = Secret::new(secret);
        let salt: [u8; SALT_BYTES] = tokens::random()?;
        self.run(move |argon2| {
            argon2
                .hash_password_with_salt(secret.expose().as_bytes(), &salt)
                .map(|hash| hash.to_string())
                .map_err(|_| Error(Kind::Internal("a secret could not be hashed")))
        })
        .await?
    }

    /// Which of the hashes is that of the presented secret.
    pub(crate) async fn matching(
        &self,
        presented: &str,
        hashes: Vec<String>,
    ) -> Result<Option<usize>> {
        let presented = Secret::new(presented);
        self.run(move |argon2| {
            hashes
                .iter()
                .position(|hash| verify(argon2, presented.expose(), hash))
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2<'_>) -> T + Send + 'static,
    ) -> Result<T> {
        let failed = || Error(Kind::Internal("the hasher has stopped"));
        let turn = self.turns.clone().acquire_owned().await;
        let turn = turn.map_err(|_| failed())?;
        let pepper = self.pepper.clone();
        self.tasks
            .spawn_blocking(move || {
                // Also kept when nobody waits for the answer any more.
                let _turn = turn;
                argon2(&pepper).map(|argon2| work(&argon2))
            })
            .await
            .map_err(|_| failed())?
    }
}

fn argon2(pepper: &Secret) -> Result<Argon2<'_>> {
    Params::new(MEMORY_KIB, PASSES, LANES, None)
        .and_then(|params| {
            let pepper = pepper.expose().as_bytes();
            Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params)
        })
        .map_err(|_| Error(Kind::Internal("Argon2 refused its parameters")))
}

/// Compares in constant time. A hash that cannot be read matches nothing.
fn verify(argon2: &Argon2<'_>, presented: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| argon2.verify_password(presented.as_bytes(), &hash).is_ok())
}
