//! Which user somebody is whom a provider knows: by issuer and subject, and by nothing else.

use super::{
    Error, Tx,
    entity::{group_members, groups, identity_links},
};
use ostia_domain::clock::Timestamp;
use sea_orm::{ActiveValue::Set, EntityTrait, QueryFilter, prelude::*};

pub(crate) async fn find(tx: &Tx, issuer: &str, subject: &str) -> Result<Option<Uuid>, Error> {
    let key = (issuer.to_owned(), subject.to_owned());
    let row = identity_links::Entity::find_by_id(key).one(tx).await?;
    Ok(row.map(|row| row.user_id))
}

pub(crate) async fn insert(
    tx: &Tx,
    issuer: &str,
    subject: &str,
    user_id: Uuid,
    now: Timestamp,
) -> Result<(), Error> {
    let row = identity_links::ActiveModel {
        issuer: Set(issuer.to_owned()),
        subject: Set(subject.to_owned()),
        user_id: Set(user_id),
        created_at: Set(now),
    };
    identity_links::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Of these names those that are groups here.
pub(crate) async fn groups_named(tx: &Tx, names: &[String]) -> Result<Vec<(Uuid, String)>, Error> {
    let mut found = Vec::new();
    // Far below the parameters that a database takes in one statement.
    for names in names.chunks(1_000) {
        let rows = groups::Entity::find()
            .filter(groups::Column::Name.is_in(names))
            .all(tx)
            .await?;
        found.extend(rows.into_iter().map(|row| (row.id, row.name)));
    }
    Ok(found)
}

/// The groups that a user is in because this issuer says so become these. Memberships that people gave, and
/// those of other issuers, stay. Whether anything changed.
pub(crate) async fn give_groups(
    tx: &Tx,
    user_id: Uuid,
    issuer: &str,
    wanted: &[Uuid],
) -> Result<bool, Error> {
    use group_members::{ActiveModel, Column, Entity};
    let present = Entity::find()
        .filter(Column::UserId.eq(user_id))
        .all(tx)
        .await?;
    let mut changed = false;
    for row in &present {
        let of_issuer = row.issuer.as_deref() == Some(issuer);
        if of_issuer && !wanted.contains(&row.group_id) {
            Entity::delete_by_id((row.group_id, user_id))
                .exec(tx)
                .await?;
            changed = true;
        }
    }
    for group_id in wanted {
        if present.iter().any(|row| row.group_id == *group_id) {
            continue;
        }
        let row = ActiveModel {
            group_id: Set(*group_id),
            user_id: Set(user_id),
            issuer: Set(Some(issuer.to_owned())),
        };
        Entity::insert(row).exec_without_returning(tx).await?;
        changed = true;
    }
    Ok(changed)
}
