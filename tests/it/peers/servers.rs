//! The official reference servers behind Ostia, added as an operator adds them.

use super::installed;
use crate::harness::{ostia::Ostia, wait};
use serde_json::Value;
use std::{path::PathBuf, time::Duration};
use tempfile::TempDir;

/// Ostia with three upstreams, and two keys whose policies differ.
pub(crate) struct Installation {
    pub(crate) ostia: Ostia,
    /// May do everything.
    pub(crate) wide: String,
    /// May ask for the time and read files.
    pub(crate) narrow: String,
    files: TempDir,
}

impl Installation {
    pub(crate) async fn start() -> Self {
        let ostia = Ostia::start().await;
        let files = tempfile::tempdir().expect("a temporary folder");
        let path = |path: PathBuf| path.to_str().expect("UTF-8").to_owned();
        let node = path(installed::node());
        let folder = path(files.path().canonicalize().expect("a path"));
        let (everything, filesystem, time) = (
            path(installed::everything()),
            path(installed::filesystem()),
            path(installed::python_server("mcp-server-time")),
        );
        let upstreams: [(&str, &[&str]); 3] = [
            ("everything", &[&node, &everything, "stdio"]),
            ("files", &[&node, &filesystem, &folder]),
            ("time", &[&time, "--local-timezone", "UTC"]),
        ];
        for (name, command) in upstreams {
            let args = [&["upstreams", "add", name, "--"], command].concat();
            ostia.cli(&args).await.ok();
        }
        for (name, _) in upstreams {
            known(&ostia, name).await;
        }
        let wide = key(&ostia, "wide", &["--upstream", "*", "--allow", "*"]).await;
        let narrow = [
            "--upstream",
            "time",
            "--upstream",
            "files",
            "--allow",
            "time.*",
            "--allow",
            "files.read_*",
        ];
        let narrow = key(&ostia, "narrow", &narrow).await;
        Self {
            ostia,
            wide,
            narrow,
            files,
        }
    }

    /// Writes a file where the filesystem server may read, and gives its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.files.path().canonicalize().expect("a path").join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("UTF-8").to_owned()
    }
}

/// Waits until the tools of an upstream are known: Node and Python take their time.
async fn known(ostia: &Ostia, name: &str) {
    let known = wait::until(Duration::from_secs(60), "the tools are known", || async {
        let tools = ostia.cli(&["upstreams", "tools", name]).await;
        match serde_json::from_str::<Value>(&tools.stdout) {
            Ok(Value::Array(list)) if !list.is_empty() => Ok(()),
            _ => Err(tools),
        }
    });
    known.await;
}

/// A key under a policy of its own.
async fn key(ostia: &Ostia, name: &str, rules: &[&str]) -> String {
    ostia
        .cli(&[&["policies", "create", name], rules].concat())
        .await
        .ok();
    let made = ostia
        .cli(&["keys", "create", name, "--policy", name])
        .await
        .ok()
        .json();
    made["secret"]
        .as_str()
        .unwrap_or_else(|| panic!("no secret: {made:#}"))
        .to_owned()
}
