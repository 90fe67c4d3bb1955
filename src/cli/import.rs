//! `ostia upstreams import`: the servers of a file that another program wrote.

use super::{table::Table, upstreams};
use crate::{
    config,
    failure::{Exit, Failure},
    output::Output,
};
use ostia_domain::{
    client_file::{self, Entry, Skipped},
    code::Code,
};
use ostia_proto::{ControlClient, v1};
use serde::Serialize;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The file of Claude Desktop, Cursor (.cursor/mcp.json), VS Code (.vscode/mcp.json) or another
    /// program that writes the same form
    file: PathBuf,
}

#[derive(Default, Serialize)]
struct Report {
    imported: Vec<Imported>,
    skipped: Vec<Skipped>,
}

#[derive(Serialize)]
struct Imported {
    name: String,
    /// What the file calls it.
    source_name: String,
}

pub(crate) async fn run(
    args: Args,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let text = config::read_named("FILE", &args.file)?;
    let entries = client_file::read(&text, &config::environment_variable)
        .map_err(|problem| Failure::usage(format!("{}: {problem}", args.file.display())))?;
    let mut report = Report::default();
    for entry in entries {
        match import(entry, control).await? {
            Ok(imported) => report.imported.push(imported),
            Err(skipped) => report.skipped.push(skipped),
        }
    }
    output.result(&report, Report::text)?;
    if report.imported.is_empty() && !report.skipped.is_empty() {
        return Err(Failure::new("nothing was imported").hint("the list above says why"));
    }
    Ok(())
}

/// One server; a reason to leave it out is no reason to leave out the others.
async fn import(
    entry: Result<Entry, Skipped>,
    control: &ControlClient,
) -> Result<Result<Imported, Skipped>, Failure> {
    let entry = match entry {
        Ok(entry) => entry,
        Err(skipped) => return Ok(Err(skipped)),
    };
    let Entry {
        source_name,
        name,
        transport,
    } = entry;
    let skip = |reason: String| Skipped {
        source_name: source_name.clone(),
        reason,
    };
    let definition = v1::UpstreamDefinition {
        name: name.to_string(),
        transport: Some(transport.into()),
        ..v1::UpstreamDefinition::default()
    };
    match upstreams::add(control, definition).await {
        Ok(_) => Ok(Ok(Imported {
            name: name.into(),
            source_name: source_name.clone(),
        })),
        Err(failure) if failure.code == Some(Code::AlreadyExists) => {
            Ok(Err(skip(format!("there is an upstream {name} already"))))
        }
        Err(failure) if failure.exit == Exit::Failed && failure.code.is_some() => {
            Ok(Err(skip(failure.message)))
        }
        Err(failure) => Err(failure),
    }
}

impl Report {
    fn text(&self) -> String {
        let imported = self
            .imported
            .iter()
            .map(|one| [one.source_name.clone(), format!("imported as {}", one.name)]);
        let skipped = self
            .skipped
            .iter()
            .map(|one| [one.source_name.clone(), format!("left out: {}", one.reason)]);
        Table::new(["SERVER", "RESULT"], "the file has no servers")
            .rows(imported.chain(skipped))
            .text()
    }
}
