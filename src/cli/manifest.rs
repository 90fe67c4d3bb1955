//! `ostia apply` and `ostia export`: an installation as one file.

mod credential;
mod difference;
mod file;
mod read;
mod reference;
mod write;

use super::{confirm::Confirmation, show::count};
use crate::{
    failure::{Exit, Failure},
    output::{self, Output},
};
use difference::Difference;
use ostia_proto::{ControlClient, v1};
use read::Manifest;
use std::{
    fs,
    path::{Path, PathBuf},
};

#[derive(clap::Args)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(crate) struct ApplyArgs {
    /// The manifest, YAML; - is stdin
    #[arg(long, short, value_name = "FILE")]
    file: PathBuf,
    /// Say what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run: end with exit code 5 when something would change
    #[arg(long, requires = "dry_run")]
    exit_code: bool,
    /// Also remove what an earlier apply made and the manifest does not name
    #[arg(long)]
    prune: bool,
    #[command(flatten)]
    confirmation: Confirmation,
}

#[derive(clap::Args)]
pub(crate) struct ExportArgs {
    /// Where to write it [default: stdout]
    #[arg(long, short, value_name = "FILE")]
    file: Option<PathBuf>,
}

pub(crate) async fn apply(
    args: ApplyArgs,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let manifest = Manifest::read(&args.file)?;
    let ask = async |dry_run| {
        let request = v1::ApplyManifestRequest {
            manifest: Some(manifest.message.clone()),
            dry_run,
            prune: args.prune,
        };
        let answer = control.manifest().apply_manifest(request).await;
        let answer = answer.map_err(|status| manifest.at_its_line(status.into()))?;
        Ok::<_, Failure>(Difference::of(answer.into_inner(), dry_run))
    };
    if args.dry_run {
        let difference = ask(true).await?;
        output.result(&difference, Difference::text)?;
        return match difference.count() {
            changes if args.exit_code && changes > 0 => Err(Failure {
                exit: Exit::Changes,
                ..Failure::new(format!(
                    "{} not as the manifest says",
                    count(changes, "object is", "objects are")
                ))
            }),
            _ => Ok(()),
        };
    }
    if args.prune && !args.confirmation.given() {
        let difference = ask(true).await?;
        let removed = difference.removed();
        if removed > 0 {
            output.remark(&difference.text());
            args.confirmation
                .demand(&format!("Remove {}?", count(removed, "object", "objects")))?;
        }
    }
    let difference = ask(false).await?;
    output.result(&difference, Difference::text)
}

pub(crate) async fn export(
    args: ExportArgs,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let request = v1::ExportManifestRequest {};
    let answer = control.manifest().export_manifest(request).await?;
    let file = file::File::from(answer.into_inner());
    let needed = file.references();
    let Some(path) = &args.file else {
        return if output.is_json() {
            output.result(&file, |_| String::new())
        } else {
            output::pour(&write::yaml(&file)?).map(drop)
        };
    };
    save(path, &write::yaml(&file)?)?;
    let written = serde_json::json!({ "file": path, "needs": needed });
    output.result(&written, |_| match needed.len() {
        0 => format!("wrote {}", path.display()),
        variables => format!(
            "wrote {}; elsewhere it needs {}, which its head lists",
            path.display(),
            count(variables, "variable", "variables")
        ),
    })
}

fn save(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text)
        .map_err(|error| Failure::new(format!("cannot write {}", path.display())).because(&error))
}
