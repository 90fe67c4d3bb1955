//! What calls cost, as people read it.

use ostia_domain::price::Amount;
use ostia_proto::v1;
use std::collections::BTreeMap;

/// `0.002 EUR`.
pub(crate) fn money(micros: u64, currency: &str) -> String {
    format!("{} {currency}", Amount { micros })
}

/// Each currency by itself; empty where nothing has a price.
pub(crate) fn costs<'a>(costs: impl IntoIterator<Item = &'a v1::Cost>) -> String {
    let mut by_currency: BTreeMap<&str, u64> = BTreeMap::new();
    for cost in costs {
        let sum = by_currency.entry(&cost.currency).or_default();
        *sum = sum.saturating_add(cost.micros);
    }
    let said = by_currency
        .into_iter()
        .map(|(currency, micros)| money(micros, currency));
    said.collect::<Vec<_>>().join(" + ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_are_never_added_to_each_other() {
        let cost = |currency: &str, micros| v1::Cost {
            currency: currency.to_owned(),
            micros,
        };
        let all = [cost("USD", 2_000), cost("EUR", 1), cost("USD", 1_000_000)];
        assert_eq!(costs(&all), "0.000001 EUR + 1.002 USD");
        assert_eq!(costs(&[]), "");
    }
}
