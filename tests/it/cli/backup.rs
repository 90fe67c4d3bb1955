//! `ostia backup` and `ostia restore`.

use super::{FAILED, USAGE, error, folder, ostia as program};
use crate::harness::{
    control,
    mcp::{Endpoint, modern},
    ostia::Ostia,
    upstreams,
};
use std::{fs, os::unix::fs::PermissionsExt as _};

#[tokio::test]
async fn a_backup_of_a_running_ostia_is_another_one() {
    let mut ostia = Ostia::start().await;
    upstreams::program("sealed", "true", &[])
        .credential("TOKEN", "canary-3b1d")
        .define(&control::client(&ostia))
        .await;
    let folder = folder();
    let file = folder.path().join("ostia.backup");
    let file = file.to_str().expect("UTF-8");
    let report = ostia.cli(&["backup", file]).await.ok().json();
    let mode = fs::metadata(file).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = fs::read_to_string(file).expect("UTF-8");
    assert!(!text.contains("canary") && !text.contains(&ostia.key));
    let again = ostia.cli(&["backup", file]).await;
    assert_eq!(again.code, USAGE, "a backup is not written over: {again:?}");
    let checked = ostia.cli(&["restore", file, "--check"]).await.ok().json();
    assert_eq!(checked, report);
    // On stdout it is the same but for what the first one added.
    let poured = ostia.cli(&["backup", "-"]).await.ok();
    assert!(poured.stdout.lines().count() >= text.lines().count());
    assert!(poured.stdout.contains("{\"end_of_backup\":1,"));

    let running = ostia.cli(&["restore", file, "--replace", "--yes"]).await;
    assert_eq!(running.code, FAILED, "{running:?}");
    assert_eq!(error(&running)["code"], "restore-refused");

    // Into SQLite in another folder, whatever the first one has. Its secrets are not in the backup.
    let other = super::folder();
    let data = other.path().join("data");
    fs::create_dir(&data).expect("a folder");
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).expect("a mode");
    let data_dir = data.to_str().expect("UTF-8");
    let args = ["restore", file, "--json", "--data-dir", data_dir];
    let lacking = program(other.path(), &args).await;
    assert_ne!(lacking.code, Some(0), "{lacking:?}");
    let secrets = "secrets.toml";
    fs::copy(ostia.data_dir().join(secrets), data.join(secrets)).expect("the secrets");
    let restored = program(other.path(), &args).await.ok().json();
    assert_eq!(restored, report);
    let twice = program(other.path(), &args).await;
    assert_eq!(twice.code, FAILED, "{twice:?}");
    assert_eq!(error(&twice)["code"], "restore-refused");

    let expected = ostia.cli(&["export"]).await.ok().json();
    ostia.stop().await;
    let second = Ostia::options()
        .without_demo()
        .sqlite()
        .data(other)
        .start()
        .await;
    assert!(!second.first_start, "it is the same installation");
    assert_eq!(second.cli(&["export"]).await.ok().json(), expected);
    second.cli(&["audit", "verify"]).await.ok();
    let status = second.cli(&["vault", "status"]).await.ok().json();
    assert_eq!(status[0]["use"], "seals");
    let mcp = Endpoint::new(&second.mcp_url, &ostia.key);
    let tools = modern::tools(&mcp).await;
    assert!(!tools.is_empty(), "the key calls what it called before");
}

#[tokio::test]
async fn a_damaged_file_is_refused_with_its_place_and_nothing_is_replaced_unasked() {
    let mut ostia = Ostia::start().await;
    let folder = folder();
    let path = folder.path().join("ostia.backup");
    let file = path.to_str().expect("UTF-8");
    ostia.cli(&["backup", file]).await.ok();
    ostia.stop().await;
    let asked = ostia.cli(&["restore", file, "--replace"]).await;
    assert_eq!(asked.code, USAGE, "{asked:?}");
    let text = fs::read_to_string(&path).expect("UTF-8");
    let damaged = folder.path().join("damaged");
    fs::write(&damaged, text.replacen("\"demo\"", "\"demi\"", 1)).expect("a file");
    let damaged = damaged.to_str().expect("UTF-8");
    let refused = ostia.cli(&["restore", damaged, "--replace", "--yes"]).await;
    assert_eq!(refused.code, FAILED, "{refused:?}");
    let problem = error(&refused);
    assert_eq!(problem["code"], "backup-invalid");
    let message = problem["message"].as_str().expect("a message");
    assert!(message.contains("in the table "), "{message}");
    let expected = ostia.cli(&["export"]).await.ok().json();
    ostia
        .cli(&["restore", file, "--replace", "--yes"])
        .await
        .ok();
    assert_eq!(ostia.cli(&["export"]).await.ok().json(), expected);
    ostia.start_elsewhere().await;
    ostia.cli(&["audit", "verify"]).await.ok();
}
