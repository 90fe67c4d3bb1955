//! Lengths of time as people write them: `90d`, `12h`, `30m`, `45s`, or whole seconds.

use std::time::Duration;

const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let (digits, seconds) = UNITS
        .iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(*unit)?, *seconds)))
        .unwrap_or((text, 1));
    digits
        .parse::<u64>()
        .ok()
        .and_then(|count| count.checked_mul(seconds))
        .map(Duration::from_secs)
        .ok_or_else(|| "write a number and d, h, m or s, as 90d or 12h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        assert_eq!(parse("90d").unwrap().as_secs(), 7_776_000);
        assert_eq!(parse("0s").unwrap().as_secs(), 0);
        assert_eq!(parse("15").unwrap().as_secs(), 15);
        for wrong in ["", "d", "-1h", "1.5h", "99999999999999999999d"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
