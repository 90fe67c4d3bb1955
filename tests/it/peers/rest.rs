//! `schemathesis`, which reads the `OpenAPI` document of a live server and asks everything that it allows and
//! some that it does not.

use super::installed;
use crate::harness::{
    command::{self, command},
    environment,
    ostia::Ostia,
};
use std::collections::BTreeSet;

/// Of each operation, in each of its phases.
const EXAMPLES: &str = "10";

#[tokio::test]
async fn the_document_and_the_server_say_the_same() {
    let ostia = Ostia::start().await;
    let create = ["users", "create", "robot", "--service", "--role"];
    let create = [&create[..], &["administrator"]].concat();
    let user = ostia.cli(&create).await.ok().json();
    let create = ["keys", "create", "robot", "--owner", "robot"];
    let key = ostia.cli(&create).await.ok().json();
    // What it must not end, by all its names.
    let names = [
        &user["id"],
        &user["name"],
        &key["key"]["id"],
        &key["key"]["public_id"],
    ];
    let names: Vec<_> = names.map(|name| name.as_str().expect("a name")).into();
    let secret = key["secret"].as_str().expect("a secret");

    let folder = tempfile::tempdir().expect("a folder");
    let peers = environment::repository().join("tests/peers");
    let mut suite = command(installed::schemathesis());
    suite
        .arg("--config-file")
        .arg(peers.join("schemathesis.toml"))
        .args(["run", &format!("{}/api/openapi.json", ostia.web_url)])
        .args(["--checks", "all", "--max-examples", EXAMPLES, "--seed", "1"])
        .args(["--no-color", "--header"])
        .arg(format!("Authorization: Bearer {secret}"))
        .env("PYTHONPATH", &peers)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("SCHEMATHESIS_HOOKS", "api_hooks")
        .env("OSTIA_OWN_NAMES", names.join(","))
        .current_dir(folder.path());
    let finished = command::run(suite).await;
    let told = &finished.stdout;
    assert_eq!(finished.code, Some(0), "{told}\n{}", finished.stderr);
    // A key that was lost on the way would be answered with 401 by everything, as the document says.
    assert!(!told.contains("Authentication failed"), "{told}");
    let tested = told.lines().filter(|line| line.contains("Tested:"));
    assert_eq!(tested.collect::<BTreeSet<_>>().len(), 1, "{told}");
    let log = ostia.log();
    assert!(
        !log.contains(" ERROR ") && !log.contains("panicked"),
        "{log}"
    );
    assert!(!log.contains(secret), "a secret is in the log");
}
