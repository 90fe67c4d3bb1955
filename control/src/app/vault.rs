//! Master keys: which of them sealed what, and the change from one to another.

use super::App;
use crate::{
    error::Result,
    op::{Change, Detail, Op, Touched},
    store::{
        self,
        audit::arguments::{self, Form},
        vault::SealedValue,
    },
    vault::{self, CannotOpen, KEY_ID_LEN, KeyId},
};
use ostia_domain::key::Secret;
use uuid::Uuid;

/// Values that are sealed anew in one transaction: nobody waits long for one to end.
const BATCH: u64 = 100;
/// The same of arguments, of which there can be many.
const ARGUMENTS_BATCH: u64 = 1_000;

/// What a master key is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Seals,
    Opens,
    /// It sealed something, and this control has not got it.
    Missing,
}

pub(crate) struct MasterKeyView {
    pub(crate) id: KeyId,
    pub(crate) used: Use,
    pub(crate) values: u64,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rotated {
    pub(crate) resealed: u64,
    pub(crate) unopened: u64,
}

impl Rotated {
    fn add(&mut self, more: Self) {
        self.resealed += more.resealed;
        self.unopened += more.unopened;
    }

    fn detail(self) -> Detail {
        Detail::done()
            .with("resealed", self.resealed)
            .with("unopened", self.unopened)
    }
}

async fn commit(change: Change<'_>, key: KeyId, detail: Detail) -> Result<()> {
    let key = key.to_string();
    change.commit(&key, detail, Touched::Nothing).await?;
    Ok(())
}

impl App {
    /// The key that seals, those that open, those that are missing.
    pub(crate) async fn vault_status(&self) -> Result<Vec<MasterKeyView>> {
        let mut counted = store::vault::count_by_key_id(self.store.db(), KEY_ID_LEN).await?;
        let mut keys: Vec<MasterKeyView> = Vec::new();
        for id in self.vault.key_ids() {
            let used = match keys.first() {
                None => Use::Seals,
                Some(_) => Use::Opens,
            };
            let values = counted.remove(&id.0[..]).unwrap_or_default();
            if !keys.iter().any(|key| key.id == id) {
                keys.push(MasterKeyView { id, used, values });
            }
        }
        let missing = counted.into_iter().filter_map(|(id, values)| {
            let id = KeyId(id.try_into().ok()?);
            let used = Use::Missing;
            Some(MasterKeyView { id, used, values })
        });
        keys.extend(missing);
        Ok(keys)
    }

    /// Seals with the first key what another one sealed, and arguments that a version before did not seal. Edges
    /// get what they had before, so nothing is pushed.
    pub(crate) async fn rotate_vault(&self, op: &Op) -> Result<(KeyId, Rotated)> {
        let key = self.vault.sealing_key_id();
        let mut all = self.rotate_credentials(op, key).await?;
        all.add(self.rotate_arguments(op, key).await?);
        Ok((key, all))
    }

    async fn rotate_credentials(&self, op: &Op, key: KeyId) -> Result<Rotated> {
        let mut all = Rotated::default();
        let mut last = None;
        loop {
            let change = self.change(op, "vault.rotate").await?;
            let batch =
                store::vault::of_other_keys(change.tx(), &key.0, last.as_ref(), BATCH).await?;
            // One event tells that there was nothing to do.
            if batch.is_empty() && last.is_some() {
                return Ok(all);
            }
            let found = batch.len();
            let done = self.reseal(&change, &batch).await?;
            commit(change, key, done.detail()).await?;
            all.add(done);
            last = batch.into_iter().next_back();
            if (found as u64) < BATCH {
                return Ok(all);
            }
        }
    }

    async fn rotate_arguments(&self, op: &Op, key: KeyId) -> Result<Rotated> {
        let mut all = Rotated::default();
        let mut last = None;
        loop {
            let change = self.change(op, "vault.rotate").await?;
            let batch =
                arguments::of_other_keys(change.tx(), &key.0, last, ARGUMENTS_BATCH).await?;
            let Some((event, _)) = batch.last() else {
                return Ok(all);
            };
            last = Some(*event);
            let mut done = Rotated::default();
            for (event, form) in batch {
                let Ok(json) = self.opened(event, form) else {
                    done.unopened += 1;
                    continue;
                };
                let sealed = self.vault.seal_arguments(event, json.expose())?;
                let replaced = arguments::replace(change.tx(), event, sealed).await?;
                done.resealed += u64::from(replaced);
            }
            commit(change, key, done.detail().with("of", "arguments")).await?;
            all.add(done);
        }
    }

    /// Arguments that were kept, of an event.
    pub(super) fn opened(&self, event: Uuid, form: Form) -> Result<Secret, CannotOpen> {
        match form {
            Form::Sealed(sealed) => self.vault.open_arguments(event, &sealed),
            Form::Plain(json) => Ok(Secret::new(json)),
        }
    }

    async fn reseal(&self, change: &Change<'_>, batch: &[SealedValue]) -> Result<Rotated> {
        let mut done = Rotated::default();
        for values in batch.chunk_by(|one, next| one.upstream_id == next.upstream_id) {
            let id = values[0].upstream_id;
            // One that went meanwhile took its values with it.
            let Some(transport) = store::upstreams::transport(change.tx(), id).await? else {
                continue;
            };
            for value in values {
                let slot = vault::slot(&transport, &value.name);
                let Ok(secret) = self.vault.open(id, &slot, &value.sealed) else {
                    tracing::error!(
                        upstream = %id, name = value.name,
                        "a sealed value can be opened with none of the master keys"
                    );
                    done.unopened += 1;
                    continue;
                };
                let sealed = self.vault.seal(id, &slot, &secret)?;
                let replaced = store::vault::replace(change.tx(), value, sealed).await?;
                done.resealed += u64::from(replaced);
            }
        }
        Ok(done)
    }
}
