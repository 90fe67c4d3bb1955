//! Who is whose child, read from `/proc`.

use std::{collections::HashSet, fs};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) parent: u32,
    pub(crate) zombie: bool,
    /// Arguments, separated by blanks; empty for a zombie.
    pub(crate) command_line: String,
}

/// Every process of the machine that can be read.
pub(crate) fn all() -> Vec<Process> {
    let entries = fs::read_dir("/proc").expect("/proc");
    entries
        .filter_map(|entry| read(entry.ok()?.file_name().to_str()?.parse().ok()?))
        .collect()
}

/// One process; unset when there is none of that id.
pub(crate) fn read(pid: u32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything, also parentheses: fields count from the last one.
    let mut fields = stat[stat.rfind(')')? + 1..].split_whitespace();
    let zombie = fields.next()? == "Z";
    let parent = fields.next()?.parse().ok()?;
    let command_line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    Some(Process {
        pid,
        parent,
        zombie,
        command_line: String::from_utf8_lossy(&command_line)
            .replace('\0', " ")
            .trim()
            .to_owned(),
    })
}

/// Children, their children, and so on; those that were given away to another parent are not found.
pub(crate) fn descendants(root: u32) -> Vec<Process> {
    let all = all();
    let mut family = HashSet::from([root]);
    loop {
        let before = family.len();
        family.extend(
            all.iter()
                .filter(|p| family.contains(&p.parent))
                .map(|p| p.pid)
                .collect::<Vec<_>>(),
        );
        if family.len() == before {
            break;
        }
    }
    all.into_iter()
        .filter(|p| p.pid != root && family.contains(&p.pid))
        .collect()
}

/// Those that run, wherever they hang in the tree, whose command line holds `text`. A test gives its
/// workers an argument that nobody else has and finds them again by it.
pub(crate) fn with_argument(text: &str) -> Vec<Process> {
    all()
        .into_iter()
        .filter(|p| !p.zombie && p.command_line.contains(text))
        .collect()
}

pub(crate) fn zombies_of(parent: u32) -> Vec<Process> {
    all()
        .into_iter()
        .filter(|p| p.parent == parent && p.zombie)
        .collect()
}

/// Sends SIGKILL; a process that is gone already is no error.
pub(crate) fn kill9(pid: u32) {
    signal(pid, rustix::process::Signal::KILL);
}

/// Sends SIGTERM.
pub(crate) fn terminate(pid: u32) {
    signal(pid, rustix::process::Signal::TERM);
}

fn signal(pid: u32, signal: rustix::process::Signal) {
    let pid = i32::try_from(pid)
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid {
        let _ = rustix::process::kill_process(pid, signal);
    }
}
