//! What of what control sends is read, and what is not.

use ostia_domain::snapshot::{Kind, Snapshot};
use ostia_proto::{FieldError, convert::LeftOut, v1};
use std::sync::Arc;
use uuid::Uuid;

/// The newest snapshot, and who said so.
pub(super) struct Known {
    pub(super) source: String,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) left_out: LeftOut,
}

/// How much of what control said last could be read.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Objects that are left out of what is served.
    pub unreadable: usize,
    /// Why the first of them is, or why nothing newer is served; for operators.
    pub problem: Option<String>,
}

/// What is left out when it cannot be read, the rest holds; see [`LeftOut`].
pub(super) fn snapshot(message: v1::Snapshot) -> Result<Known, FieldError> {
    let source = message.source.clone();
    let (snapshot, left_out) = message.read()?;
    tell(&left_out);
    Ok(Known {
        source,
        snapshot: Arc::new(snapshot),
        left_out,
    })
}

/// `None`: the change is one of another snapshot.
pub(super) fn change(
    known: Known,
    message: v1::SnapshotChange,
) -> Result<Option<Known>, FieldError> {
    let (change, left_out) = message.read()?;
    tell(&left_out);
    let snapshot = Arc::unwrap_or_clone(known.snapshot).with(&change);
    Ok(snapshot.map(|snapshot| Known {
        source: known.source,
        snapshot: Arc::new(snapshot),
        left_out: known.left_out.after(&change, left_out),
    }))
}

impl Reading {
    pub(super) fn of(left_out: &LeftOut) -> Self {
        let first = left_out.iter().next();
        Self {
            unreadable: left_out.count(),
            problem: first.map(|(kind, id, problem)| described(kind, id, problem)),
        }
    }

    /// With the newest message, of which nothing can be taken.
    pub(super) fn without(&self, problem: &FieldError) -> Self {
        Self {
            problem: Some(format!("what control sends: {problem}")),
            ..*self
        }
    }
}

fn described(kind: Kind, id: &Uuid, problem: &FieldError) -> String {
    format!("{} {id}: {problem}", kind.as_str())
}

fn tell(left_out: &LeftOut) {
    for (kind, id, problem) in left_out.iter() {
        tracing::error!(
            kind = kind.as_str(), %id, %problem,
            "an object cannot be read and is left out: what it governs is refused"
        );
    }
}
