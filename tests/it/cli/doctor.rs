//! `ostia doctor`.

use super::{FAILED, folder, ostia};
use crate::harness::ostia::Ostia;
use serde_json::Value;
use std::{fs, os::unix::fs::PermissionsExt as _};

fn check<'a>(report: &'a Value, name: &str) -> &'a Value {
    let checks = report["checks"].as_array().expect("checks");
    let found = checks.iter().find(|check| check["name"] == name);
    found.unwrap_or_else(|| panic!("no check of {name:?}: {report:#}"))
}

#[tokio::test]
async fn a_good_installation_passes_running_or_not() {
    let mut ostia = Ostia::start().await;
    let report = ostia.cli(&["doctor"]).await.ok().json();
    assert_eq!(report["ok"], true);
    let detail = check(&report, "control")["detail"].to_string();
    assert!(detail.contains(&ostia.control_url), "{detail}");
    assert_eq!(check(&report, "upstream demo")["ok"], true);

    ostia.stop().await;
    let report = ostia.cli(&["doctor"]).await.ok().json();
    assert!(
        check(&report, "control")["detail"]
            .to_string()
            .contains("none runs")
    );
}

#[tokio::test]
async fn what_others_can_read_is_found_with_what_to_do() {
    let mut ostia = Ostia::start().await;
    ostia.stop().await;
    let secrets = ostia.data_dir().join("secrets.toml");
    for path in [&secrets, &ostia.data_dir()] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a mode");
    }
    let said = ostia.cli(&["doctor"]).await;
    assert_eq!(said.code, FAILED);
    let report = said.json();
    for name in ["data folder", "secrets"] {
        let fix = check(&report, name)["fix"].to_string();
        assert!(fix.contains("chmod"), "{fix}");
    }
}

#[tokio::test]
async fn an_empty_place_fails_and_nothing_is_made_there() {
    let folder = folder();
    let said = ostia(folder.path(), &["doctor", "--json"]).await;
    assert_eq!(said.code, FAILED);
    assert_eq!(check(&said.json(), "database")["ok"], false);
    assert!(!folder.path().join("ostia-data").exists());
}
