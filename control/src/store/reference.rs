//! How people name an object: by its id, or by its name.

use sea_orm::prelude::*;

pub(super) fn by<C: ColumnTrait>(reference: &str, id: C, name: C) -> Expr {
    match Uuid::try_parse(reference) {
        Ok(uuid) => id.eq(uuid),
        // PostgreSQL fails on such a text instead of finding nothing.
        Err(_) if reference.contains('\0') => Expr::value(false),
        Err(_) => name.eq(reference),
    }
}
