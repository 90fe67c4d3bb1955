//! What is kept of the arguments of calls.

use crate::store::{
    Error, Reads, Tx,
    entity::{
        audit_arguments::{Column, Entity, Model},
        audit_events,
    },
};
use ring::digest::{SHA256, digest};
use sea_orm::{
    Condition, ConnectionTrait, EntityTrait, ExprTrait as _, QueryFilter, QueryOrder as _,
    QuerySelect as _, prelude::*,
};
use std::fmt::Write as _;

/// The member of an event's detail that has the digest, so that the event's chain covers what is kept.
pub(in crate::store) const KEPT: &str = "kept_arguments";

pub(crate) struct Kept {
    /// `<upstream>.<tool>`.
    pub(crate) target: String,
    /// What the event says that they hash to. Unset: it does not say.
    pub(crate) hash: Option<String>,
    pub(crate) form: Form,
    pub(crate) cut: bool,
}

/// As they are in their row.
pub(crate) enum Form {
    Sealed(Vec<u8>),
    /// By a version that sealed none.
    Plain(String),
}

impl Form {
    fn of(row: Model) -> Self {
        row.sealed.map_or(Self::Plain(row.arguments), Self::Sealed)
    }
}

/// Of one event.
pub(crate) async fn find(db: &impl Reads, event: Uuid) -> Result<Option<Kept>, Error> {
    let Some(row) = Entity::find_by_id(event).one(db).await? else {
        return Ok(None);
    };
    let event = audit_events::Entity::find()
        .filter(audit_events::Column::Id.eq(event))
        .one(db)
        .await?;
    let said = event
        .as_ref()
        .and_then(|event| event.detail.as_deref())
        .and_then(|detail| serde_json::from_str::<Json>(detail).ok());
    let said = said.as_ref().and_then(|detail| detail[KEPT].as_str());
    Ok(Some(Kept {
        hash: said.map(str::to_owned),
        target: event.and_then(|event| event.target).unwrap_or_default(),
        cut: row.cut,
        form: Form::of(row),
    }))
}

/// How many were sealed with each key, by ids of this length. Plain ones are with none.
pub(in crate::store) async fn count_by_key_id(
    db: &impl ConnectionTrait,
    length: usize,
) -> Result<Vec<(Vec<u8>, i64)>, Error> {
    let counts = Entity::find()
        .select_only()
        .expr(key_id(length))
        .expr(Column::EventId.count())
        .filter(Column::Sealed.is_not_null())
        .group_by(key_id(length));
    Ok(counts.into_tuple().all(db).await?)
}

/// Those that this key did not seal, by their events, from after one of them.
pub(crate) async fn of_other_keys(
    tx: &Tx,
    id: &[u8],
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<(Uuid, Form)>, Error> {
    let other = Condition::any()
        .add(Column::Sealed.is_null())
        .add(key_id(id.len()).ne(id.to_vec()));
    let mut page = Entity::find().filter(other).cursor_by(Column::EventId);
    if let Some(last) = after {
        page.after(last);
    }
    let rows = page.first(limit).all(tx).await?.into_iter();
    Ok(rows.map(|row| (row.event_id, Form::of(row))).collect())
}

/// Puts them there sealed. `false`: they went meanwhile. Nothing else changes them.
pub(crate) async fn replace(tx: &Tx, event: Uuid, sealed: Vec<u8>) -> Result<bool, Error> {
    let replaced = Entity::update_many()
        .col_expr(Column::Sealed, Expr::value(sealed))
        .col_expr(Column::Arguments, Expr::value(""))
        .filter(Column::EventId.eq(event))
        .exec(tx)
        .await?;
    Ok(replaced.rows_affected == 1)
}

/// Written out: PostgreSQL does not see that two expressions with parameters are the same.
fn key_id(length: usize) -> Expr {
    Expr::cust(format!("substr(sealed, 1, {length})"))
}

/// Removes the oldest of before an id, `limit` or fewer. Gives how many.
pub(crate) async fn prune(tx: &Tx, until: Uuid, limit: u64) -> Result<u64, Error> {
    let oldest: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::EventId)
        .filter(Column::EventId.lt(until))
        .order_by_asc(Column::EventId)
        .limit(limit)
        .into_tuple()
        .all(tx)
        .await?;
    let Some(last) = oldest.last() else {
        return Ok(0);
    };
    let gone = Entity::delete_many().filter(Column::EventId.lte(*last));
    Ok(gone.exec(tx).await?.rows_affected)
}

/// Lower-case hex.
pub(crate) fn hash(arguments: &str) -> String {
    let digest = digest(&SHA256, arguments.as_bytes());
    digest
        .as_ref()
        .iter()
        .fold(String::new(), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
