//! Points in time as people write them: `2026-11-21T10:00:00Z`, `2026-11-21`, or `24h` for so long ago.

use super::span;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use ostia_domain::clock::{self, Timestamp};

pub(crate) fn parse(text: &str) -> Result<Timestamp, String> {
    exact(text).or_else(|| ago(text)).ok_or_else(|| {
        "write a time as 2026-11-21T10:00:00Z, a day (UTC) as 2026-11-21, or how long ago as 24h"
            .to_owned()
    })
}

fn exact(text: &str) -> Option<Timestamp> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.with_timezone(&Utc));
    }
    let day: NaiveDate = text.parse().ok()?;
    Some(day.and_time(NaiveTime::MIN).and_utc())
}

fn ago(text: &str) -> Option<Timestamp> {
    // A bare number is a length elsewhere, but a year to whoever writes it here.
    if text.ends_with(|last: char| last.is_ascii_digit()) {
        return None;
    }
    let length = chrono::TimeDelta::from_std(span::parse(text).ok()?).ok()?;
    clock::now().checked_sub_signed(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        let noon = parse("2026-11-21T12:00:00Z").unwrap();
        assert_eq!(parse("2026-11-21T13:00:00+01:00").unwrap(), noon);
        let day = parse("2026-11-21").unwrap();
        assert_eq!(day, parse("2026-11-21T00:00:00Z").unwrap());
        let then = parse("24h").unwrap();
        assert_eq!((clock::now() - then).num_hours(), 24);
        for wrong in ["", "2026", "yesterday", "2026-13-01", "99999999999999999d"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
