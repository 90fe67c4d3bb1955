//! `ostia migrate`: the database brought up to this version.

use crate::{config::Settings, data_dir::DataDir, failure::Failure, output::Output, run::control};
use serde::Serialize;

#[derive(Serialize)]
struct Migrated {
    /// Steps that were run; none when the database was up to date.
    applied: usize,
}

pub(crate) async fn run(settings: &Settings, output: Output) -> Result<(), Failure> {
    let data = DataDir::prepare(&settings.data_dir)?;
    let migrated = Migrated {
        applied: control::migrate(settings, &data).await?,
    };
    output.result(&migrated, |migrated| match migrated.applied {
        0 => "the database was up to date".to_owned(),
        steps => format!("the database is up to date ({steps} steps)"),
    })
}
