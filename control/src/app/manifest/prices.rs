//! Prices of a manifest.

use super::{Action, Applying, Kind, NamedPrice, difference::between};
use crate::{
    app::prices::{check, detail},
    error::Result,
    op::{Detail, Touched},
    store::{self, prices::StoredPrice},
};
use ostia_domain::price::Price;
use serde_json::json;
use uuid::Uuid;

impl Applying<'_> {
    pub(super) async fn price(&mut self, wanted: NamedPrice) -> Result<()> {
        let NamedPrice {
            tools,
            micros,
            currency,
        } = wanted;
        check(micros)?;
        let now = self.changes.op().now;
        let found = store::prices::find(self.changes.tx(), tools.as_str()).await?;
        let id = found.as_ref().map_or_else(Uuid::now_v7, |old| old.price.id);
        let stored = StoredPrice {
            price: Price {
                id,
                tools,
                micros,
                currency,
            },
            created_at: found.as_ref().map_or(now, |old| old.created_at),
            updated_at: now,
        };
        let (name, after) = (stored.price.tools.as_str(), detail(&stored.price));
        let change = if let Some(old) = found {
            let before = detail(&old.price);
            if !self.changed(Kind::Prices, name, between(&before, &after)) {
                return Ok(());
            }
            store::prices::update(self.changes.tx(), &stored).await?;
            Detail::changed(before, after)
        } else {
            store::prices::insert(self.changes.tx(), &stored).await?;
            self.created(Kind::Prices, id, name, &after).await?;
            Detail::made(after)
        };
        self.changes
            .made("prices.set", name, change, Touched::Nothing);
        Ok(())
    }

    pub(super) async fn remove_price(&mut self, price: Price) -> Result<()> {
        store::prices::delete(self.changes.tx(), price.id).await?;
        let (name, before) = (price.tools.as_str(), detail(&price));
        let fields = between(&before, &json!(null));
        self.object(Kind::Prices, name, Action::Removed, fields);
        let detail = Detail::removed(before);
        self.changes
            .made("prices.delete", name, detail, Touched::Nothing);
        Ok(())
    }
}
