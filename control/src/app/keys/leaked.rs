//! Keys that somebody found where they should not be.

use super::{changed, label};
use crate::{
    app::App,
    error::{Error, Result},
    op::Op,
    store,
};
use ostia_domain::key::Presented;

impl App {
    /// Revokes the key, and says how people know it. Having the whole key is the proof.
    pub(crate) async fn report_leaked_key(&self, op: &Op, text: &str) -> Result<String> {
        // What was presented may be half a secret, so it is not repeated.
        let unknown = || Error::not_found("key", "…");
        let presented = Presented::parse(text.trim()).map_err(|_| unknown())?;
        let key = store::keys::by_public_id(self.store.db(), &presented.public_id()).await?;
        let key = key
            .filter(|key| key.mode == presented.mode)
            .ok_or_else(unknown)?;
        self.matching_secret(op, &key, presented.secret())
            .await?
            .ok_or_else(unknown)?;
        let change = self.change(op, "keys.leaked").await?;
        store::keys::revoke(change.tx(), key.id, op.now).await?;
        let revoked = changed(change, op, key).await?;
        Ok(label(&revoked.key))
    }
}
