//! `ostia migrate`: the database brought up to this version.

use crate::{config::Settings, data_dir::DataDir, failure::Failure, output::Output};
use serde::Serialize;

#[derive(Serialize)]
struct Migrated {
    /// Steps that were run; none when the database was up to date.
    applied: usize,
}

pub(crate) async fn run(settings: &Settings, output: Output) -> Result<(), Failure> {
    DataDir::prepare(&settings.data_dir)?;
    let applied = ostia_migrations::up(&settings.database_url)
        .await
        .map_err(|error| Failure::new("cannot migrate the database").because(&error))?;
    let migrated = Migrated {
        applied: applied.steps,
    };
    output.result(&migrated, |migrated| match migrated.applied {
        0 => "the database was up to date".to_owned(),
        steps => format!("the database is up to date ({steps} steps)"),
    })
}
