//! Bundles of a manifest.

use super::{Action, Applying, Kind, NamedBundle, difference::between};
use crate::{
    app::bundles::check,
    error::Result,
    op::{Detail, Touched},
    store::{self, bundles::StoredBundle},
};
use ostia_domain::bundle::Bundle;
use serde_json::json;
use uuid::Uuid;

impl Applying<'_> {
    pub(super) async fn bundle(&mut self, wanted: NamedBundle) -> Result<()> {
        let NamedBundle { name, selection } = wanted;
        check(&selection)?;
        let now = self.changes.op().now;
        let after = json!(selection);
        let Some(stored) = store::bundles::find(self.changes.tx(), name.as_str()).await? else {
            let id = Uuid::now_v7();
            let bundle = Bundle {
                id,
                name: name.clone(),
                selection,
            };
            let stored = StoredBundle {
                bundle,
                created_at: now,
                updated_at: now,
            };
            store::bundles::insert(self.changes.tx(), &stored).await?;
            self.created(Kind::Bundles, id, name.as_str(), &after)
                .await?;
            let detail = Detail::made(after);
            self.changes
                .made("bundles.create", name.as_str(), detail, Touched::Snapshot);
            return Ok(());
        };
        let before = json!(stored.bundle.selection);
        if self.changed(Kind::Bundles, name.as_str(), between(&before, &after)) {
            let id = stored.bundle.id;
            store::bundles::set_selection(self.changes.tx(), id, &selection, now).await?;
            let detail = Detail::changed(before, after);
            self.changes
                .made("bundles.update", name.as_str(), detail, Touched::Snapshot);
        }
        Ok(())
    }

    pub(super) async fn remove_bundle(&mut self, bundle: Bundle) -> Result<()> {
        store::bundles::delete(self.changes.tx(), bundle.id).await?;
        let (name, before) = (bundle.name.as_str(), json!(bundle.selection));
        let fields = between(&before, &json!(null));
        self.object(Kind::Bundles, name, Action::Removed, fields);
        let detail = Detail::removed(before);
        self.changes
            .made("bundles.delete", name, detail, Touched::Snapshot);
        Ok(())
    }
}
