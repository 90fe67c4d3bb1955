//! The command line.

mod apart;
mod backup;
mod bundles;
mod complete;
mod completions;
mod configuration;
mod confirmation;
mod credentials;
mod demo;
mod doctor;
mod first_start;
mod import;
mod keys;
mod manifest;
mod plans;
mod policies;
mod records;
mod settings;
mod split;
mod stdio;
mod stop;
mod telemetry;
mod terminal;
mod upstreams;
mod vault;

use crate::harness::{
    command::{self, Finished, command},
    environment,
};
use serde_json::Value;
use std::path::Path;
use tempfile::TempDir;

/// Exit codes as `ostia --help` lists them.
const FAILED: Option<i32> = Some(1);
const USAGE: Option<i32> = Some(2);
const UNREACHABLE: Option<i32> = Some(3);
const NOT_FOUND: Option<i32> = Some(4);

/// `ostia <args>` in a folder that holds nothing but what the test put there.
async fn ostia(folder: &Path, args: &[&str]) -> Finished {
    ostia_with(folder, args, &[]).await
}

async fn ostia_with(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> Finished {
    let mut command = command(environment::OSTIA);
    command
        .args(args)
        .envs(env.iter().copied())
        .current_dir(folder);
    command::run(command).await
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// The error that `--json` puts on stderr.
fn error(finished: &Finished) -> Value {
    let line = finished.stderr.lines().last().unwrap_or_default();
    let value: Value =
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {finished:#?}"));
    value["error"].clone()
}

/// Every text under this name in a list of objects.
fn texts<'a>(list: &'a Value, name: &str) -> Vec<&'a str> {
    let items = list.as_array().expect("a list");
    items
        .iter()
        .filter_map(|item| item[name].as_str())
        .collect()
}
