//! A database filled from a backup, by itself: no control runs on it meanwhile.

use super::fingerprint;
use crate::{
    backup::{Cell, Part, Reader, Summary, inspect},
    config::Config,
    error::{Error, Kind, Result},
    op::{Detail, Op, Touched},
    store::{
        self, Store, Tx,
        backup::{
            Table, bump_revisions, clear, first_with_rows, insert, is_open_elsewhere, lock, tables,
        },
        schema,
    },
    vault::{self, Vault},
};
use std::io::{BufRead, Seek};
use tokio::sync::Notify;

/// Rows that are written together.
const BATCH: usize = 500;

/// Whether a database that holds something may be emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refilled {
    OnlyIfEmpty,
    Always,
}

/// Fills a migrated database with what a backup has, all of it or nothing, and says what that was. The
/// backup is read to its end before anything is written.
///
/// Refused with `restore-refused` while a control has the database open, where it holds something and was
/// not to be emptied, and where the master keys and the pepper of `config` are not those that the backup
/// needs; with `backup-invalid` where the file is damaged or of another schema.
pub async fn restore(
    config: &Config,
    mut from: impl BufRead + Seek + Send,
    refilled: Refilled,
    actor: &str,
) -> Result<Summary> {
    let summary =
        inspect(&mut from).map_err(|damage| Error(Kind::BackupInvalid(damage.to_string())))?;
    let vault = Vault::new(&config.master_keys)?;
    check(&summary, config, &vault)?;
    from.rewind()
        .map_err(|error| Error(Kind::BackupInvalid(error.to_string())))?;
    let store = Store::open_alone(&config.database_url).await?;
    let filled = fill(&store, &vault, from, &summary, refilled, actor).await;
    store.close().await;
    filled.map(|()| summary)
}

fn check(summary: &Summary, config: &Config, vault: &Vault) -> Result<()> {
    let header = &summary.header;
    if header.schema != schema::NEWEST {
        return Err(Error(Kind::BackupInvalid(format!(
            "it has the schema {} of Ostia {}, and this is {} of {}: restore it with that version, \
             and migrate then",
            header.schema,
            header.product_version,
            schema::NEWEST,
            env!("CARGO_PKG_VERSION"),
        ))));
    }
    if header.key_pepper != fingerprint(&config.key_pepper) {
        return Err(refused(
            "the API keys in it were hashed with another pepper, and none would work: put the \
             secrets.toml of that installation into the data folder, or set OSTIA_KEY_PEPPER",
        ));
    }
    let known: Vec<_> = vault.key_ids().map(|id| id.to_string()).collect();
    let missing = header.master_keys.iter().filter(|id| !known.contains(id));
    let missing: Vec<_> = missing.map(String::as_str).collect();
    if !missing.is_empty() {
        return Err(refused(format!(
            "values in it are sealed with the master key {}, which is not here",
            missing.join(", ")
        )));
    }
    Ok(())
}

fn refused(problem: impl Into<String>) -> Error {
    Error(Kind::RestoreRefused(problem.into()))
}

async fn fill(
    store: &Store,
    vault: &Vault,
    from: impl BufRead + Send,
    summary: &Summary,
    refilled: Refilled,
    actor: &str,
) -> Result<()> {
    let running =
        || refused("a control has this database open: stop it first, and every other one");
    if is_open_elsewhere(store.db()).await? {
        return Err(running());
    }
    let op = Op::new(actor.to_owned());
    let wake = Notify::new();
    let change = op.change(store, &wake, "backup.restore").await?;
    let tx = change.tx();
    lock(tx).await?;
    // One may have started between.
    if is_open_elsewhere(tx).await? {
        return Err(running());
    }
    let tables = tables(tx).await?;
    if refilled == Refilled::OnlyIfEmpty
        && let Some(table) = first_with_rows(tx, &tables).await?
    {
        return Err(refused(format!(
            "the database holds something already, in the table {}: restore into an empty one, or \
             replace everything with --replace",
            table.name
        )));
    }
    let seen = store::revisions::current(tx).await?;
    clear(tx, &tables).await?;
    fill_tables(tx, &tables, from).await?;
    bump_revisions(tx, seen.snapshot, seen.keys).await?;
    open_everything(tx, vault).await?;
    let detail = Detail::done()
        .with("created_at", summary.header.created_at.to_rfc3339())
        .with("rows", summary.rows);
    change
        .commit(&summary.sha256, detail, Touched::Nothing)
        .await
}

async fn fill_tables(tx: &Tx, tables: &[Table], from: impl BufRead + Send) -> Result<()> {
    let invalid = |problem: String| Error(Kind::BackupInvalid(problem));
    let damaged = |damage: crate::backup::Damage| Error(Kind::BackupInvalid(damage.to_string()));
    let mut reader = Reader::open(from).map_err(damaged)?;
    let mut current: Option<&Table> = None;
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    while let Some(part) = reader.next().map_err(damaged)? {
        let write = match part {
            Part::Table { name, columns } => {
                let same = |table: &&Table| table.name == name && table.columns() == columns;
                let Some(table) = tables.iter().find(same) else {
                    return Err(invalid(format!(
                        "there is no table {name} with these columns in the database"
                    )));
                };
                current = Some(table);
                false
            }
            Part::Row(row) => {
                rows.push(row);
                rows.len() >= BATCH
            }
            Part::EndOfTable => true,
        };
        if write && let Some(table) = current {
            let rows = std::mem::take(&mut rows);
            let inserted = insert(tx, table, rows).await;
            let fits = inserted.map_err(|error| match error {
                store::Error::Taken | store::Error::Referenced => invalid(
                    reader
                        .damage(format!(
                            "a row of {} does not fit to the others",
                            table.name
                        ))
                        .to_string(),
                ),
                error => error.into(),
            })?;
            if !fits {
                let problem = format!("a number in {} is too large", table.name);
                return Err(damaged(reader.damage(problem)));
            }
        }
    }
    Ok(())
}

/// That ids agree does not say that values can be read.
async fn open_everything(tx: &Tx, vault: &Vault) -> Result<()> {
    for stored in store::upstreams::list(tx).await? {
        let upstream = &stored.upstream;
        for (name, sealed) in &stored.credentials {
            let slot = vault::slot(&upstream.transport, name);
            vault.open(upstream.id, &slot, sealed).map_err(|_| {
                refused(format!(
                    "the credential {:?} of the upstream {} opens with no master key that is here",
                    name.trim_start_matches('='),
                    upstream.name
                ))
            })?;
        }
    }
    Ok(())
}
