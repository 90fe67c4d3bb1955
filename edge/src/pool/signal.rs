//! Signals to whole process groups. A group that is gone is not an error.

use rustix::process::{Pid, Signal, kill_process_group};

pub(super) fn terminate_group(group: u32) {
    send(group, Signal::TERM);
}

pub(super) fn kill_group(group: u32) {
    send(group, Signal::KILL);
}

fn send(group: u32, signal: Signal) {
    // Group 0 would be our own, and 1 everybody's.
    let pid = i32::try_from(group)
        .ok()
        .filter(|group| *group > 1)
        .and_then(Pid::from_raw);
    if let Some(pid) = pid {
        let _ = kill_process_group(pid, signal);
    }
}
