//! Processor time and memory of processes, from `/proc`.

use std::{collections::HashSet, fs, time::Duration};

/// `_SC_CLK_TCK`: 100 on every Linux that can be met.
const TICKS_PER_SECOND: u64 = 100;

/// Of a process, and apart from it of everything it started.
#[derive(Clone, Copy, Default)]
pub(crate) struct Usage {
    pub(crate) own_cpu: Duration,
    pub(crate) children_cpu: Duration,
    /// Resident memory at the end, in KiB.
    pub(crate) own_rss: u64,
    pub(crate) children_rss: u64,
}

impl Usage {
    pub(crate) fn of(root: u32) -> Self {
        let mut usage = Self {
            own_cpu: cpu(root),
            own_rss: rss(root),
            ..Self::default()
        };
        for child in descendants(root) {
            usage.children_cpu += cpu(child);
            usage.children_rss += rss(child);
        }
        usage
    }

    /// Time since an earlier reading; memory as it is now.
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            own_cpu: self.own_cpu.saturating_sub(earlier.own_cpu),
            children_cpu: self.children_cpu.saturating_sub(earlier.children_cpu),
            ..self
        }
    }
}

/// User and system time of all threads.
fn cpu(pid: u32) -> Duration {
    let ticks: u64 = stat(pid, &[11, 12]).iter().sum();
    Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
}

/// Numbers of `/proc/PID/stat`, counted from the state, which follows the name in parentheses.
fn stat(pid: u32, fields: &[usize]) -> Vec<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let rest: Vec<_> = text
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    fields
        .iter()
        .filter_map(|field| rest.get(*field)?.parse().ok())
        .collect()
}

fn rss(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}

fn descendants(root: u32) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let parents: Vec<(u32, u64)> = pids
        .filter_map(|pid| Some((pid, *stat(pid, &[1]).first()?)))
        .collect();
    let mut family = HashSet::from([u64::from(root)]);
    let mut found = Vec::new();
    loop {
        let before = found.len();
        for (pid, parent) in &parents {
            if family.contains(parent) && family.insert(u64::from(*pid)) {
                found.push(*pid);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}
