//! `ostia prices`: what calls cost, for reports.

use super::{confirm::Confirmation, table::Table};
use crate::{failure::Failure, output::Output};
use clap::Subcommand;
use ostia_domain::price::Amount;
use ostia_proto::{ControlClient, v1};
use serde::Serialize;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List all prices
    List,
    /// Show one price
    Show {
        /// Its tools or id
        price: String,
    },
    /// Make a price, or change the one of the same tools
    Set {
        /// Pattern over <upstream>.<tool>, as 'github.*'; of several that match, the most specific counts
        tools: String,
        /// Of one call, with at most six places: 0.002
        price: Amount,
        /// Three letters, as EUR
        currency: String,
    },
    /// Remove a price
    Delete {
        /// Its tools or id
        price: String,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

#[derive(Serialize)]
struct Price {
    id: String,
    tools: String,
    micros: u64,
    currency: String,
}

pub(crate) async fn run(
    command: Command,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let mut client = control.prices();
    match command {
        Command::List => {
            let answer = client.list_prices(v1::ListPricesRequest {}).await?;
            let prices = answer.into_inner().prices;
            let prices: Vec<Price> = prices.into_iter().map(Price::from).collect();
            output.result(&prices, |prices| table(prices))
        }
        Command::Show { price } => {
            let request = v1::GetPriceRequest { price };
            let price = Price::from(client.get_price(request).await?.into_inner());
            output.result(&price, |price| table(std::slice::from_ref(price)))
        }
        Command::Set {
            tools,
            price,
            currency,
        } => {
            let request = v1::SetPriceRequest {
                tools,
                micros: price.micros,
                currency,
            };
            let price = Price::from(client.set_price(request).await?.into_inner());
            output.result(&price, |price| table(std::slice::from_ref(price)))
        }
        Command::Delete {
            price,
            confirmation,
        } => {
            confirmation.demand(&format!("Delete the price of {price:?}?"))?;
            let request = v1::DeletePriceRequest {
                price: price.clone(),
            };
            client.delete_price(request).await?;
            let deleted = serde_json::json!({ "deleted": price });
            output.result(&deleted, |_| format!("deleted {price}"))
        }
    }
}

impl From<v1::Price> for Price {
    fn from(price: v1::Price) -> Self {
        Self {
            id: price.id,
            tools: price.tools,
            micros: price.micros,
            currency: price.currency,
        }
    }
}

fn table(prices: &[Price]) -> String {
    let rows = prices
        .iter()
        .map(|price| [price.tools.clone(), money(price.micros, &price.currency)]);
    Table::new(
        ["TOOLS", "PER CALL"],
        "no prices; make one with `ostia prices set`",
    )
    .rows(rows)
    .text()
}

pub(crate) fn money(micros: u64, currency: &str) -> String {
    format!("{} {currency}", Amount { micros })
}
