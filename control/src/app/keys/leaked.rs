//! Keys that somebody found where they should not be.

use super::{changed, label};
use crate::{
    app::{App, authenticate::ended},
    error::{Error, Result},
    op::Op,
    store::{self, keys::StoredKey},
};
use ostia_domain::key::Presented;
use uuid::Uuid;

impl App {
    /// Revokes the key, and says how people know it. Having the whole key, with a secret that has not ended, is the
    /// proof: the key that was rotated because an old one leaked is not theirs to end. They hear the same.
    pub(crate) async fn report_leaked_key(&self, op: &Op, text: &str) -> Result<String> {
        // What was presented may be half a secret, so it is not repeated.
        let unknown = || Error::not_found("key", "…");
        let presented = Presented::parse(text.trim()).map_err(|_| unknown())?;
        let key = store::keys::by_public_id(self.store.db(), &presented.public_id()).await?;
        let key = key
            .filter(|key| key.mode == presented.mode)
            .ok_or_else(unknown)?;
        let secret = self.matching_secret(op, &key, presented.secret()).await?;
        let secret = secret.ok_or_else(unknown)?.id;
        if ends_nothing(op, &key, secret) {
            return Ok(label(&key));
        }
        let change = self.change(op, "keys.leaked").await?;
        // Read again: somebody may have rotated it, or said the same, while the secret was compared.
        let key = store::keys::by_public_id(change.tx(), &key.public_id).await?;
        let key = key.ok_or_else(unknown)?;
        if ends_nothing(op, &key, secret) {
            return Ok(label(&key));
        }
        store::keys::revoke(change.tx(), key.id, op.now).await?;
        let revoked = changed(change, op, key).await?;
        Ok(label(&revoked.key))
    }
}

/// A key that is off, or past its end, can be made to work again with the same secret; one that is revoked cannot,
/// nor can a secret that ended.
fn ends_nothing(op: &Op, key: &StoredKey, secret: Uuid) -> bool {
    let mut secrets = key.secrets.iter();
    let works = secrets.any(|found| found.id == secret && !ended(found, op.now));
    key.revoked_at.is_some() || !works
}
