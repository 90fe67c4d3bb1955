//! What edges said about an upstream: its problem, and which listing they have done.

use crate::store::{Error, Tx, entity::upstreams};
use ostia_domain::{clock::Timestamp, upstream::Stage};
use sea_orm::{EntityTrait, ExprTrait as _, QueryFilter, prelude::*};

/// Why the newest attempt to reach it failed, or what is wrong with what it lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredProblem {
    pub(crate) text: String,
    /// Unset: nobody said.
    pub(crate) stage: Option<Stage>,
    /// Since when there is one without a break.
    pub(crate) since: Option<Timestamp>,
}

pub(crate) async fn set_problem(
    tx: &Tx,
    id: Uuid,
    problem: Option<&StoredProblem>,
) -> Result<(), Error> {
    use upstreams::{Column, Entity};
    let text = problem.map(|problem| problem.text.clone());
    let since = problem.and_then(|problem| problem.since);
    Entity::update_many()
        .col_expr(Column::Problem, Expr::value(text))
        .col_expr(Column::ProblemStage, Expr::value(stage(problem)))
        .col_expr(Column::ProblemSince, Expr::value(since))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Asks for one more listing. Gives its number.
pub(crate) async fn ask_listing(tx: &Tx, id: Uuid) -> Result<u64, Error> {
    use upstreams::{Column, Entity};
    let rows = Entity::update_many()
        .col_expr(Column::ListingAsked, Expr::col(Column::ListingAsked).add(1))
        .filter(Column::Id.eq(id))
        .exec_with_returning(tx)
        .await?;
    let row = rows.first();
    let asked = row.and_then(|row| u64::try_from(row.listing_asked).ok());
    asked.ok_or_else(|| Error::Unreadable(format!("the listing of upstream {id}")))
}

/// Edges report in no order: one of an older listing takes nothing back.
pub(crate) async fn set_listed(tx: &Tx, id: Uuid, listing: u64) -> Result<(), Error> {
    use upstreams::{Column, Entity};
    let listing = i64::try_from(listing).unwrap_or(i64::MAX);
    Entity::update_many()
        .col_expr(Column::ListingDone, Expr::value(listing))
        .filter(Column::Id.eq(id))
        .filter(Column::ListingDone.lt(listing))
        .exec(tx)
        .await?;
    Ok(())
}

pub(super) fn stage(problem: Option<&StoredProblem>) -> Option<String> {
    let stage = problem?.stage?;
    Some(stage.as_str().to_owned())
}
