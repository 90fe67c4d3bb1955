//! *Settings*: what every process runs with, on the page and on the command line.

use super::visitor::Visitor;
use crate::harness::{control, ostia::Ostia, split::another_edge, wait};
use std::{fs, time::Duration};

/// Edges are forgotten as soon as their watch ends.
const SOON: Duration = Duration::from_secs(20);

#[tokio::test]
async fn every_process_says_what_it_runs_with_and_whence() {
    let here = Ostia::options()
        .roles(&["control", "web"])
        .arg("--keep-audit-calls")
        .arg("45d")
        .start()
        .await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("far.toml");
    fs::write(&file, "[edge]\ndrain_timeout_ms = 4321\n").expect("a file");
    let far = Ostia::options()
        .arg("--config")
        .arg(file.to_str().expect("UTF-8"))
        .arg("--edge-name")
        .arg("far-away")
        .env("OSTIA_MAX_BODY_BYTES", "65432");
    let mut far = another_edge(&here, far).await;

    let admin = Visitor::signed_in(&here, "admin").await;
    let page = admin.open("/settings").await;
    for shown in [
        "Control, web on ",
        "It answered this page.",
        "Edge on far-away",
        "Follows control",
        "<code>keep.audit_calls</code>",
        "45d",
        "flag <code>--keep-audit-calls</code>",
        "65432",
        "variable <code>OSTIA_MAX_BODY_BYTES</code>",
        "4321",
        &format!("file <code>{}</code>", file.display()),
        "file <code>",
    ] {
        page.shows(shown);
    }
    page.hides("It made this page.");
    page.hides("other than control");
    let listed = here.cli(&["settings", "list"]).await.ok();
    for (process, member, is) in [
        (0, "heard_at", false),
        (1, "heard_at", true),
        (1, "started_at", true),
    ] {
        let value = &listed.json()[process][member];
        assert_eq!(value.is_string(), is, "{member}: {value}");
    }
    assert_eq!(listed.json()[1]["name"], "far-away");
    let (page, listed) = (page.body, listed.stdout);
    for secret in ["service_token", "key_pepper", "master_key"] {
        let secret = control::secret(&here, secret);
        assert!(!page.contains(secret.expose()) && !listed.contains(secret.expose()));
    }

    far.stop().await;
    let gone = wait::until(SOON, "the edge is not listed any more", || async {
        let listed = here.cli(&["settings", "list"]).await.ok().json();
        match listed.as_array().map(Vec::len) {
            Some(1) => Ok(()),
            _ => Err(listed),
        }
    });
    gone.await;
    admin.open("/settings").await.hides("far-away");
}

#[tokio::test]
async fn roles_in_one_process_are_listed_once_and_to_those_who_may_see_them() {
    let ostia = Ostia::start().await;
    for (name, role, status) in [("olga", "operator", 200), ("max", "member", 404)] {
        let create = ["users", "create", name, "--role", role];
        ostia.cli(&create).await.ok();
        let visitor = Visitor::signed_in(&ostia, name).await;
        let page = visitor.open("/settings").await;
        assert_eq!(page.status, status, "{name}");
        let panels = page.body.matches("Control, edge, web on ").count();
        // Its heading, and the caption of its table.
        assert_eq!(panels, if status == 200 { 2 } else { 0 }, "{name}");
    }
}
