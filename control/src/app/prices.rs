//! Prices.

use super::{App, naming};
use crate::{
    error::{Error, Result},
    op::{Detail, Op, Touched, tag},
    store::{self, prices::StoredPrice},
};
use ostia_domain::{
    glob::Glob,
    price::{Amount, Currency, Price},
};
use serde_json::{Value, json};
use uuid::Uuid;

impl App {
    pub(crate) async fn list_prices(&self) -> Result<Vec<StoredPrice>> {
        Ok(store::prices::list(self.store.db()).await?)
    }

    pub(crate) async fn price(&self, reference: &str) -> Result<StoredPrice> {
        store::prices::find(self.store.db(), reference)
            .await?
            .ok_or_else(|| Error::not_found("price", reference))
    }

    /// Makes a price, or changes the one of the same tools.
    pub(crate) async fn set_price(
        &self,
        op: &Op,
        tools: Glob,
        micros: u64,
        currency: Currency,
    ) -> Result<StoredPrice> {
        check(micros)?;
        let change = self.change(op, "prices.set").await?;
        let before = store::prices::find(change.tx(), tools.as_str()).await?;
        let stored = StoredPrice {
            price: Price {
                id: before
                    .as_ref()
                    .map_or_else(Uuid::now_v7, |found| found.price.id),
                tools,
                micros,
                currency,
            },
            created_at: before.as_ref().map_or(op.now, |found| found.created_at),
            updated_at: op.now,
        };
        let tools = stored.price.tools.as_str();
        match &before {
            Some(_) => store::prices::update(change.tx(), &stored).await?,
            None => store::prices::insert(change.tx(), &stored)
                .await
                .map_err(naming::taken("price", tools))?,
        }
        let after = detail(&stored.price);
        let Some(found) = before else {
            let made = Detail::made(after);
            change.commit(tools, made, Touched::Nothing).await?;
            return Ok(stored);
        };
        let states = (detail(&found.price), after);
        let made = change.commit_other(tools, states, Touched::Nothing).await?;
        Ok(if made { stored } else { found })
    }

    pub(crate) async fn delete_price(&self, op: &Op, reference: &str) -> Result<()> {
        let change = self.change(op, "prices.delete").await?;
        let price = store::prices::find(change.tx(), reference)
            .await?
            .ok_or_else(|| Error::not_found("price", reference))?
            .price;
        store::prices::delete(change.tx(), price.id).await?;
        let detail = Detail::removed(detail(&price));
        change
            .commit(price.tools.as_str(), detail, Touched::Nothing)
            .await
    }
}

pub(super) fn check(micros: u64) -> Result<()> {
    if micros > Amount::MAX.micros {
        let problem = format!("is more than {}", Amount::MAX.micros);
        return Err(Error::invalid("micros", problem));
    }
    Ok(())
}

/// See [`tag`].
pub(crate) fn etag(price: &Price) -> String {
    tag(&detail(price))
}

pub(super) fn detail(price: &Price) -> Value {
    json!({ "micros": price.micros, "currency": price.currency.as_str() })
}
