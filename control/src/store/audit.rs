//! Audit events: writing one for a change, and reading all.

pub(crate) mod arguments;
pub(crate) mod of_key;
pub(super) mod prune;
mod stretches;
mod verify;
mod wanted;

pub(crate) use prune::{oldest, prune};
pub(crate) use stretches::Stretch;
pub(crate) use verify::{Known, Problem, Progress, What, Writer, compare, verify};
pub(crate) use wanted::Wanted;

pub(crate) use super::chain::Kind;
use super::{
    Error, Tx,
    cells::Cells,
    chain::{Appender, Canonical, Form},
    entity::audit_events::{Column, Entity, Model},
    page::{Ask, Page},
};
use crate::authority::With;
use ostia_domain::{clock::Timestamp, code::Code, usage::Outcome};
use sea_orm::{
    Condition, ConnectionTrait, EntityTrait, IntoActiveModel as _, QueryFilter, QueryOrder,
    QuerySelect, prelude::*,
};
use std::cmp::Reverse;

pub(crate) type AuditEvent = Model;

/// A change that was made, or a call that was refused, as audit tells it.
pub(crate) struct NewChange<'a> {
    pub(crate) at: Timestamp,
    pub(crate) request_id: Uuid,
    pub(crate) actor: &'a str,
    /// Who acts, where it is a user.
    pub(crate) user: Option<Uuid>,
    pub(crate) with: &'a With,
    /// `<resource>.<verb>`.
    pub(crate) action: &'static str,
    pub(crate) target: &'a str,
    /// It was not done, and this was answered.
    pub(crate) refused: Option<Code>,
    /// An object without secrets.
    pub(crate) detail: Json,
}

pub(super) async fn insert_change(
    tx: &Tx,
    appender: &mut Appender,
    change: NewChange<'_>,
) -> Result<(), Error> {
    let mut event = Model {
        id: Uuid::now_v7(),
        at_us: change.at.timestamp_micros(),
        request_id: change.request_id,
        actor: change.actor.to_owned(),
        key_id: change.with.key,
        user_id: change.user,
        action: change.action.to_owned(),
        target: Some(change.target.to_owned()),
        outcome: outcome(change.refused).as_str().to_owned(),
        error: change.refused.map(|code| code.as_str().to_owned()),
        rule: None,
        arguments_digest: None,
        duration_us: 0,
        remote_address: change.with.address.map(|address| address.to_string()),
        client: change.with.client.clone(),
        detail: Some(change.detail.to_string()),
        kind: Kind::Change.number(),
        request_bytes: None,
        result_bytes: None,
        upstream_status: None,
        writer: None,
        seq: None,
        previous: None,
        hash: None,
    };
    let mut canonical = Canonical::default();
    let form = cells(&mut canonical, &event);
    let place = appender.place(form, &canonical);
    event.writer = Some(place.writer);
    event.seq = Some(place.seq);
    event.previous = Some(place.previous.to_vec());
    event.hash = Some(place.hash.to_vec());
    let row = event.into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(tx).await?;
    appender.save(tx).await
}

/// As an edge calls it when it refuses somebody.
fn outcome(refused: Option<Code>) -> Outcome {
    match refused {
        None => Outcome::Ok,
        Some(Code::Forbidden) => Outcome::Denied,
        Some(_) => Outcome::Unauthenticated,
    }
}

/// What of an event its hash covers, in the order of the columns. `records.rs` has the same for calls.
fn cells(cells: &mut impl Cells, event: &AuditEvent) -> Form {
    cells.uuid(Some(event.id));
    cells.number(event.at_us);
    cells.uuid(Some(event.request_id));
    cells.text(Some(&event.actor));
    cells.uuid(event.key_id);
    cells.uuid(event.user_id);
    cells.text(Some(&event.action));
    cells.text(event.target.as_deref());
    cells.text(Some(&event.outcome));
    cells.text(event.error.as_deref());
    cells.text(event.rule.as_deref());
    cells.optional_bytes(event.arguments_digest.as_deref());
    cells.number(event.duration_us);
    cells.text(event.remote_address.as_deref());
    cells.text(event.client.as_deref());
    cells.text(event.detail.as_deref());
    cells.number(event.kind.into());
    let sizes = [event.request_bytes, event.result_bytes];
    let rest = sizes
        .into_iter()
        .chain([event.upstream_status.map(Into::into)]);
    if rest.clone().all(|value| value.is_none()) {
        return Form::First;
    }
    for value in rest {
        cells.optional_number(value);
    }
    Form::Sized
}

/// Newest first.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    wanted: &Wanted,
    ask: Ask,
) -> Result<Page<AuditEvent>, Error> {
    let mut ids = Vec::new();
    for condition in wanted::conditions(wanted) {
        let after = ask.after.map(|after| Column::Id.lt(after));
        let query = found(condition.add_option(after))
            .order_by_desc(Column::Id)
            .limit(ask.limit());
        ids.extend(query.into_tuple::<Uuid>().all(db).await?);
    }
    ids.sort_unstable_by_key(|id| Reverse(*id));
    ids.dedup();
    ids.truncate(usize::try_from(ask.limit()).unwrap_or(usize::MAX));
    let rows = Entity::find().filter(Column::Id.is_in(ids));
    let rows = rows.order_by_desc(Column::Id).all(db).await?;
    Ok(ask.page(rows, |row| row.id))
}

/// Ids alone, which an index has with what it is searched for: rows are read when it is known which.
fn found(condition: Condition) -> Select<Entity> {
    Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(condition)
}

/// Oldest first, from one on.
pub(crate) async fn list_after(
    db: &impl ConnectionTrait,
    wanted: &Wanted,
    after: Uuid,
    size: u64,
) -> Result<Vec<AuditEvent>, Error> {
    let mut ids = Vec::new();
    for condition in wanted::conditions(wanted) {
        let query = found(condition.add(Column::Id.gt(after)))
            .order_by_asc(Column::Id)
            .limit(size);
        ids.extend(query.into_tuple::<Uuid>().all(db).await?);
    }
    ids.sort_unstable();
    ids.dedup();
    ids.truncate(usize::try_from(size).unwrap_or(usize::MAX));
    let rows = Entity::find().filter(Column::Id.is_in(ids));
    Ok(rows.order_by_asc(Column::Id).all(db).await?)
}
