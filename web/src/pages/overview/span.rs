//! The time that is looked at.

use crate::pages::usage::Course;
use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use ostia_proto::v1;

/// Calls are counted by the hour, so it begins with one, or with a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    Hour,
    Day,
    Month,
}

impl Span {
    pub(crate) const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Month];

    pub(crate) fn parse(text: &str) -> Self {
        let known = Self::ALL.into_iter().find(|span| span.name() == text);
        known.unwrap_or(Self::Day)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Month => "30d",
        }
    }

    pub(crate) fn said(self) -> &'static str {
        match self {
            Self::Hour => "1 hour",
            Self::Day => "24 hours",
            Self::Month => "30 days",
        }
    }

    /// At least so long ago for an hour; with the hour or day that is not over for the others, as their
    /// charts have it.
    pub(crate) fn from(self, now: DateTime<Utc>) -> DateTime<Utc> {
        let (bucket, before) = match self {
            Self::Hour => (TimeDelta::hours(1), TimeDelta::hours(1)),
            Self::Day => (TimeDelta::hours(1), TimeDelta::hours(23)),
            Self::Month => (TimeDelta::days(1), TimeDelta::days(29)),
        };
        now.duration_trunc(bucket).unwrap_or(now) - before
    }

    /// What the chart is of: an hour alone would be a bar or two.
    pub(crate) fn charted(self) -> Self {
        match self {
            Self::Hour | Self::Day => Self::Day,
            Self::Month => Self::Month,
        }
    }

    pub(crate) fn bucket(self) -> v1::Bucket {
        match self {
            Self::Hour | Self::Day => v1::Bucket::Hour,
            Self::Month => v1::Bucket::Day,
        }
    }

    pub(crate) fn course(self, now: DateTime<Utc>) -> Course {
        match self {
            Self::Hour | Self::Day => Course::hours(now, 24),
            Self::Month => Course::days(now, 30),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_begin_with_an_hour_or_a_day() {
        let now = "2026-11-21T10:20:30Z".parse().unwrap();
        for (span, from) in [
            (Span::Hour, "2026-11-21T09:00:00Z"),
            (Span::Day, "2026-11-20T11:00:00Z"),
            (Span::Month, "2026-10-23T00:00:00Z"),
        ] {
            assert_eq!(span.from(now), from.parse::<DateTime<Utc>>().unwrap());
            assert_eq!(Span::parse(span.name()), span);
        }
        assert_eq!(Span::parse("a year"), Span::Day);
    }
}
