//! Catalogues in memory: thousands of tools are not read again for every page that counts or shows some.

use crate::{
    error::Result,
    store::{
        self, Tx,
        catalogues::{Edition, StoredCatalogue},
    },
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;

/// Those that were read, as they were then. Which of them are still so the database is asked every time.
#[derive(Default)]
pub(crate) struct Catalogues(Mutex<ByUpstream>);

type ByUpstream = HashMap<Uuid, (Edition, Arc<StoredCatalogue>)>;

impl Catalogues {
    /// As this transaction sees them, by upstream.
    pub(super) async fn all(&self, read: &Tx) -> Result<HashMap<Uuid, Arc<StoredCatalogue>>> {
        let mut known = self.known().clone();
        let mut all = ByUpstream::new();
        for (id, edition) in store::catalogues::editions(read).await? {
            let same = known.remove(&id).filter(|(known, _)| *known == edition);
            let catalogue = match same {
                Some((_, catalogue)) => Some(catalogue),
                None => store::catalogues::find(read, id).await?.map(Arc::new),
            };
            all.extend(catalogue.map(|catalogue| (id, (edition, catalogue))));
        }
        self.known().clone_from(&all);
        let all = all.into_iter();
        Ok(all.map(|(id, (_, catalogue))| (id, catalogue)).collect())
    }

    fn known(&self) -> std::sync::MutexGuard<'_, ByUpstream> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
