//! `/prices`: what calls cost, for reports. Nothing is refused for its price.

mod view;

use super::objects::{self, Object, One};
use crate::{
    Site,
    components::form::Posted,
    load::Failure,
    part::Part,
    saving::save,
    visitor::{Operator, Visitor},
};
use axum::Router;
use leptos::prelude::*;
use ostia_domain::price::Amount;
use ostia_proto::v1;
use tonic::Status;
use view::{Edit, List};

pub(crate) fn routes() -> Router<Site> {
    objects::routes::<v1::Price>()
}

impl Object for v1::Price {
    const LIST: &'static str = "/prices";
    const MADE: &'static str = "The price is set, for calls of before as well.";
    const CHANGED: &'static str = "The price is changed, for calls of before as well.";
    const DELETED: &'static str =
        "The price is removed. Of those that are left the most exact counts.";
    type Keeper = Operator;
    type Beside = ();

    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> &str {
        &self.tools
    }

    fn form(&self) -> Posted {
        let mut posted = Posted::default();
        let amount = Amount {
            micros: self.micros,
        };
        posted.push("amount", amount.to_string());
        posted.push("currency", &self.currency);
        posted
    }

    async fn all(visitor: &Visitor) -> Result<Vec<Self>, Status> {
        let mut prices = visitor.control.prices();
        let listed = prices.list_prices(v1::ListPricesRequest {}).await?;
        Ok(listed.into_inner().prices)
    }

    async fn find(visitor: &Visitor, price: String) -> Result<Self, Status> {
        let all = Self::all(visitor).await?;
        all.into_iter()
            .find(|found| found.id == price)
            .ok_or_else(|| Status::not_found("there is no such price"))
    }

    async fn beside(_: &Site, _: &Visitor) -> Result<(), Status> {
        Ok(())
    }

    async fn save(
        visitor: &Visitor,
        before: Option<&Self>,
        posted: &mut Posted,
    ) -> Result<Option<Self>, Failure> {
        let amount = match posted.get("amount").parse::<Amount>() {
            Ok(amount) => amount,
            Err(wrong) => {
                posted.refuse("amount", wrong.to_string());
                return Ok(None);
            }
        };
        let request = v1::SetPriceRequest {
            tools: before.map_or_else(
                || posted.get("tools").to_owned(),
                |price| price.tools.clone(),
            ),
            micros: amount.micros,
            currency: posted.get("currency").to_owned(),
        };
        let mut prices = visitor.control.prices();
        save(posted, async { prices.set_price(request).await }).await
    }

    async fn delete(&self, visitor: &Visitor) -> Result<(), Status> {
        let price = self.id.clone();
        let mut prices = visitor.control.prices();
        prices
            .delete_price(v1::DeletePriceRequest { price })
            .await?;
        Ok(())
    }

    fn list(part: Part<Self>, may_change: bool, done: Option<&'static str>) -> AnyView {
        view! { <List part=part may_change=may_change done=done/> }.into_any()
    }

    fn one(page: One<Self>) -> AnyView {
        view! { <Edit page=page/> }.into_any()
    }
}
