//! From which table what part of a time is added up.
//!
//! Days are fewer to read, and are kept longer than hours. So hours are read only where a time begins or ends within a
//! day, and only as long as they are kept: before that, a part of a day is all of it.

use super::Bucket;
use crate::store::narrow::During;
use ostia_domain::clock::Timestamp;

/// In no order, and without anything twice. `hours_since`: what is before may be without its hours; unset, nothing is.
pub(crate) fn parts(during: During, hours_since: Option<Timestamp>) -> Vec<(Bucket, During)> {
    let hours = |from, to| (Bucket::Hour, During { from, to });
    if during.from >= during.to && during.from.is_some() && during.to.is_some() {
        return Vec::new();
    }
    let begins = during.from.map(|from| Cut::at(from, hours_since));
    let ends = during.to.map(|to| Cut::at(to, hours_since));
    let days = During {
        from: begins.map(|cut| if cut.within { cut.after } else { cut.before }),
        to: ends.map(|cut| if cut.within { cut.before } else { cut.after }),
    };
    if let (Some(from), Some(to)) = (days.from, days.to)
        && from > to
    {
        // Both within one day.
        return vec![hours(during.from, during.to)];
    }
    let mut parts = Vec::new();
    if begins.is_some_and(|cut| cut.within) {
        parts.push(hours(during.from, days.from));
    }
    if days.from != days.to || days.from.is_none() {
        parts.push((Bucket::Day, days));
    }
    if ends.is_some_and(|cut| cut.within) {
        parts.push(hours(days.to, during.to));
    }
    parts
}

/// Where a time begins or ends.
#[derive(Clone, Copy)]
struct Cut {
    /// Within a day that has its hours.
    within: bool,
    /// The beginning of its day, and of the next one; of midnight itself, both are that.
    before: Timestamp,
    after: Timestamp,
}

impl Cut {
    fn at(at: Timestamp, hours_since: Option<Timestamp>) -> Self {
        let (before, after) = (Bucket::Day.beginning(at), Bucket::Day.end(at));
        Self {
            within: before != after && hours_since.is_none_or(|since| before >= since),
            before,
            after,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, TimeDelta};
    use proptest::{option, prelude::*};

    fn hour(n: i64) -> Timestamp {
        DateTime::UNIX_EPOCH + TimeDelta::hours(n)
    }

    fn has(during: During, at: Timestamp) -> bool {
        during.from.is_none_or(|from| from <= at) && during.to.is_none_or(|to| at < to)
    }

    const HOURS: i64 = 24 * 8;

    proptest! {
        #[test]
        fn every_hour_is_in_one_part_or_in_none(
            from in option::of(0..HOURS * 60), to in option::of(0..HOURS * 60), since in option::of(0..HOURS),
        ) {
            let minute = |n| DateTime::UNIX_EPOCH + TimeDelta::minutes(n);
            let during = During { from: from.map(minute), to: to.map(minute) };
            let since = since.map(hour);
            let parts = parts(during, since);
            let nothing = from.zip(to).is_some_and(|(from, to)| from >= to);
            for at in (0..HOURS).map(hour) {
                let times = parts.iter().filter(|(bucket, part)| has(bucket.whole(*part), at));
                let day = Bucket::Day.beginning(at);
                // As exact as what is kept can be.
                let bucket = if since.is_none_or(|since| day >= since) { Bucket::Hour } else { Bucket::Day };
                let counted = !nothing && has(bucket.whole(during), at);
                prop_assert_eq!(times.count(), usize::from(counted), "{} of {:?} in {:?}", at, during, parts);
            }
            for (bucket, part) in &parts {
                let midnight = |at: Option<Timestamp>| at.is_none_or(|at| Bucket::Day.beginning(at) == at);
                prop_assert!(*bucket == Bucket::Hour || midnight(part.from) && midnight(part.to));
                let kept = part.from.is_some_and(|from| since.is_none_or(|since| from >= since));
                prop_assert!(*bucket == Bucket::Day || kept, "{:?} is read by the hour", part);
            }
        }
    }
}
