//! What an edge knew last, on disk: it starts from that when control is away.
//!
//! Two sealed files. One has the last snapshot and the keys that were verified, and is written some
//! seconds after either changed; the other says when control was last heard of, and is written as long as
//! it is. Both hold credentials of upstreams and who may do what, so only this installation opens them.

use crate::{
    authenticate::api_key::{Digest, Keys},
    mcp::seal::{Purpose, Sealer},
};
use ostia_domain::{
    clock::{self, Timestamp},
    principal::Principal,
    snapshot::Snapshot,
};
use ostia_proto::{convert::LeftOut, v1};
use prost::Message as _;
use std::{
    fs, io,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How soon after a change it is on disk.
const EVERY: Duration = Duration::from_secs(3);

/// What is kept.
#[derive(Clone, PartialEq, prost::Message)]
struct Kept {
    #[prost(message, optional, tag = "1")]
    snapshot: Option<v1::Snapshot>,
    #[prost(message, repeated, tag = "2")]
    keys: Vec<KeptKey>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct KeptKey {
    /// Under a key of this installation: worth nothing elsewhere.
    #[prost(bytes = "vec", tag = "1")]
    digest: Vec<u8>,
    #[prost(message, optional, tag = "2")]
    principal: Option<v1::Principal>,
}

pub struct LastGood {
    known: PathBuf,
    heard: PathBuf,
    sealer: Arc<Sealer>,
    /// The newest one.
    snapshot: Mutex<Option<Arc<Snapshot>>>,
}

/// What was found on disk.
pub(super) struct Found {
    pub(super) snapshot: Snapshot,
    pub(super) left_out: LeftOut,
    pub(super) keys: Vec<(Digest, Principal)>,
    pub(super) heard_at: Timestamp,
}

impl LastGood {
    /// In this folder, which exists.
    pub fn new(folder: &Path, sealer: Arc<Sealer>) -> Self {
        Self {
            known: folder.join("edge-snapshot"),
            heard: folder.join("edge-heard"),
            sealer,
            snapshot: Mutex::default(),
        }
    }

    pub(super) fn is_now(&self, snapshot: Arc<Snapshot>) {
        let mut newest = self.snapshot.lock().unwrap_or_else(PoisonError::into_inner);
        *newest = Some(snapshot);
    }

    /// What was written last, where there is something that can be read.
    pub(super) fn load(&self) -> Option<Found> {
        let known = self.read(&self.known)?;
        let heard_at = self.read(&self.heard)?;
        let heard_at = i64::from_be_bytes(heard_at.try_into().ok()?);
        let kept = Kept::decode(known.as_slice()).ok()?;
        let keys = kept.keys.into_iter().filter_map(|kept| {
            let digest = Digest::try_from(kept.digest).ok()?;
            Some((digest, Principal::try_from(kept.principal?).ok()?))
        });
        let (snapshot, left_out) = kept.snapshot?.read().ok()?;
        Some(Found {
            snapshot,
            left_out,
            keys: keys.collect(),
            heard_at: Timestamp::from_timestamp_micros(heard_at)?,
        })
    }

    /// Writes down what is new every few seconds, and once more at the end.
    pub(super) async fn keep(self: Arc<Self>, keys: Arc<Keys>, stop: CancellationToken) {
        let mut written = None;
        loop {
            let stopping = tokio::select! {
                () = tokio::time::sleep(EVERY) => false,
                () = stop.cancelled() => true,
            };
            let (this, keys) = (Arc::clone(&self), Arc::clone(&keys));
            // Thousands of keys and tools take a while that no call should wait for.
            let write = tokio::task::spawn_blocking(move || this.write(&keys, written));
            match write.await.map_err(io::Error::other).flatten() {
                Ok(version) => written = version,
                Err(error) => {
                    tracing::warn!(%error, "what this edge knows could not be written down");
                }
            }
            if stopping {
                return;
            }
        }
    }

    /// `written` is what of it is there already; gives what is there then.
    fn write(&self, keys: &Keys, written: Option<(u64, u64)>) -> io::Result<Option<(u64, u64)>> {
        let Some(heard) = keys.heard_at() else {
            return Ok(written);
        };
        let silence = clock::instant().duration_since(heard);
        metrics::gauge!("ostia_control_silence_seconds").set(silence.as_secs_f64());
        let snapshot = self
            .snapshot
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let Some(snapshot) = snapshot else {
            return Ok(written);
        };
        let version = Some((snapshot.revision, keys.version()));
        if written != version {
            let known = keys.verified().map(|(digest, principal)| KeptKey {
                digest: digest.to_vec(),
                principal: Some(Principal::clone(&principal).into()),
            });
            let kept = Kept {
                keys: known.collect(),
                // Control may be another one when it is read.
                snapshot: Some(v1::Snapshot::of(&snapshot, String::new())),
            };
            self.store(&self.known, &kept.encode_to_vec())?;
        }
        let heard_at = clock::now() - silence;
        self.store(&self.heard, &heard_at.timestamp_micros().to_be_bytes())?;
        Ok(version)
    }

    /// The file is there whole, or as it was before.
    fn store(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let sealed = self.sealer.seal(Purpose::LastGood, Uuid::nil(), content);
        let sealed = sealed.ok_or_else(|| io::Error::other("no randomness"))?;
        let partial = path.with_extension("partial");
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&partial)?;
        file.write_all(sealed.as_bytes())?;
        file.sync_all()?;
        fs::rename(&partial, path)
    }

    fn read(&self, path: &Path) -> Option<Vec<u8>> {
        let sealed = fs::read_to_string(path).ok()?;
        self.sealer.open(Purpose::LastGood, Uuid::nil(), &sealed)
    }
}

/// How long ago something was, as a moment of this process. `None` for what is yet to come: the clock was put back
/// since, and nobody can tell.
pub(super) fn instant_of(at: Timestamp) -> Option<Instant> {
    let ago = (clock::now() - at).to_std().ok()?;
    clock::instant().checked_sub(ago)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::principal;
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    use ostia_domain::key::Secret;
    use tokio::sync::watch;

    /// Whether the keys on disk are good, when control was heard of so many seconds before or after now.
    fn good(seconds_ago: i64) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let key = Secret::new(BASE64_STANDARD.encode([7; 32]));
        let sealer = Arc::new(Sealer::new(&[key]).unwrap());
        let kept = LastGood::new(folder.path(), sealer);
        let known = Kept {
            snapshot: Some(v1::Snapshot::default()),
            keys: vec![KeptKey {
                digest: Digest::default().to_vec(),
                principal: Some(principal().into()),
            }],
        };
        kept.store(&kept.known, &known.encode_to_vec()).unwrap();
        let heard_at = clock::now() - chrono::TimeDelta::seconds(seconds_ago);
        let heard_at = heard_at.timestamp_micros().to_be_bytes();
        kept.store(&kept.heard, &heard_at).unwrap();

        let found = kept.load().unwrap();
        let keys = Keys::new(&[0; 32], watch::channel(0).1, Duration::from_secs(60));
        keys.restore(found.keys, instant_of(found.heard_at));
        keys.verified().next().is_some()
    }

    #[test]
    fn what_was_heard_lately_is_good_after_a_start() {
        assert!(good(30));
        assert!(!good(90));
    }

    /// The clock was put back between two runs: how long ago that was nobody can tell.
    #[test]
    fn what_was_heard_in_the_future_was_not_heard() {
        assert!(!good(-30));
        assert!(!good(-7_200));
    }
}
