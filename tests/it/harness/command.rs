//! Starting programs from tests.

use super::environment;
use serde_json::Value;
use std::{ffi::OsStr, process::Stdio, time::Duration};
use tokio::process::Command;

/// Longer than any program here takes on a busy machine; a hang must fail, not stall the run.
const LIMIT: Duration = Duration::from_secs(120);

/// A program that does not see this process's configuration and does not outlive its handle.
#[allow(
    clippy::disallowed_methods,
    reason = "tests start programs; the ban protects the product's pool"
)]
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for name in environment::product_variables() {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// As [`command`], for the few places that cannot wait in a runtime.
#[allow(
    clippy::disallowed_methods,
    reason = "tests start programs; the ban protects the product's pool"
)]
pub(crate) fn std_command(program: impl AsRef<OsStr>) -> std::process::Command {
    std::process::Command::new(program)
}

/// What a program left behind.
#[derive(Debug)]
pub(crate) struct Finished {
    /// Unset: a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    /// Its standard output as JSON; fails with everything it said otherwise.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("not JSON ({error}): {self:#?}"))
    }

    /// Fails unless the program said that all went well.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }
}

/// Runs a program to its end.
pub(crate) async fn run(mut command: Command) -> Finished {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let described = format!("{command:?}");
    let output = tokio::time::timeout(LIMIT, command.output())
        .await
        .unwrap_or_else(|_| panic!("still running after {LIMIT:?}: {described}"))
        .unwrap_or_else(|error| panic!("cannot start {described}: {error}"));
    Finished {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The commands of `ostia` below one, as its help lists them.
pub(crate) async fn verbs(of: &[&str]) -> Vec<String> {
    let mut command = command(environment::OSTIA);
    command.args(of).arg("--help");
    let help = run(command).await.ok().stdout;
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed.take_while(|line| line.starts_with("  "));
    let verbs = listed.filter(|line| !line.starts_with("   "));
    let names = verbs.filter_map(|line| line.split_whitespace().next());
    names
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}
