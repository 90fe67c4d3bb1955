//! What a call costs.

use crate::glob::Glob;
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// A price of the calls of some tools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    pub id: Uuid,
    /// Over `<upstream>.<tool>`.
    pub tools: Glob,
    /// Of one call, in millionths of the currency.
    pub micros: u64,
    pub currency: Currency,
}

/// A currency by its three letters (ISO 4217), as `EUR`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a currency is three letters, as EUR")]
pub struct NotACurrency;

impl Currency {
    pub fn new(text: &str) -> Result<Self, NotACurrency> {
        let letters: [u8; 3] = text.as_bytes().try_into().map_err(|_| NotACurrency)?;
        if letters.iter().all(u8::is_ascii_uppercase) {
            Ok(Self(letters))
        } else {
            Err(NotACurrency)
        }
    }

    pub fn as_str(&self) -> &str {
        // Only letters come in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// So much of a currency, in millionths: written as people write it, without a detour over numbers that cannot
/// hold 0.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    pub micros: u64,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NotAnAmount {
    #[error("write an amount with at most six places, as 0.002")]
    Malformed,
    #[error("is more than a million")]
    TooLarge,
}

impl Amount {
    /// Of one call.
    pub const MAX: Self = Self {
        micros: 1_000_000_000_000,
    };
}

impl FromStr for Amount {
    type Err = NotAnAmount;

    fn from_str(text: &str) -> Result<Self, NotAnAmount> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(part) || part.len() > 6 {
            return Err(NotAnAmount::Malformed);
        }
        let whole: u64 = whole.parse().map_err(|_| NotAnAmount::TooLarge)?;
        let part: u64 = format!("{part:0<6}")
            .parse()
            .map_err(|_| NotAnAmount::TooLarge)?;
        let micros = whole.checked_mul(1_000_000);
        let micros = micros.and_then(|whole| whole.checked_add(part));
        micros
            .filter(|micros| *micros <= Self::MAX.micros)
            .map(|micros| Self { micros })
            .ok_or(NotAnAmount::TooLarge)
    }
}

/// `2000` millionths are `0.002`.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.micros / 1_000_000, self.micros % 1_000_000);
        write!(f, "{whole}")?;
        match format!("{part:06}").trim_end_matches('0') {
            "" => Ok(()),
            part => write!(f, ".{part}"),
        }
    }
}

/// The prices that there are. The most specific one counts: the one with the most characters that stand
/// for themselves, and of those the first in the alphabet.
#[derive(Debug, Default)]
pub struct Prices(Vec<Price>);

impl Prices {
    pub fn new(mut prices: Vec<Price>) -> Self {
        prices.sort_by(|a, b| {
            let (a, b) = (a.tools.as_str(), b.tools.as_str());
            literal(b).cmp(&literal(a)).then_with(|| a.cmp(b))
        });
        Self(prices)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Of a call of `<upstream>.<tool>`.
    pub fn of(&self, tool: &str) -> Option<&Price> {
        self.0.iter().find(|price| price.tools.matches(tool))
    }
}

fn literal(pattern: &str) -> usize {
    pattern.chars().filter(|c| !matches!(c, '*' | '?')).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(tools: &str, micros: u64) -> Price {
        Price {
            id: Uuid::nil(),
            tools: Glob::new(tools).unwrap(),
            micros,
            currency: Currency::new("EUR").unwrap(),
        }
    }

    #[test]
    fn the_most_specific_price_counts() {
        let prices = Prices::new(vec![
            price("*", 1),
            price("github.*", 2),
            price("github.search_*", 3),
            price("github.search_code", 4),
            price("g?thub.*", 5),
        ]);
        let of = |tool| prices.of(tool).unwrap().micros;
        assert_eq!(of("other.search"), 1);
        assert_eq!(of("github.delete"), 2);
        assert_eq!(of("github.search_users"), 3);
        assert_eq!(of("github.search_code"), 4);
        assert_eq!(of("gathub.search_code"), 5);
        assert_eq!(Prices::default().of("github.search"), None);
    }

    #[test]
    fn amounts_are_read_as_they_are_written() {
        for (text, micros) in [
            ("0.002", 2_000),
            ("1", 1_000_000),
            ("12.5", 12_500_000),
            ("0", 0),
        ] {
            assert_eq!(text.parse(), Ok(Amount { micros }));
            assert_eq!(Amount { micros }.to_string(), text);
        }
        for wrong in [
            "",
            ".5",
            "1.",
            "-1",
            "1e3",
            "0.0000001",
            "1000000.000001",
            "99999999999999999999",
        ] {
            assert!(wrong.parse::<Amount>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_currency_is_three_letters() {
        assert_eq!(Currency::new("EUR").unwrap().as_str(), "EUR");
        for wrong in ["eur", "EU", "EURO", "E1R", "€"] {
            assert_eq!(Currency::new(wrong), Err(NotACurrency), "{wrong}");
        }
    }
}
