//! `ostia backup` and `ostia restore`: everything in the database as one file, and back.

use super::{
    confirm::Confirmation,
    connect::actor,
    show::MOMENT,
    table::{Table, fields},
};
use crate::{
    config::{Secrets, Settings},
    data_dir::{DataDir, private},
    failure::Failure,
    output::{self, Output},
    run::control,
};
use ostia_control::{
    Refilled,
    backup::{Summary, inspect},
};
use ostia_domain::code::Code;
use ostia_proto::{ControlClient, v1};
use serde::Serialize;
use std::{
    fs::{self, File},
    io::{BufReader, Write as _},
    ops::ControlFlow,
    path::{Path, PathBuf},
};
use tonic::Streaming;

#[derive(clap::Args)]
pub(crate) struct BackupArgs {
    /// Where to write it, for this user alone; - is stdout. A file that is there stays as it is
    file: PathBuf,
}

#[derive(clap::Args)]
pub(crate) struct RestoreArgs {
    /// What `ostia backup` wrote
    file: PathBuf,
    /// Only check that the file is whole
    #[arg(long, conflicts_with = "replace")]
    check: bool,
    /// Remove everything that the database has
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    confirmation: Confirmation,
}

/// A backup and where it is.
#[derive(Serialize)]
struct Report<'a> {
    file: &'a Path,
    #[serde(flatten)]
    summary: Summary,
}

pub(crate) async fn create(
    args: BackupArgs,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let request = v1::CreateBackupRequest {};
    if args.file.as_os_str() == "-" {
        let mut parts = control.backup().create_backup(request).await?.into_inner();
        while let Some(part) = parts.message().await? {
            let text = String::from_utf8_lossy(&part.text);
            if output::pour(&text)? == ControlFlow::Break(()) {
                return Ok(());
            }
        }
        return Ok(());
    }
    let path = &args.file;
    if path.exists() {
        return Err(
            Failure::usage(format!("{} is there already", path.display()))
                .hint("name another file"),
        );
    }
    let parts = control.backup().create_backup(request).await?.into_inner();
    // Nothing has the name of a backup that is not one.
    let mut partial = path.clone().into_os_string();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let written = receive(parts, &partial).await;
    let moved = written.and_then(|summary| {
        fs::rename(&partial, path).map_err(|error| unwritable(path, &error))?;
        Ok(summary)
    });
    if moved.is_err() {
        let _ = fs::remove_file(&partial);
    }
    let report = Report {
        file: path,
        summary: moved?,
    };
    output.result(&report, Report::text)
}

async fn receive(mut parts: Streaming<v1::BackupPart>, partial: &Path) -> Result<Summary, Failure> {
    let mut file = private(partial, true).map_err(|error| unwritable(partial, &error))?;
    while let Some(part) = parts.message().await? {
        file.write_all(&part.text)
            .map_err(|error| unwritable(partial, &error))?;
    }
    file.sync_all()
        .map_err(|error| unwritable(partial, &error))?;
    // What is on the disk is what counts.
    check(partial)
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot write {}", path.display())).because(error)
}

fn open(path: &Path) -> Result<BufReader<File>, Failure> {
    let file = File::open(path).map_err(|error| {
        Failure::usage(format!("cannot read {}", path.display())).because(&error)
    })?;
    Ok(BufReader::with_capacity(1 << 20, file))
}

fn check(path: &Path) -> Result<Summary, Failure> {
    inspect(open(path)?).map_err(|damage| Failure {
        code: Some(Code::BackupInvalid),
        ..Failure::new(format!("{}: {damage}", path.display()))
            .hint("use another backup: nothing of this one was used")
    })
}

pub(crate) async fn restore(
    args: RestoreArgs,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let path = &args.file;
    // A damaged file is not worth a stop of control.
    let summary = check(path)?;
    if !args.check {
        if settings.endpoint.url.is_some() {
            let problem = "a backup is restored into a database that no control runs on";
            return Err(Failure::usage(problem).hint(
                "stop control, run this where its database is, and leave out --control-url",
            ));
        }
        let data = DataDir::prepare(&settings.data_dir)?;
        // Nor does one start meanwhile.
        let _lock = data.lock("control").map_err(|failure| Failure {
            code: Some(Code::RestoreRefused),
            ..failure
        })?;
        if args.replace {
            args.confirmation
                .demand("Remove everything that the database has?")?;
        }
        let secrets = Secrets::of_control(settings).await?;
        let config = control::config(settings, &secrets).map_err(|failure| {
            failure.hint("put the secrets.toml of that installation into the data folder first")
        })?;
        control::migrate(settings, &data).await?;
        let file = open(path)?;
        let refilled = if args.replace {
            Refilled::Always
        } else {
            Refilled::OnlyIfEmpty
        };
        ostia_control::restore(&config, file, refilled, &actor())
            .await
            .map_err(|error| Failure {
                code: Some(error.code()),
                ..Failure::new(path.display().to_string()).because(&error)
            })?;
    }
    let report = Report {
        file: path,
        summary,
    };
    output.result(&report, Report::text)
}

impl Report<'_> {
    fn text(&self) -> String {
        let header = &self.summary.header;
        let facts = fields([
            ("file", self.file.display().to_string()),
            ("made", header.created_at.format(MOMENT).to_string()),
            ("by ostia", header.product_version.clone()),
            ("schema", header.schema.clone()),
            ("master keys", header.master_keys.join(", ")),
            ("rows", self.summary.rows.to_string()),
            ("sha256", self.summary.sha256.clone()),
        ]);
        let tables = self.summary.tables.iter();
        let rows = tables
            .filter(|table| table.rows > 0)
            .map(|table| [table.table.clone(), table.rows.to_string()]);
        let tables = Table::new(["TABLE", "ROWS"], "no tables").rows(rows).text();
        format!("{facts}\n\n{tables}")
    }
}
