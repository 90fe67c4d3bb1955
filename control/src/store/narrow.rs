//! What a list of events, records or sums is narrowed to.

use chrono::TimeDelta;
use ostia_domain::{clock::Timestamp, usage::Outcome};
use sea_orm::{
    Condition, ExprTrait as _,
    prelude::*,
    sea_query::{Func, IntoColumnRef},
};

/// How far the time in an id may be from the time of what it names: both are taken in the same moment of
/// the same clock, so this is plenty.
const SLACK: TimeDelta = TimeDelta::hours(1);

/// Everything that is unset narrows nothing.
#[derive(Clone, Default)]
pub(crate) struct Narrow {
    pub(crate) key: Option<OfKey>,
    pub(crate) user: Option<OfUser>,
    pub(crate) upstream: Option<String>,
    /// `<upstream>.<tool>`, or a bare name that belongs to no upstream.
    pub(crate) tool: Option<String>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) during: During,
}

impl Narrow {
    /// Whosever and whenever, but of all upstreams, tools and ends of calls.
    pub(crate) fn whole(&self) -> Self {
        Self {
            upstream: None,
            tool: None,
            outcome: None,
            ..self.clone()
        }
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.upstream.is_none() && self.tool.is_none() && self.outcome.is_none()
    }

    /// Whatever the time and the end of calls.
    pub(crate) fn is_of_everybody(&self) -> bool {
        self.key.is_none() && self.user.is_none() && self.upstream.is_none() && self.tool.is_none()
    }
}

#[derive(Clone)]
pub(crate) struct OfKey {
    pub(crate) id: Uuid,
    /// Who has and always had it: rows are found by their owner. Unset: the key is not there any more.
    pub(crate) owner: Option<Uuid>,
    /// What changes call it.
    pub(crate) target: String,
}

#[derive(Clone)]
pub(crate) struct OfUser {
    pub(crate) id: Uuid,
    /// Unset: there is no such user any more.
    pub(crate) name: Option<String>,
}

/// From a time on and until before another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct During {
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
}

impl During {
    /// By time, and by id as well: tables are in the order of ids and have no index of times.
    pub(super) fn condition<C: ColumnTrait>(self, id: C, at_us: C) -> Condition {
        let from = self.from.map(|from| {
            Condition::all()
                .add(at_us.gte(from.timestamp_micros()))
                .add(id.gte(first_id(from - SLACK)))
        });
        let to = self.to.map(|to| {
            Condition::all()
                .add(at_us.lt(to.timestamp_micros()))
                .add(id.lt(first_id(to + SLACK)))
        });
        Condition::all().add_option(from).add_option(to)
    }
}

/// The least `UUIDv7` of a time: ids made earlier are less.
pub(crate) fn first_id(at: Timestamp) -> Uuid {
    let milliseconds = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    Uuid::from_u128(u128::from(milliseconds) << 80)
}

/// That a text begins so. `LIKE` takes the case of letters for the same on one of the databases.
pub(super) fn begins_with(column: impl IntoColumnRef, prefix: &str) -> Expr {
    let length = i32::try_from(prefix.chars().count()).unwrap_or(i32::MAX);
    let start = Func::cust("substr")
        .arg(Expr::col(column))
        .arg(1)
        .arg(length);
    Expr::from(start).eq(prefix)
}
