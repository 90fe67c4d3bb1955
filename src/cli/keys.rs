//! `ostia keys`: API keys.

mod allowances;
mod create;
mod events;
mod exchange;
mod find;
mod list;
mod restrictions;
mod update;
mod view;

use self::allowances::Shown;
use super::{confirm::Confirmation, span};
use crate::{failure::Failure, output::Output};
use clap::Subcommand;
pub(crate) use find::find;
use ostia_proto::{ControlClient, v1};
use std::time::Duration;
use view::{Key, Minted};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List keys, newest first
    List(list::Args),
    /// Make a key; its secret is shown once
    Create(Box<create::Args>),
    /// Rename a key, or change what it is held to; what is not named stays
    Update(Box<update::Args>),
    /// Get an access token of 15 minutes for a key; the whole key is in `OSTIA_API_KEY` or read from standard input
    Exchange,
    /// Show what was done to a key, and who used it last
    Events(events::Args),
    /// Revoke a key that was found where it should not be; the whole key is read from standard input
    ReportLeaked,
    /// Show one key, its secrets' ends, and what is left of its quotas
    Show(Named),
    /// Refuse the key until it is activated again
    Inactivate(Named),
    /// Accept an inactive key again
    Activate(Named),
    /// Give the key a new secret; the ones before still work for a while
    Rotate {
        #[command(flatten)]
        key: Named,
        /// How long they still work, as 24h; 0s ends them now
        #[arg(long, default_value = "24h", value_parser = span::parse, value_name = "TIME")]
        overlap: Duration,
    },
    /// End the key for good; it stays in lists and in audit
    Revoke {
        #[command(flatten)]
        key: Named,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Remove the key; usage and audit keep its name
    Delete {
        #[command(flatten)]
        key: Named,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

#[derive(clap::Args)]
pub(crate) struct Named {
    /// Its id, public id (the start of the key), or name
    key: String,
}

pub(crate) async fn run(
    command: Command,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    match command {
        Command::List(args) => list::run(args, control, output).await,
        Command::Create(args) => create::run(*args, control, output).await,
        Command::Update(args) => update::run(*args, control, output).await,
        Command::ReportLeaked => report_leaked(control, output).await,
        Command::Exchange => exchange::run(control, output).await,
        Command::Events(args) => events::run(args, control, output).await,
        Command::Show(key) => {
            let shown = allowances::of(control, find(control, key.key).await?).await?;
            output.result(&shown, Shown::text)
        }
        Command::Inactivate(key) => {
            let key = find(control, key.key).await?.id;
            let request = v1::InactivateKeyRequest { key };
            show(
                control.keys().inactivate_key(request).await?.into_inner(),
                output,
            )
        }
        Command::Activate(key) => {
            let key = find(control, key.key).await?.id;
            let request = v1::ActivateKeyRequest { key };
            show(
                control.keys().activate_key(request).await?.into_inner(),
                output,
            )
        }
        Command::Rotate { key, overlap } => {
            let request = v1::RotateKeyRequest {
                key: find(control, key.key).await?.id,
                overlap_seconds: overlap.as_secs(),
            };
            let rotated = control.keys().rotate_key(request).await?.into_inner();
            let minted = Minted::new(rotated.key, rotated.secret)?;
            output.result(&minted, Minted::text)
        }
        Command::Revoke { key, confirmation } => {
            let key = find(control, key.key).await?;
            confirmation.demand(&format!("Revoke the key {:?} for good?", key.name))?;
            let request = v1::RevokeKeyRequest { key: key.id };
            show(
                control.keys().revoke_key(request).await?.into_inner(),
                output,
            )
        }
        Command::Delete { key, confirmation } => {
            delete(key.key, confirmation, control, output).await
        }
    }
}

fn show(key: v1::Key, output: Output) -> Result<(), Failure> {
    output.result(&Key::from(key), Key::text)
}

async fn report_leaked(control: &ControlClient, output: Output) -> Result<(), Failure> {
    let key = exchange::from_standard_input()?.expose().to_owned();
    let request = v1::ReportLeakedKeyRequest { key };
    let answer = control.keys().report_leaked_key(request).await?;
    let revoked = serde_json::json!({ "revoked": answer.into_inner().key });
    output.result(&revoked, |revoked| {
        format!("revoked {}", revoked["revoked"])
    })
}

async fn delete(
    key: String,
    confirmation: Confirmation,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let key = find(control, key).await?;
    confirmation.demand(&format!(
        "Delete the key {:?}? `ostia keys revoke` would end it and keep its row.",
        key.name
    ))?;
    let request = v1::DeleteKeyRequest {
        key: key.id.clone(),
    };
    control.keys().delete_key(request).await?;
    let deleted = serde_json::json!({ "deleted": key.id });
    output.result(&deleted, |_| format!("deleted {}", key.name))
}
