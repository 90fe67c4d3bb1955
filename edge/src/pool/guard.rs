//! The worker guard: a small process that ends every worker when this one is gone.
//!
//! A process that is killed cannot tidy up, and a worker does not always notice that its stdin was
//! closed. The guard holds the other end of a pipe: it is told which process groups live, and when the
//! pipe closes, however that came about, it kills those that are left.

use super::{signal::kill_group, spawn::spawn_guard};
use crate::error::StartError;
use std::{
    collections::BTreeSet,
    io::{self, BufRead as _, Write as _},
    path::{Path, PathBuf},
    process::{Child, ExitCode},
    sync::{Mutex, PoisonError},
};

/// This side of the guard.
pub(crate) struct Guard {
    own_program: PathBuf,
    state: Mutex<State>,
}

struct State {
    child: Child,
    /// What a new guard must be told when this one was killed.
    groups: BTreeSet<u32>,
}

impl Guard {
    pub(crate) fn start(own_program: &Path) -> Result<Self, StartError> {
        let child = spawn_guard(own_program)
            .map_err(|error| StartError::Guard(own_program.display().to_string(), error))?;
        let state = Mutex::new(State {
            child,
            groups: BTreeSet::new(),
        });
        Ok(Self {
            own_program: own_program.to_owned(),
            state,
        })
    }

    pub(super) fn watch(&self, group: u32) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.groups.insert(group);
        self.tell(&mut state, &format!("+{group}\n"));
    }

    /// To be called once the whole group is gone: its number may soon be somebody else's.
    pub(super) fn forget(&self, group: u32) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.groups.remove(&group);
        self.tell(&mut state, &format!("-{group}\n"));
    }

    /// Writes a line to the guard; when it is gone, starts another and tells it everything.
    fn tell(&self, state: &mut State, line: &str) {
        if write(&mut state.child, line).is_ok() {
            return;
        }
        let _ = state.child.wait();
        let mut everything = String::new();
        for group in &state.groups {
            everything.extend([
                "+",
                &group.to_string(),
                "
",
            ]);
        }
        let restarted = spawn_guard(&self.own_program).and_then(|mut child| {
            write(&mut child, &everything)?;
            state.child = child;
            Ok(())
        });
        match restarted {
            Ok(()) => tracing::warn!("the worker guard was gone and was started again"),
            Err(error) => tracing::error!(%error, "workers are unguarded: no guard can be started"),
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(state.child.stdin.take());
        let _ = state.child.wait();
    }
}

fn write(child: &mut Child, text: &str) -> io::Result<()> {
    child
        .stdin
        .as_mut()
        .ok_or(io::ErrorKind::BrokenPipe)?
        .write_all(text.as_bytes())
}

/// The guard's own side: the whole of the hidden subcommand `worker-guard`.
pub fn main() -> ExitCode {
    let mut groups = BTreeSet::new();
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        match line.split_at_checked(1) {
            Some(("+", group)) => groups.extend(group.parse::<u32>()),
            Some(("-", group)) => {
                if let Ok(group) = group.parse::<u32>() {
                    groups.remove(&group);
                }
            }
            _ => {}
        }
    }
    for group in groups {
        kill_group(group);
    }
    ExitCode::SUCCESS
}
