//! Numbers as people read them.

/// `1234567` as `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `one`, or the number and its plural.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// From microseconds.
pub(crate) fn duration(micros: u64) -> String {
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..10_000 => format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        10_000..1_000_000 => format!("{} ms", micros / 1_000),
        1_000_000..60_000_000 => {
            let tenths = micros / 100_000;
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
        _ => format!("{} min", micros / 60_000_000),
    }
}

pub(crate) fn bytes(number: u64) -> String {
    let scaled = |unit: u64, name: &str| {
        let tenths = number.saturating_mul(10) / unit;
        format!("{}.{} {name}", count(tenths / 10), tenths % 10)
    };
    match number {
        0..1_024 => format!("{number} B"),
        1_024..1_048_576 => scaled(1_024, "KiB"),
        _ => scaled(1_048_576, "MiB"),
    }
}

/// Part of a whole, as a whole number; at least 1 where there is any part.
pub(crate) fn percent(part: u64, whole: u64) -> u64 {
    if part == 0 || whole == 0 {
        return 0;
    }
    (part.saturating_mul(100) / whole).clamp(1, 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000), "1,000");
        assert_eq!(count(12_345_678), "12,345,678");
        assert_eq!(counted(1, "call", "calls"), "1 call");
    }

    #[test]
    fn durations_have_two_or_three_digits() {
        assert_eq!(duration(870), "870 µs");
        assert_eq!(duration(1_250), "1.2 ms");
        assert_eq!(duration(84_000), "84 ms");
        assert_eq!(duration(2_340_000), "2.3 s");
        assert_eq!(duration(180_000_000), "3 min");
    }

    #[test]
    fn a_part_is_never_shown_as_none() {
        assert_eq!(percent(1, 100_000), 1);
        assert_eq!(percent(0, 10), 0);
        assert_eq!(percent(20, 10), 100);
    }
}
