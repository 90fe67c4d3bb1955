//! Sums of usage, from the tables by the hour and by the day.

use crate::store::{
    Error,
    narrow::{During, Narrow},
    records::rollup::{TOOK, name},
};
use chrono::{DateTime, TimeDelta};
use ostia_domain::{
    clock::Timestamp,
    usage::{DURATION_CLASSES, Outcome},
};
use sea_orm::{
    Condition, ConnectionTrait, ExprTrait as _, QueryResult,
    prelude::*,
    sea_query::{Query, SelectStatement},
};

/// How time is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Bucket {
    Hour,
    Day,
}

/// What rows may have in common besides their time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Dimensions {
    pub(crate) key: bool,
    pub(crate) owner: bool,
    pub(crate) called: Called,
}

/// How far apart what was called is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Called {
    #[default]
    Together,
    ByUpstream,
    /// And by upstream.
    ByTool,
}

/// Calls that have their time, outcome and dimensions in common; what they have not is empty.
#[derive(Clone)]
pub(crate) struct Sum {
    /// Unset where all time is one.
    pub(crate) start: Option<Timestamp>,
    pub(crate) key_id: Uuid,
    pub(crate) owner_id: Uuid,
    pub(crate) upstream: String,
    pub(crate) tool: String,
    pub(crate) outcome: Outcome,
    pub(crate) counts: Counts,
}

/// How many, how long, how large.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) calls: i64,
    pub(crate) cached: i64,
    pub(crate) duration_us: i64,
    pub(crate) request_bytes: i64,
    pub(crate) result_bytes: i64,
    /// Calls by how long they took, by class.
    pub(crate) took: [i64; DURATION_CLASSES],
}

impl Sum {
    /// Whether it is of the upstream, the tool and the outcome; for one that has its tool apart.
    pub(crate) fn is_of(&self, narrow: &Narrow) -> bool {
        let upstream = narrow.upstream.as_deref();
        let tool = narrow.tool.as_deref().map(|tool| tool.split_once('.'));
        upstream.is_none_or(|upstream| name(upstream) == self.upstream)
            && tool.is_none_or(|named| {
                named.is_some_and(|(upstream, tool)| {
                    name(upstream) == self.upstream && name(tool) == self.tool
                })
            })
            && narrow.outcome.is_none_or(|outcome| outcome == self.outcome)
    }
}

impl Bucket {
    pub(super) fn table(self) -> &'static str {
        match self {
            Self::Hour => "usage_hours",
            Self::Day => "usage_days",
        }
    }

    pub(super) fn seconds(self) -> i64 {
        match self {
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }

    /// All of the buckets that a range of time has a part of.
    pub(crate) fn whole(self, during: During) -> During {
        During {
            from: during.from.map(|from| self.beginning(from)),
            to: during.to.map(|to| self.end(to)),
        }
    }

    pub(super) fn beginning(self, at: Timestamp) -> Timestamp {
        let seconds = at.timestamp() - at.timestamp().rem_euclid(self.seconds());
        DateTime::from_timestamp(seconds, 0).unwrap_or(at)
    }

    /// The beginning of the next one, unless one begins there.
    pub(super) fn end(self, at: Timestamp) -> Timestamp {
        match self.beginning(at) {
            beginning if beginning == at => at,
            beginning => beginning + TimeDelta::seconds(self.seconds()),
        }
    }
}

/// At most `limit`, in no order. `apart`: a row for each bucket.
pub(crate) async fn sums(
    db: &impl ConnectionTrait,
    narrow: &Narrow,
    (bucket, apart): (Bucket, bool),
    by: Dimensions,
    limit: u64,
) -> Result<Vec<Sum>, Error> {
    let mut query = Query::select();
    query
        .from(bucket.table())
        .cond_where(condition(narrow, bucket))
        .limit(limit);
    let columns = [
        (apart, "start_s"),
        (by.key, "key_id"),
        (by.owner, "owner_id"),
        (by.called >= Called::ByUpstream, "upstream"),
        (by.called == Called::ByTool, "tool"),
        (true, "outcome"),
    ];
    for (_, column) in columns.into_iter().filter(|(wanted, _)| *wanted) {
        query.column(column).group_by_col(column);
    }
    for column in SUMMED.into_iter().chain(TOOK) {
        add_up(&mut query, column);
    }
    let rows = db.query_all(&query).await?;
    rows.iter().map(|row| read(row, apart, by)).collect()
}

const SUMMED: [&str; 5] = [
    "calls",
    "cached",
    "duration_us",
    "request_bytes",
    "result_bytes",
];

/// PostgreSQL adds up to a wider number than it was given.
fn add_up(query: &mut SelectStatement, column: &'static str) {
    query.expr_as(Expr::col(column).sum().cast_as("BIGINT"), column);
}

fn condition(narrow: &Narrow, bucket: Bucket) -> Condition {
    let is = |column: &'static str, value: Expr| Expr::col(column).eq(value);
    let tool = narrow
        .tool
        .as_deref()
        .map(|tool| match tool.split_once('.') {
            Some((upstream, tool)) => Condition::all()
                .add(is("upstream", name(upstream).into_owned().into()))
                .add(is("tool", name(tool).into_owned().into())),
            // Names that belong to no upstream are not counted by themselves.
            None => Condition::all().add(Expr::value(false)),
        });
    let During { from, to } = bucket.whole(narrow.during);
    Condition::all()
        .add_option(narrow.key.as_ref().map(|key| is("key_id", key.id.into())))
        .add_option(
            narrow
                .user
                .as_ref()
                .map(|user| is("owner_id", user.id.into())),
        )
        .add_option(
            narrow
                .upstream
                .as_deref()
                .map(|upstream| is("upstream", name(upstream).into_owned().into())),
        )
        .add_option(tool)
        .add_option(
            narrow
                .outcome
                .map(|outcome| is("outcome", outcome.as_str().into())),
        )
        .add_option(from.map(|from| Expr::col("start_s").gte(from.timestamp())))
        .add_option(to.map(|to| Expr::col("start_s").lt(to.timestamp())))
}

fn read(row: &QueryResult, apart: bool, by: Dimensions) -> Result<Sum, Error> {
    let number = |column: &str| row.try_get::<i64>("", column);
    let id = |wanted, column: &str| {
        if wanted {
            row.try_get::<Uuid>("", column)
        } else {
            Ok(Uuid::nil())
        }
    };
    let text = |wanted, column: &str| {
        if wanted {
            row.try_get::<String>("", column)
        } else {
            Ok(String::new())
        }
    };
    let outcome = text(true, "outcome")?;
    let mut took = [0; DURATION_CLASSES];
    for (class, column) in took.iter_mut().zip(TOOK) {
        *class = number(column)?;
    }
    Ok(Sum {
        start: if apart {
            DateTime::from_timestamp(number("start_s")?, 0)
        } else {
            None
        },
        key_id: id(by.key, "key_id")?,
        owner_id: id(by.owner, "owner_id")?,
        upstream: text(by.called >= Called::ByUpstream, "upstream")?,
        tool: text(by.called == Called::ByTool, "tool")?,
        outcome: Outcome::parse(&outcome)
            .ok_or_else(|| Error::Unreadable(format!("usage with the outcome {outcome:?}")))?,
        counts: Counts {
            calls: number("calls")?,
            cached: number("cached")?,
            duration_us: number("duration_us")?,
            request_bytes: number("request_bytes")?,
            result_bytes: number("result_bytes")?,
            took,
        },
    })
}
