//! S1: a secret is in no log, trace, metric, error, audit row, page or argument of a process.
//!
//! A value that nobody else has goes into every slot for a secret, everything happens that can happen to
//! it, and then everything is searched that anybody may read.

mod canary;
mod commands;
mod events;
mod kept;
mod planted;
mod provider;
mod reads;
mod traces;

use self::{
    canary::{Canary, Said, value},
    provider::Provider,
    traces::Collector,
};
use crate::harness::{
    control::{self, Control},
    database,
    ostia::Ostia,
    processes, wait,
};
use serde_json::Value;
use std::{fs, path::Path, sync::Arc, time::Duration};

/// The least that the edge waits before it tells about a worker that does not start.
const LONG: Duration = Duration::from_secs(30);
/// What `ostia` makes up for itself.
const OWN: [&str; 3] = ["service_token", "key_pepper", "master_key"];

/// The program with everything planted, and all that was said so far.
struct Scene {
    ostia: Ostia,
    control: Control,
    collector: Collector,
    provider: Arc<Provider>,
    canaries: Vec<Canary>,
    said: Vec<Said>,
}

impl Scene {
    async fn start() -> Self {
        let collector = Collector::start();
        let provider = Provider::start().await;
        let mail = value();
        let more = format!(
            "[keys]\nmax_idle_days = 30\n[mail]\nfrom = \"ostia@example.com\"\n\
             smtp_url = \"smtps://ostia:{mail}@127.0.0.1:1\"\n"
        );
        let ostia = Ostia::options()
            .arg("--otlp-endpoint")
            .arg(&collector.url)
            .arg("--config")
            .arg(provider.config(&more))
            .arg("--log")
            .arg("trace")
            .start()
            .await;
        let mut scene = Self {
            control: control::client(&ostia),
            collector,
            provider,
            canaries: vec![Canary::new("the password of a mail server", &mail)],
            said: Vec::new(),
            ostia,
        };
        for name in OWN {
            let own = control::secret(&scene.ostia, name);
            scene.canaries.push(Canary::new(name, own.expose()));
        }
        let secrets = fs::read_to_string(scene.ostia.data_dir().join("secrets.toml"));
        let secrets: toml::Table = secrets.expect("secrets.toml").parse().expect("TOML");
        let session_key = secrets["session_keys"][0].as_str().expect("a session key");
        scene
            .canaries
            .push(Canary::new("a session key", session_key));
        scene
            .canaries
            .push(Canary::new("the demo key", &scene.ostia.key));
        scene
    }

    /// A secret that somebody else chose.
    fn plant(&mut self, what: &'static str) -> String {
        let value = value();
        self.canaries.push(Canary::new(what, &value));
        value
    }

    /// What the machine shows of the processes, and what they were given.
    fn processes(&mut self) {
        let family = processes::descendants(self.ostia.pid());
        let workers = family
            .iter()
            .filter(|process| process.command_line.contains("leaky"));
        assert!(workers.count() >= 1, "{family:?}");
        for process in family {
            let place = format!("the arguments of {:?}", process.command_line);
            self.said
                .push(Said::new(place, process.command_line.clone()));
            let environment = fs::read(format!("/proc/{}/environ", process.pid));
            let environment = String::from_utf8_lossy(&environment.unwrap_or_default())
                .split('\0')
                .filter(|variable| !variable.starts_with("GIVEN_TO_WORKER="))
                .collect::<Vec<_>>()
                .join("\n");
            let place = format!("the environment of {:?}", process.command_line);
            self.said.push(Said::new(place, environment));
        }
    }

    /// Once nothing is written any more.
    async fn what_stays(&mut self) {
        let traces = self.collector.received();
        self.said.push(Said::new("the traces", traces));
        self.said.push(Said::new("the log", self.ostia.log()));
        for (column, values) in database::columns(&self.ostia.database_url()).await {
            self.said
                .push(Said::new(format!("the column {column}"), values));
        }
        files(&self.ostia.data_dir(), &mut self.said);
    }

    /// What was searched is what it is called: each of these is there.
    fn assert_searched(&self, place: &str, holds: &str) {
        let mut places = self
            .said
            .iter()
            .filter(|said| said.place.starts_with(place));
        let found = places.any(|said| said.holds(holds.as_bytes()).is_some());
        assert!(found, "{holds:?} is nowhere in {place}");
    }
}

/// All but the one that is there to hold secrets.
fn files(folder: &Path, said: &mut Vec<Said>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, said);
        } else if path.file_name().is_none_or(|name| name != "secrets.toml") {
            let bytes = fs::read(&path).expect("a file");
            said.push(Said::new(format!("the file {}", path.display()), bytes));
        }
    }
}

#[tokio::test]
async fn no_secret_is_where_it_does_not_belong() {
    let mut scene = Scene::start().await;
    let servers = scene.upstreams().await;
    let keys = scene.keys().await;
    scene.calls(&keys, &servers).await;
    scene.refusals(&keys).await;
    scene.sign_in().await;
    scene.over_rest(&servers).await;
    let ending = wait::until(LONG, "a worker that ends is told", || async {
        let shown = scene.ostia.cli(&["upstreams", "show", "ending"]).await;
        match shown.ok().json()["problem"] {
            Value::Null => Err("no problem"),
            _ => Ok(()),
        }
    });
    ending.await;
    let recorded = wait::until(LONG, "the last refusal is in audit", || async {
        let last = ["audit", "list", "--outcome", "unauthenticated"];
        let refused = scene.ostia.cli(&last).await.ok().stdout;
        let listed = scene.ostia.cli(&["audit", "list"]).await.ok().stdout;
        listed
            .contains("leaky.exit")
            .then_some(())
            .ok_or((listed, refused))
    });
    recorded.await;
    // Now that audit has something to show.
    let commands = commands::run(&scene.ostia).await;
    scene.said.extend(commands);
    let kept = kept::read_all(&scene.ostia, &scene.control).await;
    scene.said.extend(kept);
    scene.reads().await;
    scene.processes();
    scene.ostia.stop().await;
    scene.what_stays().await;

    let snapshot = scene.ostia.data_dir().join("edge-snapshot");
    let snapshot = format!("the file {}", snapshot.display());
    for (place, holds) in [
        ("the traces", "tools/call"),
        ("the log", "leaky"),
        ("the column audit_events.", "leaky.echo"),
        ("the column audit_arguments.sealed", ""),
        ("`ostia audit arguments`", "with ••• and"),
        ("the column upstreams.", "leaky.py"),
        ("the column api_keys.", "agent"),
        ("/metrics", "leaky"),
        ("the arguments of", "leaky-mark"),
        ("the environment of", "PATH="),
        ("`ostia audit list`", "leaky.echo"),
        ("the page /all-keys", "agent"),
        ("the page /audit.jsonl", "leaky.echo"),
        ("the page /audit/", "leaky.echo"),
        ("the page /keys/", "agent"),
        ("the page /upstreams/", "leaky-mark"),
        ("the page /users/", "wilma"),
        ("REST /api/v1/audit-logs", "leaky.echo"),
        ("REST /api/v1/upstreams/", "leaky-mark"),
        ("a probe of bearer over REST", "problem"),
        ("body of ending__x", "tool-unavailable"),
        (&snapshot, ""),
    ] {
        scene.assert_searched(place, holds);
    }
    let found = scene
        .canaries
        .iter()
        .flat_map(|canary| canary.sightings(&scene.said));
    let found: Vec<String> = found.collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}
