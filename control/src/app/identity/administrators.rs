//! Somebody must be left who may do everything; the service token alone is not for people.

use crate::{
    error::{Error, Result},
    store::{self, Tx},
};
use ostia_domain::user::{Kind, Role, User};

pub(super) async fn keep_an_administrator(tx: &Tx, user: &User) -> Result<()> {
    if !is_last_administrator(tx, user).await? {
        return Ok(());
    }
    Err(Error::conflict(format!(
        "{:?} is the last administrator who can sign in: make another one first",
        user.name
    )))
}

pub(super) async fn is_last_administrator(tx: &Tx, user: &User) -> Result<bool> {
    let person = user.kind == Kind::Person && user.enabled;
    Ok(person
        && user.role == Role::Administrator
        && store::identity::other_administrators(tx, user.id).await? == 0)
}
