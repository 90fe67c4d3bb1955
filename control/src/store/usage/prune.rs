//! Usage that was kept long enough.

use super::Bucket;
use crate::store::{
    Error, Tx,
    entity::usage_records::{Column, Entity},
};
use ostia_domain::clock::Timestamp;
use sea_orm::{
    ConnectionTrait as _, EntityTrait, ExprTrait as _, QueryFilter, QueryOrder, QuerySelect,
    prelude::*, sea_query::Query,
};

/// Removes the oldest records before an id, `limit` or fewer. Gives how many.
pub(crate) async fn prune_records(tx: &Tx, before: Uuid, limit: u64) -> Result<u64, Error> {
    let oldest = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Id.lt(before))
        .order_by_asc(Column::Id)
        .limit(limit);
    let oldest: Vec<Uuid> = oldest.into_tuple().all(tx).await?;
    let Some(last) = oldest.last() else {
        return Ok(0);
    };
    let deleted = Entity::delete_many()
        .filter(Column::Id.lte(*last))
        .exec(tx)
        .await?;
    Ok(deleted.rows_affected)
}

/// Removes the sums of the oldest hour or day that ended before a time. Gives how many, 0 when there was
/// none.
pub(crate) async fn prune_sums(tx: &Tx, bucket: Bucket, before: Timestamp) -> Result<u64, Error> {
    let mut oldest = Query::select();
    oldest
        .expr_as(Expr::col("start_s").min(), "start_s")
        .from(bucket.table());
    let Some(row) = tx.query_one(&oldest).await? else {
        return Ok(0);
    };
    let start: Option<i64> = row.try_get("", "start_s")?;
    let Some(start) = start.filter(|start| start + bucket.seconds() <= before.timestamp()) else {
        return Ok(0);
    };
    let mut delete = Query::delete();
    delete
        .from_table(bucket.table())
        .and_where(Expr::col("start_s").eq(start));
    Ok(tx.execute(&delete).await?.rows_affected())
}
