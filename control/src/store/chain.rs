//! Audit events in chains: each has the hash of the one before it, so that none can be changed, removed
//! or moved without the next ones showing it.
//!
//! A control has two chains, calls and changes, which are kept for different times. Their heads are in
//! memory: nothing is read to append, and one transaction at a time appends to each. A chain whose
//! transaction did not come back with a commit is never continued, because nobody knows whether it was
//! committed; the next transaction begins another. So does a control that starts.
//!
//! The hash of an event is SHA-256 over the name of its form ([`Form`]), the hash of the event before (32 bytes,
//! zeros for the first), the writer (16), the sequence number (8, big-endian), and the columns of the event in the
//! order of the form, each as a byte 0 for NULL, or 1 and a number as 8 bytes, or 2, the length as 4 bytes
//! and the bytes themselves.

use super::{
    Error, Tx,
    cells::{Cells, push_text},
    entity::audit_writers::{ActiveModel, Column, Entity},
};
use ostia_domain::clock;
use ring::digest::{Context, SHA256};
use sea_orm::{ActiveValue::Set, EntityTrait, QueryFilter, prelude::*};
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// Which columns the hash of an event covers. What the event has says which: whoever takes away or adds what makes
/// the difference makes it one of another form, whose hash is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// From `id` to `kind`: of changes, and of calls before their sizes were kept.
    First,
    /// The same, and then `request_bytes`, `result_bytes` and `upstream_status`.
    Sized,
}

impl Form {
    fn name(self) -> &'static [u8] {
        match self {
            Self::First => b"ostia audit 1",
            Self::Sized => b"ostia audit 2",
        }
    }
}

pub(crate) type Hash = [u8; 32];

/// What the first event of a chain continues from.
pub(super) const NOTHING: Hash = [0; 32];

/// What is kept for different times, and in different chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What edges decided.
    Call,
    /// What was changed in control.
    Change,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Call, Self::Change];

    /// As the column has it.
    pub(super) fn number(self) -> i16 {
        match self {
            Self::Call => 0,
            Self::Change => 1,
        }
    }

    pub(crate) fn parse(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Call => "calls",
            Self::Change => "changes",
        }
    }
}

/// The two chains of a control. A clone is the same two.
#[derive(Clone, Default)]
pub(super) struct Chains {
    calls: Arc<Mutex<Option<Head>>>,
    changes: Arc<Mutex<Option<Head>>>,
}

/// The newest event of a chain.
struct Head {
    writer: Uuid,
    seq: i64,
    hash: Hash,
}

/// Where an event is in its chain.
pub(super) struct Place {
    pub(super) writer: Uuid,
    pub(super) seq: i64,
    pub(super) previous: Hash,
    pub(super) hash: Hash,
}

/// The only one who appends to a chain, until it is dropped.
pub(super) struct Appender {
    kind: Kind,
    /// Taken out of the chain, and given back by [`Self::committed`].
    head: Head,
    /// The sequence number in the database.
    saved: i64,
    chain: OwnedMutexGuard<Option<Head>>,
}

impl Chains {
    /// Waits for its turn.
    pub(super) async fn append(&self, kind: Kind) -> Appender {
        let chain = match kind {
            Kind::Call => &self.calls,
            Kind::Change => &self.changes,
        };
        let mut chain = chain.clone().lock_owned().await;
        let head = chain.take().unwrap_or_else(|| Head {
            writer: Uuid::now_v7(),
            seq: 0,
            hash: NOTHING,
        });
        Appender {
            kind,
            saved: head.seq,
            head,
            chain,
        }
    }
}

impl Appender {
    /// The next place, for the event with these values.
    pub(super) fn place(&mut self, form: Form, row: &Canonical) -> Place {
        let previous = self.head.hash;
        let (writer, seq) = (self.head.writer, self.head.seq + 1);
        let hash = hash(form, &previous, (writer, seq), row);
        (self.head.seq, self.head.hash) = (seq, hash);
        Place {
            writer,
            seq,
            previous,
            hash,
        }
    }

    /// Writes the head down, in the transaction that wrote the events.
    pub(super) async fn save(&mut self, tx: &Tx) -> Result<(), Error> {
        let Head { writer, seq, hash } = &self.head;
        if self.saved == *seq {
            return Ok(());
        }
        if self.saved == 0 {
            let row = ActiveModel {
                id: Set(*writer),
                kind: Set(self.kind.number()),
                started_at_us: Set(clock::now().timestamp_micros()),
                head_seq: Set(*seq),
                head_hash: Set(hash.to_vec()),
            };
            Entity::insert(row).exec_without_returning(tx).await?;
        } else {
            let updated = Entity::update_many()
                .col_expr(Column::HeadSeq, Expr::value(*seq))
                .col_expr(Column::HeadHash, Expr::value(hash.to_vec()))
                .filter(Column::Id.eq(*writer))
                .filter(Column::HeadSeq.eq(self.saved))
                .exec(tx)
                .await?;
            if updated.rows_affected != 1 {
                return Err(Error::Unreadable(format!("the audit writer {writer}")));
            }
        }
        self.saved = *seq;
        Ok(())
    }

    /// The chain goes on from here.
    pub(super) fn committed(mut self) {
        // One that nothing was appended to has no row that could be updated.
        if self.head.seq > 0 {
            *self.chain = Some(self.head);
        }
    }
}

pub(super) fn hash(
    form: Form,
    previous: &Hash,
    (writer, seq): (Uuid, i64),
    row: &Canonical,
) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(form.name());
    context.update(previous);
    context.update(writer.as_bytes());
    context.update(&seq.to_be_bytes());
    context.update(&row.0);
    let mut hash = NOTHING;
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// The values of an event in the one form that is hashed.
#[derive(Default)]
pub(super) struct Canonical(Vec<u8>);

impl Canonical {
    /// For the next event, in the same memory.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

impl Cells for Canonical {
    fn null(&mut self) {
        self.0.push(0);
    }

    fn number(&mut self, value: i64) {
        self.0.push(1);
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    fn bytes(&mut self, value: &[u8]) {
        self.0.push(2);
        self.0.extend_from_slice(&length(value.len()));
        self.0.extend_from_slice(value);
    }

    fn texts(&mut self, parts: &[&str]) {
        self.0.push(2);
        let at = self.0.len();
        self.0.extend_from_slice(&length(0));
        let from = self.0.len();
        for part in parts {
            push_text(&mut self.0, part);
        }
        let length = length(self.0.len() - from);
        self.0[at..from].copy_from_slice(&length);
    }
}

/// No value comes near 4 GiB.
fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes()
}
