//! Sums by time, put where they belong, with nothing where nothing was.

use crate::components::{
    chart::Bar,
    time::{instant, timestamp},
};
use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use ostia_proto::v1;

/// Buckets of the same length, oldest first.
pub(crate) struct Course {
    bucket: TimeDelta,
    first: DateTime<Utc>,
    bars: Vec<Bar>,
}

impl Course {
    pub(crate) fn days(now: DateTime<Utc>, days: i64) -> Self {
        Self::new(now, TimeDelta::days(1), days, "%-d %b")
    }

    pub(crate) fn hours(now: DateTime<Utc>, hours: i64) -> Self {
        Self::new(now, TimeDelta::hours(1), hours, "%H:00")
    }

    fn new(now: DateTime<Utc>, bucket: TimeDelta, buckets: i64, format: &str) -> Self {
        let last = now.duration_trunc(bucket).unwrap_or(now);
        let start = |at: i64| last - bucket * i32::try_from(buckets - 1 - at).unwrap_or(0);
        let bars = (0..buckets).map(|at| Bar {
            label: start(at).format(format).to_string(),
            calls: 0,
            errors: 0,
        });
        Self {
            bucket,
            first: start(0),
            bars: bars.collect(),
        }
    }

    /// Adds sums; what lies outside is not shown.
    pub(crate) fn of<'a>(mut self, rows: impl Iterator<Item = &'a v1::UsageSummary>) -> Self {
        for row in rows {
            let Some(start) = instant(row.start) else {
                continue;
            };
            let at = (start - self.first).num_seconds() / self.bucket.num_seconds().max(1);
            let at = usize::try_from(at).ok().filter(|_| start >= self.first);
            if let Some(bar) = at.and_then(|at| self.bars.get_mut(at)) {
                bar.calls += row.calls;
                bar.errors += row.errors;
            }
        }
        self
    }

    pub(crate) fn bars(self) -> Vec<Bar> {
        self.bars
    }
}

/// So many days ago and the whole of that day, as requests have it: sums by the day are fewer than by the hour.
pub(crate) fn last_days(now: DateTime<Utc>, days: i64) -> prost_types::Timestamp {
    let today = now.duration_trunc(TimeDelta::days(1)).unwrap_or(now);
    since(today, TimeDelta::days(days - 1))
}

/// So long ago, as requests have it.
pub(crate) fn since(now: DateTime<Utc>, span: TimeDelta) -> prost_types::Timestamp {
    timestamp(now - span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_stand_on_their_day_and_other_days_are_empty() {
        let now = "2026-11-21T10:20:30Z".parse().unwrap();
        let row = |start: &str, calls| v1::UsageSummary {
            start: Some(timestamp(start.parse().unwrap())),
            calls,
            errors: 1,
            ..v1::UsageSummary::default()
        };
        let rows = [
            row("2026-11-19T00:00:00Z", 5),
            row("2026-11-21T00:00:00Z", 7),
            row("2026-11-18T23:00:00Z", 100),
        ];
        let bars = Course::days(now, 3).of(rows.iter()).bars();
        let shown: Vec<_> = bars.iter().map(|bar| (&*bar.label, bar.calls)).collect();
        assert_eq!(shown, [("19 Nov", 5), ("20 Nov", 0), ("21 Nov", 7)]);
    }
}
