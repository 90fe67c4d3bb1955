//! Which resources of an upstream somebody watches.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::watch;

/// By the upstream's own URI, how many watch.
pub struct Watched {
    counts: Mutex<BTreeMap<String, usize>>,
    uris: watch::Sender<BTreeSet<String>>,
}

impl Default for Watched {
    fn default() -> Self {
        Self {
            counts: Mutex::default(),
            uris: watch::Sender::new(BTreeSet::new()),
        }
    }
}

/// One who watches; dropping it ends that.
pub struct Watching {
    watched: Arc<Watched>,
    uri: String,
}

impl Watched {
    pub fn watch(self: &Arc<Self>, uri: &str) -> Watching {
        self.count(uri, |count| count + 1);
        Watching {
            watched: Arc::clone(self),
            uri: uri.to_owned(),
        }
    }

    pub fn uris(&self) -> BTreeSet<String> {
        self.uris.borrow().clone()
    }

    /// Resolves when others than these are watched.
    pub async fn changed(&self, known: &BTreeSet<String>) {
        // The sender lives as long as this does.
        let _ = self.uris.subscribe().wait_for(|uris| uris != known).await;
    }

    /// Resolves when there is something to listen to: at once with `anyway`.
    pub async fn wanted(&self, anyway: bool) {
        if !anyway {
            let _ = self
                .uris
                .subscribe()
                .wait_for(|uris| !uris.is_empty())
                .await;
        }
    }

    fn count(&self, uri: &str, change: impl FnOnce(usize) -> usize) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let before = counts.remove(uri).unwrap_or(0);
        let after = change(before);
        if after > 0 {
            counts.insert(uri.to_owned(), after);
        }
        if (before == 0) != (after == 0) {
            self.uris.send_replace(counts.keys().cloned().collect());
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.watched
            .count(&self.uri, |count| count.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_last_who_goes_ends_the_watch() {
        let watched = Arc::new(Watched::default());
        let (first, second) = (watched.watch("a:b"), watched.watch("a:b"));
        let known = watched.uris();
        assert_eq!(known, ["a:b".to_owned()].into());
        drop(first);
        assert_eq!(watched.uris(), known);
        drop(second);
        watched.changed(&known).await;
        assert!(watched.uris().is_empty());
    }
}
