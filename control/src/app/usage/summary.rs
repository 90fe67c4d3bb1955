//! Usage added up.

use super::{
    App, Criteria,
    kept::{self, Question},
};
use crate::{
    error::{Error, Result},
    store::{
        self, names,
        narrow::Narrow,
        usage::{Bucket, Called, Counts, Dimensions, Sum, parts, sums},
    },
};
use ostia_domain::{
    clock::Timestamp,
    price::{Currency, Prices},
    usage::Outcome,
};
use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Of an answer.
const MAX_ROWS: usize = 10_000;
/// That an answer is made of: outcomes, and tools where they have prices, are apart in them.
const MAX_SUMS: u64 = 200_000;

pub(crate) struct SummarizeUsage {
    pub(crate) criteria: Criteria,
    /// Unset: all the time is one.
    pub(crate) bucket: Option<Bucket>,
    pub(crate) by: Dimensions,
    pub(crate) by_outcome: bool,
    /// Only so many rows, of the most calls.
    pub(crate) top: Option<usize>,
}

/// What rows have in common; the rest is empty.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Common {
    pub(crate) start: Option<Timestamp>,
    pub(crate) key_id: Uuid,
    pub(crate) owner_id: Uuid,
    pub(crate) upstream: String,
    pub(crate) tool: String,
    pub(crate) outcome: Option<&'static str>,
}

#[derive(Clone, Default)]
pub(crate) struct Totals {
    pub(crate) counts: Counts,
    pub(crate) errors: i64,
    /// In millionths.
    pub(crate) costs: BTreeMap<Currency, u64>,
}

pub(crate) struct Row {
    pub(crate) common: Common,
    pub(crate) totals: Totals,
    /// Empty also when there is no such object any more.
    pub(crate) key_name: String,
    pub(crate) owner_name: String,
}

/// Rows before anybody's names, which may change every moment.
type Added = Vec<(Common, Totals)>;

/// What was added up.
pub(crate) struct Kept {
    rows: kept::Kept<Added>,
    /// What several questions about the same time are answered from.
    sums: kept::Kept<Vec<Sum>>,
    /// Whoever adds up everything does not keep all connections from everybody else.
    turns: Semaphore,
}

/// Everything that is added up at once.
const TURNS: usize = 2;

impl Default for Kept {
    fn default() -> Self {
        Self {
            rows: kept::Kept::default(),
            sums: kept::Kept::default(),
            turns: Semaphore::new(TURNS),
        }
    }
}

impl App {
    pub(crate) async fn summarize_usage(&self, ask: SummarizeUsage) -> Result<Vec<Row>> {
        let narrow = self.narrow(&ask.criteria).await?;
        // All the time together is asked for to the hour, and found as exactly as it is kept.
        let (bucket, apart) = (ask.bucket.unwrap_or(Bucket::Hour), ask.bucket.is_some());
        let question = Question {
            key: narrow.key.as_ref().map(|key| key.id),
            user: narrow.user.as_ref().map(|user| user.id),
            upstream: narrow.upstream.clone(),
            tool: narrow.tool.clone(),
            during: bucket.whole(narrow.during),
            bucket,
            apart,
            by: ask.by,
            by_outcome: ask.by_outcome,
            outcome: narrow.outcome,
            top: ask.top,
        };
        let added = self.add_up(&narrow, question.clone());
        let rows = self.kept.rows.get(question, added).await?;
        let ids = |of: fn(&Common) -> Uuid| rows.iter().map(move |(common, _)| of(common));
        let keys = ids(|common| common.key_id).filter(|id| !id.is_nil());
        let keys = names::of_keys(self.store.db(), keys).await?;
        let owners = ids(|common| common.owner_id).filter(|id| !id.is_nil());
        let owners = names::of_users(self.store.db(), owners).await?;
        let rows = rows.iter().map(|(common, totals)| Row {
            key_name: keys.get(common.key_id),
            owner_name: owners.get(common.owner_id),
            common: common.clone(),
            totals: totals.clone(),
        });
        Ok(rows.collect())
    }

    /// And how many calls that are.
    async fn add_up(&self, narrow: &Narrow, ask: Question) -> Result<(Added, i64)> {
        let prices = store::prices::list(self.store.db()).await?;
        let prices = Prices::new(prices.into_iter().map(|stored| stored.price).collect());
        let by = Dimensions {
            // Tools have prices of their own.
            called: if prices.is_empty() {
                ask.by.called
            } else {
                Called::ByTool
            },
            ..ask.by
        };
        let found = self.sums(narrow, Question { by, ..ask.clone() }).await?;
        let calls = found.iter().map(|sum| sum.counts.calls).sum();
        let mut rows: BTreeMap<Common, Totals> = BTreeMap::new();
        for sum in found.iter() {
            let full = ask.top.is_none() && rows.len() >= MAX_ROWS;
            match rows.entry(common(&ask, sum)) {
                Entry::Vacant(_) if full => return Err(too_many()),
                entry => entry.or_default().add(sum, &prices),
            }
        }
        let mut rows: Vec<_> = rows.into_iter().collect();
        // Stable, both: what is alike stays in the order of what it has in common.
        rows.sort_by_key(|(_, totals)| -totals.counts.calls);
        rows.truncate(ask.top.unwrap_or(MAX_ROWS));
        rows.sort_by_key(|(common, _)| common.start);
        Ok((rows, calls))
    }

    async fn sums(&self, narrow: &Narrow, mut ask: Question) -> Result<Arc<Vec<Sum>>> {
        // What a page asks of tools, of upstreams, of outcomes and of all calls together is found at once: there
        // are far fewer tools than rows to add up, and of one user or key few keys as well.
        let few_keys = narrow.user.is_some() || narrow.key.is_some();
        if !ask.apart && (few_keys || !(ask.by.key || ask.by.owner)) {
            ask.by = Dimensions {
                key: few_keys,
                owner: few_keys,
                called: Called::ByTool,
            };
        }
        // And whatever somebody's calls are narrowed to, they are added up once.
        let whole = narrow.whole();
        let narrowed_here = few_keys && !ask.apart && !narrow.is_whole();
        let in_database = if narrowed_here {
            (ask.upstream, ask.tool, ask.outcome) = (None, None, None);
            &whole
        } else {
            narrow
        };
        // Outcomes are always apart in sums, and the top is not known yet.
        ask.by_outcome = false;
        ask.top = None;
        let found = async {
            // Nobody closes the semaphore.
            let _turn = if narrow.is_of_everybody() {
                self.kept.turns.acquire().await.ok()
            } else {
                None
            };
            self.sums_in_database(in_database, &ask).await
        };
        let sums = self.kept.sums.get(ask.clone(), found).await?;
        if !narrowed_here {
            return Ok(sums);
        }
        let of_these = sums.iter().filter(|sum| sum.is_of(narrow));
        Ok(Arc::new(of_these.cloned().collect()))
    }

    /// And how many calls that are.
    async fn sums_in_database(&self, narrow: &Narrow, ask: &Question) -> Result<(Vec<Sum>, i64)> {
        let parts = if ask.apart {
            vec![(ask.bucket, narrow.during)]
        } else {
            parts(narrow.during, self.kept_since(|kept| kept.usage_hours))
        };
        let mut found = Vec::new();
        for (bucket, during) in parts {
            let narrow = Narrow {
                during,
                ..narrow.clone()
            };
            let bucket = (bucket, ask.apart);
            found.extend(sums(self.store.db(), &narrow, bucket, ask.by, MAX_SUMS + 1).await?);
            if found.len() as u64 > MAX_SUMS {
                return Err(too_many());
            }
        }
        let calls = found.iter().map(|sum| sum.counts.calls).sum();
        Ok((found, calls))
    }
}

fn too_many() -> Error {
    let problem = format!("would give more than {MAX_ROWS} rows: ask for less time or less detail");
    Error::invalid("group_by", problem)
}

fn common(ask: &Question, sum: &Sum) -> Common {
    let kept = |wanted, text: &String| {
        if wanted { text.clone() } else { String::new() }
    };
    Common {
        start: sum.start,
        key_id: if ask.by.key { sum.key_id } else { Uuid::nil() },
        owner_id: if ask.by.owner {
            sum.owner_id
        } else {
            Uuid::nil()
        },
        upstream: kept(ask.by.called >= Called::ByUpstream, &sum.upstream),
        tool: kept(ask.by.called == Called::ByTool, &sum.tool),
        outcome: ask.by_outcome.then(|| sum.outcome.as_str()),
    }
}

impl Totals {
    fn add(&mut self, sum: &Sum, prices: &Prices) {
        let (own, new) = (&mut self.counts, &sum.counts);
        own.calls += new.calls;
        own.cached += new.cached;
        own.duration_us += new.duration_us;
        own.request_bytes += new.request_bytes;
        own.result_bytes += new.result_bytes;
        for (own, new) in own.took.iter_mut().zip(new.took) {
            *own += new;
        }
        if sum.outcome.is_error() {
            self.errors += new.calls;
        }
        self.charge(sum, prices);
    }

    fn charge(&mut self, sum: &Sum, prices: &Prices) {
        let charged = sum.counts.calls - sum.counts.cached;
        if !Outcome::is_charged(sum.outcome) || charged <= 0 || sum.upstream.is_empty() {
            return;
        }
        let tool = format!("{}.{}", sum.upstream, sum.tool);
        if let Some(price) = prices.of(&tool) {
            let cost = price.micros.saturating_mul(charged.unsigned_abs());
            let total = self.costs.entry(price.currency).or_default();
            *total = total.saturating_add(cost);
        }
    }
}
