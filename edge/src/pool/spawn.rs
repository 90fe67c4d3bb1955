//! The only place that starts a worker process.

use crate::config::inherited_environment;
use ostia_domain::upstream;
use std::{io, path::Path, process::Stdio};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

/// A process that was started, with its pipes taken.
pub(super) struct Spawned {
    pub child: Child,
    /// Also the id of the process group, which holds whatever the worker itself starts.
    pub pid: u32,
    pub stdin: ChildStdin,
    pub stdout: ChildStdout,
    pub stderr: ChildStderr,
}

/// Starts the upstream's program with an environment built from nothing, in a process group of its
/// own, so that a wrapper (`npx`, `uvx`, `sh`) and what it started can be ended together.
#[allow(clippy::disallowed_methods, reason = "this is the place")]
pub(super) fn spawn(
    definition: &upstream::Command,
    demo: bool,
    own_program: &Path,
) -> io::Result<Spawned> {
    // The demo upstream is this very program, wherever it lies today.
    let program = if demo {
        own_program.as_os_str()
    } else {
        definition.program.as_ref()
    };
    let mut command = Command::new(program);
    command
        .args(&definition.args)
        .env_clear()
        .envs(inherited_environment())
        .envs(
            definition
                .env
                .iter()
                .map(|(name, value)| (name, value.expose())),
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    if let Some(cwd) = &definition.cwd {
        command.current_dir(cwd);
    }
    let mut child = command.spawn()?;
    let lost = || io::Error::other("the new process has no pipes");
    Ok(Spawned {
        pid: child.id().ok_or_else(lost)?,
        stdin: child.stdin.take().ok_or_else(lost)?,
        stdout: child.stdout.take().ok_or_else(lost)?,
        stderr: child.stderr.take().ok_or_else(lost)?,
        child,
    })
}

/// Starts the guard, which outlives this process by an instant.
#[allow(clippy::disallowed_methods, reason = "this is the place")]
pub(super) fn spawn_guard(own_program: &Path) -> io::Result<std::process::Child> {
    use std::os::unix::process::CommandExt as _;
    std::process::Command::new(own_program)
        .arg("worker-guard")
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // A Ctrl-C at the terminal must not reach it.
        .process_group(0)
        .spawn()
}
