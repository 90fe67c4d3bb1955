//! What quotas are counted over.

use crate::clock::Timestamp;
use chrono::{Datelike as _, Days, Months, NaiveDate, TimeDelta};

/// Of the calendar, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Period {
    Day,
    Month,
}

/// One day or month: this day, this month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Current {
    /// As 20261121 or 202611: no day has the number of a month.
    pub number: u32,
    pub starts_at: Timestamp,
    /// When the next one starts.
    pub ends_at: Timestamp,
}

impl Period {
    /// The longest first: when both are used up, its end is the one to wait for.
    pub const ALL: [Self; 2] = [Self::Month, Self::Day];

    /// In texts and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// The one that a moment is in.
    pub fn at(self, moment: Timestamp) -> Current {
        let day = moment.date_naive();
        let of_month = day.year().unsigned_abs() * 100 + day.month();
        let (number, first, next) = match self {
            Self::Day => (
                of_month * 100 + day.day(),
                day,
                day.checked_add_days(Days::new(1)),
            ),
            Self::Month => {
                let first = day.with_day(1).unwrap_or(day);
                (of_month, first, first.checked_add_months(Months::new(1)))
            }
        };
        Current {
            number,
            starts_at: midnight(first),
            ends_at: midnight(next.unwrap_or(NaiveDate::MAX)),
        }
    }

    /// The one before it.
    pub fn before(self, moment: Timestamp) -> Current {
        let last = self.at(moment).starts_at - TimeDelta::nanoseconds(1);
        self.at(last)
    }
}

fn midnight(day: NaiveDate) -> Timestamp {
    day.and_hms_opt(0, 0, 0).unwrap_or_default().and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_period_ends_where_the_next_begins() {
        let current = |period: Period, at: &str| {
            let current = period.at(at.parse().unwrap());
            let ends = current.ends_at.format("%Y-%m-%d %H:%M:%S");
            (current.number, ends.to_string())
        };
        for (period, at, number, ends) in [
            (
                Period::Month,
                "2026-11-30T23:59:59Z",
                202_611,
                "2026-12-01 00:00:00",
            ),
            (
                Period::Month,
                "2026-12-01T00:00:00Z",
                202_612,
                "2027-01-01 00:00:00",
            ),
            (
                Period::Day,
                "2026-11-21T23:59:59Z",
                20_261_121,
                "2026-11-22 00:00:00",
            ),
            (
                Period::Day,
                "2026-11-22T00:00:00Z",
                20_261_122,
                "2026-11-23 00:00:00",
            ),
            (
                Period::Day,
                "2028-02-29T12:00:00Z",
                20_280_229,
                "2028-03-01 00:00:00",
            ),
        ] {
            assert_eq!(current(period, at), (number, ends.to_owned()), "{at}");
        }
    }

    fn moment() -> impl Strategy<Value = Timestamp> {
        // From 2000 to 2100.
        let seconds = 946_684_800i64..4_102_444_800;
        seconds.prop_map(|at| Timestamp::from_timestamp(at, 0).unwrap())
    }

    proptest! {
        /// Every moment is in one day and one month, they follow one another without a gap, and no number is of two.
        #[test]
        fn periods_follow_one_another(at in moment(), later in moment()) {
            for period in Period::ALL {
                let current = period.at(at);
                prop_assert!(current.starts_at <= at && at < current.ends_at);
                prop_assert_eq!(period.at(current.ends_at).starts_at, current.ends_at);
                prop_assert_eq!(period.before(current.ends_at), current);
                prop_assert_eq!(period.at(current.starts_at), current);
                let same = period.at(later) == current;
                prop_assert_eq!(period.at(later).number == current.number, same);
            }
            prop_assert_ne!(Period::Day.at(at).number, Period::Month.at(later).number);
        }
    }
}
