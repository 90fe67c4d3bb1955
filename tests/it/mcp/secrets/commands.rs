//! What `ostia` prints.

use super::canary::Said;
use crate::harness::{command::verbs, ostia::Ostia};

/// Verbs that only show.
const READS: [&str; 13] = [
    "list", "show", "tools", "status", "presets", "versions", "diff", "test", "summary", "export",
    "tail", "verify", "discover",
];

/// A command for each of them, wherever it is one.
const COMMANDS: [&[&str]; 37] = [
    &["audit", "export", "--format", "csv"],
    &["audit", "export", "--format", "jsonl"],
    &["audit", "list"],
    &["audit", "tail"],
    &["audit", "verify"],
    &["backup", "-"],
    &["bundles", "list"],
    &["bundles", "show", "some"],
    &["doctor"],
    &["export"],
    &["groups", "list"],
    &["groups", "show", "some"],
    &["keys", "list"],
    &["keys", "show", "agent"],
    &["plans", "list"],
    &["policies", "diff", "agent"],
    &["policies", "list"],
    &["policies", "presets"],
    &["policies", "show", "agent"],
    &["policies", "test", "--key", "agent", "--tool", "demo.echo"],
    &["policies", "versions", "agent"],
    &["prices", "list"],
    &["prices", "show", "demo.*"],
    &["settings", "list"],
    &["settings", "show"],
    &["upstreams", "discover", "leaky"],
    &["upstreams", "list"],
    &["upstreams", "show", "bearer"],
    &["upstreams", "show", "ending"],
    &["upstreams", "show", "oauth"],
    &["upstreams", "tools", "leaky"],
    &["usage", "export"],
    &["usage", "list"],
    &["usage", "summary"],
    &["users", "list"],
    &["users", "show", "admin"],
    &["vault", "status"],
];

/// Every command that shows something, for people and for programs.
pub(super) async fn run(ostia: &Ostia) -> Vec<Said> {
    ostia
        .cli(&["bundles", "create", "some", "--include", "*"])
        .await
        .ok();
    ostia.cli(&["groups", "create", "some"]).await.ok();
    let price = ["prices", "set", "demo.*", "0.1", "EUR"];
    ostia.cli(&price).await.ok();
    let deny = ["policies", "update", "agent", "--deny", "none.*"];
    ostia.cli(&deny).await.ok();
    assert_complete().await;
    let mut said = Vec::new();
    for args in COMMANDS {
        for finished in [ostia.cli(args).await, ostia.shown(args).await] {
            // Upstreams that fail are what doctor is for.
            let failed = finished.code != Some(0) && args != ["doctor"];
            assert!(!failed, "{args:?}: {finished:?}");
            let place = format!("`ostia {}`", args.join(" "));
            said.push(Said::new(&place, finished.stdout));
            said.push(Said::new(format!("stderr of {place}"), finished.stderr));
        }
    }
    said
}

/// A command that is new is searched as well.
async fn assert_complete() {
    for noun in verbs(&[]).await {
        for verb in verbs(&[&noun]).await {
            let known = READS.contains(&verb.as_str());
            let run = COMMANDS
                .iter()
                .any(|args| args.starts_with(&[&noun, &verb]));
            assert!(
                !known || run,
                "`ostia {noun} {verb}` is not searched for secrets"
            );
        }
    }
}
