//! `ostia vault`: the master keys that seal what upstreams are given.

use super::table::Table;
use crate::{failure::Failure, output::Output};
use clap::Subcommand;
use ostia_proto::{ControlClient, v1};
use serde::Serialize;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show how many values are sealed with which master key
    Status,
    /// Seal with the first master key what other ones sealed; nothing stops meanwhile
    Rotate,
}

#[derive(Serialize)]
struct MasterKey {
    id: String,
    /// `seals`, `opens`, or `missing`.
    #[serde(rename = "use")]
    used: &'static str,
    values: u64,
}

#[derive(Serialize)]
struct Rotated {
    key_id: String,
    resealed: u64,
    unopened: u64,
}

pub(crate) async fn run(
    command: Command,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let mut client = control.vault();
    match command {
        Command::Status => {
            let answer = client
                .get_vault_status(v1::GetVaultStatusRequest {})
                .await?;
            let keys = answer.into_inner().keys.into_iter();
            let keys: Vec<MasterKey> = keys.map(MasterKey::from).collect();
            output.result(&keys, |keys| table(keys))
        }
        Command::Rotate => {
            let answer = client.rotate_vault(v1::RotateVaultRequest {}).await?;
            let v1::RotateVaultResponse {
                key_id,
                resealed,
                unopened,
            } = answer.into_inner();
            let rotated = Rotated {
                key_id,
                resealed,
                unopened,
            };
            output.result(&rotated, Rotated::text)?;
            if unopened == 0 {
                return Ok(());
            }
            let problem = format!("{unopened} values open with none of the master keys");
            Err(Failure::new(problem).hint(
                "`ostia vault status` names the keys that are missing; give the upstreams in \
                 control's log their credentials again where there is no backup of them",
            ))
        }
    }
}

impl Rotated {
    fn text(&self) -> String {
        let Self {
            key_id, resealed, ..
        } = self;
        format!("{resealed} values were sealed anew with the master key {key_id}")
    }
}

impl From<v1::MasterKey> for MasterKey {
    fn from(key: v1::MasterKey) -> Self {
        let used = match key.r#use() {
            v1::MasterKeyUse::Seals => "seals",
            v1::MasterKeyUse::Opens => "opens",
            v1::MasterKeyUse::Missing | v1::MasterKeyUse::Unspecified => "missing",
        };
        Self {
            used,
            id: key.id,
            values: key.values,
        }
    }
}

fn table(keys: &[MasterKey]) -> String {
    let rows = keys
        .iter()
        .map(|key| [key.id.clone(), key.used.to_owned(), key.values.to_string()]);
    Table::new(["MASTER KEY", "USE", "VALUES"], "there is no master key")
        .rows(rows)
        .text()
}
