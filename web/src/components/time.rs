//! Points in time: the exact one in UTC on hover, and in the reader's own zone where scripts run.

use chrono::{DateTime, TimeDelta, Utc};
use leptos::prelude::*;
use ostia_domain::clock;
use prost_types::Timestamp;

/// How much of a time is worth reading.
#[derive(Clone, Copy)]
pub(crate) enum As {
    Date,
    Minute,
    Second,
    /// How long ago, or how long until then.
    Distance,
}

impl As {
    fn name(self) -> Option<&'static str> {
        match self {
            Self::Date => Some("date"),
            Self::Minute => Some("minute"),
            Self::Second => Some("second"),
            // The same in every zone.
            Self::Distance => None,
        }
    }

    fn write(self, at: DateTime<Utc>) -> String {
        match self {
            Self::Date => at.format("%-d %b %Y").to_string(),
            Self::Minute => at.format("%-d %b %Y, %H:%M UTC").to_string(),
            Self::Second => at.format("%-d %b %Y, %H:%M:%S UTC").to_string(),
            Self::Distance => distance(at - clock::now()),
        }
    }
}

/// `None` where control sent none, or one that no calendar has.
pub(crate) fn instant(at: Option<Timestamp>) -> Option<DateTime<Utc>> {
    let at = at?;
    DateTime::from_timestamp(at.seconds, u32::try_from(at.nanos).ok()?)
}

#[component]
pub(crate) fn Time(
    at: Option<Timestamp>,
    shown: As,
    /// Said where there is no time.
    #[prop(default = "never")]
    otherwise: &'static str,
) -> impl IntoView {
    let Some(at) = instant(at) else {
        return view! { <span class="quiet">{otherwise}</span> }.into_any();
    };
    view! {
        <time
            datetime=at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
            title=at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
            data-as=shown.name()
        >
            {shown.write(at)}
        </time>
    }
    .into_any()
}

fn distance(until: TimeDelta) -> String {
    let (span, ago) = (until.abs(), until < TimeDelta::zero());
    let (number, unit) = match span {
        span if span < TimeDelta::minutes(1) => return "just now".to_owned(),
        span if span < TimeDelta::hours(1) => (span.num_minutes(), "minute"),
        span if span < TimeDelta::days(1) => (span.num_hours(), "hour"),
        span if span < TimeDelta::days(60) => (span.num_days(), "day"),
        span => (span.num_days() / 30, "month"),
    };
    let plural = if number == 1 { "" } else { "s" };
    if ago {
        format!("{number} {unit}{plural} ago")
    } else {
        format!("in {number} {unit}{plural}")
    }
}

pub(crate) fn timestamp(at: DateTime<Utc>) -> Timestamp {
    Timestamp {
        seconds: at.timestamp(),
        nanos: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_whole_and_have_a_direction() {
        for (until, said) in [
            (TimeDelta::seconds(20), "just now"),
            (TimeDelta::minutes(-1), "1 minute ago"),
            (TimeDelta::minutes(-119), "1 hour ago"),
            (TimeDelta::days(14), "in 14 days"),
            (TimeDelta::days(-90), "3 months ago"),
        ] {
            assert_eq!(distance(until), said);
        }
    }
}
