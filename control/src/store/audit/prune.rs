//! Audit events that were kept long enough: removed, and noted in their chains.

use crate::store::{
    Error, Tx,
    chain::Kind,
    entity::{audit_events::Column, audit_pruned},
};
use sea_orm::{
    ActiveValue::Set,
    Condition, ConnectionTrait, EntityTrait, ExprTrait as _, QueryFilter, QueryResult,
    prelude::*,
    sea_query::{Order, Query},
};

/// Events of one chain without a gap between them.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::store) struct Run {
    writer: Uuid,
    first: i64,
    last: i64,
    /// Of the last one.
    hash: Vec<u8>,
}

/// Where an event is in its chain. Unset in events of before there were chains.
pub(in crate::store) type Link = (Option<Uuid>, Option<i64>, Option<Vec<u8>>);

/// The oldest event of a kind in a table, if it is older than an id.
pub(crate) async fn oldest(
    db: &impl ConnectionTrait,
    table: &'static str,
    kind: Kind,
    until: Uuid,
) -> Result<Option<Uuid>, Error> {
    let mut query = Query::select();
    query
        .column(Column::Id)
        .from(table)
        .and_where(Expr::col(Column::Kind).eq(kind.number()))
        .and_where(Expr::col(Column::Id).lt(until))
        .order_by(Column::Id, Order::Asc)
        .limit(1);
    let row = db.query_one(&query).await?;
    Ok(row.map(|row| row.try_get("", "id")).transpose()?)
}

/// Removes the oldest events of a kind from one id on and until before another, `limit` or fewer. Gives
/// how many, and where to go on.
pub(crate) async fn prune(
    tx: &Tx,
    table: &'static str,
    kind: Kind,
    (from, until): (Uuid, Uuid),
    limit: u64,
) -> Result<(u64, Uuid), Error> {
    let of_kind = || {
        Condition::all()
            .add(Expr::col(Column::Kind).eq(kind.number()))
            .add(Expr::col(Column::Id).gte(from))
    };
    let mut query = Query::select();
    query
        .columns([Column::Id, Column::Writer, Column::Seq, Column::Hash])
        .from(table)
        .cond_where(of_kind().add(Expr::col(Column::Id).lt(until)))
        .order_by(Column::Id, Order::Asc)
        .limit(limit);
    let rows = tx.query_all(&query).await?;
    let Some(last) = rows.last() else {
        return Ok((0, until));
    };
    let last: Uuid = last.try_get("", "id")?;
    let links = rows.iter().map(link).collect::<Result<_, _>>()?;
    note(tx, runs(links)).await?;
    let mut delete = Query::delete();
    delete
        .from_table(table)
        .cond_where(of_kind().add(Expr::col(Column::Id).lte(last)));
    let deleted = tx.execute(&delete).await?;
    Ok((deleted.rows_affected(), last))
}

/// Of a row with these columns.
pub(in crate::store) fn link(row: &QueryResult) -> Result<Link, Error> {
    Ok((
        row.try_get("", "writer")?,
        row.try_get("", "seq")?,
        row.try_get("", "hash")?,
    ))
}

/// In any order.
pub(in crate::store) fn runs(mut links: Vec<Link>) -> Vec<Run> {
    links.sort_unstable();
    let mut runs: Vec<Run> = Vec::new();
    for link in links {
        let (Some(writer), Some(seq), Some(hash)) = link else {
            continue;
        };
        match runs.last_mut() {
            Some(run) if run.writer == writer && run.last + 1 == seq => {
                run.last = seq;
                run.hash = hash;
            }
            _ => runs.push(Run {
                writer,
                first: seq,
                last: seq,
                hash,
            }),
        }
    }
    runs
}

/// Writes down that these are gone, as one with what is gone beside them.
pub(in crate::store) async fn note(tx: &Tx, runs: Vec<Run>) -> Result<(), Error> {
    use audit_pruned::{ActiveModel, Column, Entity};
    for mut run in runs {
        let of_writer = || Entity::find().filter(Column::Writer.eq(run.writer));
        let before = of_writer().filter(Column::LastSeq.eq(run.first - 1));
        if let Some(before) = before.one(tx).await? {
            Entity::delete_by_id((before.writer, before.first_seq))
                .exec(tx)
                .await?;
            run.first = before.first_seq;
        }
        let after = of_writer().filter(Column::FirstSeq.eq(run.last + 1));
        if let Some(after) = after.one(tx).await? {
            Entity::delete_by_id((after.writer, after.first_seq))
                .exec(tx)
                .await?;
            (run.last, run.hash) = (after.last_seq, after.last_hash);
        }
        let row = ActiveModel {
            writer: Set(run.writer),
            first_seq: Set(run.first),
            last_seq: Set(run.last),
            last_hash: Set(run.hash),
        };
        Entity::insert(row).exec_without_returning(tx).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_have_no_gaps_and_one_writer() {
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let link = |writer, seq: u8| (Some(writer), Some(i64::from(seq)), Some(vec![seq]));
        let links = vec![
            link(b, 3),
            link(a, 2),
            (None, None, None),
            link(a, 1),
            link(b, 1),
        ];
        let found: Vec<_> = runs(links)
            .into_iter()
            .map(|run| (run.writer, run.first, run.last, run.hash))
            .collect();
        assert_eq!(
            found,
            [(a, 1, 2, vec![2]), (b, 1, 1, vec![1]), (b, 3, 3, vec![3])]
        );
    }
}
