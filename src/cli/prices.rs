//! `ostia prices`: what calls cost, for reports.

use super::{confirm::Confirmation, table::Table};
use crate::{failure::Failure, output::Output};
use clap::Subcommand;
use ostia_proto::{ControlClient, v1};
use serde::Serialize;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List all prices
    List,
    /// Make a price, or change the one of the same tools
    Set {
        /// Pattern over <upstream>.<tool>, as 'github.*'; of several that match, the most specific counts
        tools: String,
        /// Of one call, with at most six places: 0.002
        #[arg(value_parser = micros)]
        price: u64,
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
        Command::Set {
            tools,
            price,
            currency,
        } => {
            let request = v1::SetPriceRequest {
                tools,
                micros: price,
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

/// `2000` of `EUR` is `0.002 EUR`.
pub(crate) fn money(micros: u64, currency: &str) -> String {
    let (whole, part) = (micros / 1_000_000, micros % 1_000_000);
    let part = format!("{part:06}");
    match part.trim_end_matches('0') {
        "" => format!("{whole} {currency}"),
        part => format!("{whole}.{part} {currency}"),
    }
}

/// An amount as people write it, without a detour over numbers that cannot hold 0.1.
fn micros(text: &str) -> Result<u64, String> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 6 {
        return Err("write an amount with at most six places, as 0.002".to_owned());
    }
    let too_large = |_| "is too large".to_owned();
    let whole: u64 = whole.parse().map_err(too_large)?;
    let part: u64 = format!("{part:0<6}").parse().map_err(too_large)?;
    whole
        .checked_mul(1_000_000)
        .and_then(|whole| whole.checked_add(part))
        .ok_or_else(|| "is too large".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_they_are_written() {
        for (text, value) in [
            ("0.002", 2_000),
            ("1", 1_000_000),
            ("12.5", 12_500_000),
            ("0", 0),
        ] {
            assert_eq!(micros(text), Ok(value));
            assert_eq!(money(value, "EUR"), format!("{text} EUR"));
        }
        for wrong in [
            "",
            ".5",
            "1.",
            "-1",
            "1e3",
            "0.0000001",
            "99999999999999999999",
        ] {
            assert!(micros(wrong).is_err(), "{wrong}");
        }
    }
}
