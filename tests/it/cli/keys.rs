//! `ostia keys`: the life of a key, and what the command says about it.

use super::{FAILED, NOT_FOUND, UNREACHABLE, error, folder, ostia, texts};
use crate::harness::{
    mcp::{Endpoint, modern},
    ostia::Ostia,
    wait,
};
use serde_json::{Value, json};
use std::time::Duration;

async fn create(ostia: &Ostia, args: &[&str]) -> Value {
    let args = [&["keys", "create"], args, &["--policy", "read-only"]].concat();
    ostia.cli(&args).await.ok().json()
}

async fn works(ostia: &Ostia, secret: &str) -> bool {
    let endpoint = Endpoint::new(&ostia.mcp_url, secret);
    let arguments = json!({ "message": "x" });
    let answer = modern::call(&endpoint, "demo__echo", &arguments)
        .send()
        .await;
    answer.status == 200
}

async fn until_works(ostia: &Ostia, secret: &str, wanted: bool) {
    let changed = wait::until(Duration::from_secs(2), "the edge knows", || async {
        let works = works(ostia, secret).await;
        if works == wanted { Ok(()) } else { Err(works) }
    });
    changed.await;
}

#[tokio::test]
async fn a_key_works_from_its_creation_to_its_end() {
    let ostia = Ostia::start().await;
    let made = create(&ostia, &["ci", "--expires-in", "30d"]).await;
    let secret = made["secret"].as_str().expect("a secret").to_owned();
    assert_eq!(made["key"]["state"], "active");
    assert_eq!(made["key"]["policies"], json!(["read-only"]));
    assert!(works(&ostia, &secret).await);

    let key = ostia.cli(&["keys", "inactivate", "ci"]).await.ok().json();
    assert_eq!(key["state"], "inactive");
    until_works(&ostia, &secret, false).await;

    ostia.cli(&["keys", "activate", "ci"]).await.ok();
    until_works(&ostia, &secret, true).await;

    let rotated = ostia
        .cli(&["keys", "rotate", "ci", "--overlap", "0s"])
        .await
        .ok()
        .json();
    let second = rotated["secret"].as_str().expect("a secret").to_owned();
    assert_eq!(rotated["key"]["secrets"].as_array().map(Vec::len), Some(2));
    until_works(&ostia, &secret, false).await;
    assert!(works(&ostia, &second).await);

    let key = ostia
        .cli(&["keys", "revoke", "ci", "--yes"])
        .await
        .ok()
        .json();
    assert_eq!(key["state"], "revoked");
    until_works(&ostia, &second, false).await;

    let refused = ostia.cli(&["keys", "activate", "ci"]).await;
    assert_eq!(
        (refused.code, error(&refused)["code"].as_str()),
        (FAILED, Some("conflict"))
    );
}

#[tokio::test]
async fn the_secret_is_shown_once() {
    let ostia = Ostia::start().await;
    let made = create(&ostia, &["once"]).await;
    let secret = made["secret"].as_str().expect("a secret");
    for args in [
        &["keys", "list"][..],
        &["keys", "show", "once"],
        &["audit", "tail"],
    ] {
        let said = ostia.cli(args).await.ok().stdout;
        assert!(!said.contains(secret), "{said}");
    }
}

#[tokio::test]
async fn a_key_is_named_by_id_public_id_prefix_or_name() {
    let ostia = Ostia::start().await;
    let key = create(&ostia, &["many"]).await;
    let id = key["key"]["id"].as_str().expect("an id");
    let public_id = key["key"]["public_id"].as_str().expect("a public id");
    let prefix = format!("ost_live_{public_id}");
    // Also the whole key, of which only the public part is sent.
    let secret = key["secret"].as_str().expect("a secret");
    for name in [id, public_id, &prefix, "many", secret] {
        let shown = ostia.cli(&["keys", "show", name]).await.ok().json();
        assert_eq!(shown["id"], id);
    }
}

#[tokio::test]
async fn a_deleted_key_is_gone() {
    let ostia = Ostia::start().await;
    create(&ostia, &["gone"]).await;
    ostia.cli(&["keys", "delete", "gone", "--yes"]).await.ok();
    let missing = ostia.cli(&["keys", "show", "gone"]).await;
    assert_eq!(missing.code, NOT_FOUND);
    let page = format!("{}/docs/errors/no-such-object", ostia.web_url);
    assert_eq!(error(&missing)["documentation"], page);
}

#[tokio::test]
async fn a_refusal_names_its_code_and_page() {
    let ostia = Ostia::start().await;
    let taken = ostia
        .cli(&["keys", "create", "demo", "--policy", "read-only"])
        .await;
    assert_eq!(taken.code, FAILED);
    assert_eq!(error(&taken)["code"], "already-exists");
    assert_eq!(error(&taken)["exit_code"], 1);

    let unknown = ostia
        .cli(&["keys", "create", "x", "--policy", "nowhere"])
        .await;
    assert!(
        error(&unknown)["message"]
            .as_str()
            .is_some_and(|text| text.contains("nowhere"))
    );
}

#[tokio::test]
async fn a_test_key_reaches_the_demo() {
    let ostia = Ostia::start().await;
    let made = create(&ostia, &["trial", "--test"]).await;
    let secret = made["secret"].as_str().expect("a secret");
    assert!(secret.starts_with("ost_test_"));
    assert!(works(&ostia, secret).await);
}

/// What has no demo gets one with one command.
#[tokio::test]
async fn a_test_key_says_what_it_needs() {
    let ostia = Ostia::options().without_demo().start().await;
    let policy = ["policies", "create", "read-only", "--preset", "read-only"];
    ostia.cli(&policy).await.ok();
    let trial = ["keys", "create", "trial", "--test", "--policy", "read-only"];
    let refused = ostia.cli(&trial).await;
    let said = error(&refused);
    assert_eq!(
        (refused.code, said["code"].as_str()),
        (FAILED, Some("conflict"))
    );
    let said = said["message"].as_str().unwrap_or_default().to_owned();
    assert!(said.contains("`ostia upstreams add-demo`"), "{said}");
    let demo = ostia.cli(&["upstreams", "add-demo"]).await.ok().json();
    assert_eq!(demo["name"], "demo");
    let made = ostia.cli(&trial).await.ok().json();
    let secret = made["secret"].as_str().expect("a secret");
    until_works(&ostia, secret, true).await;
    let kept = ostia.cli(&["upstreams", "remove", "demo", "--yes"]).await;
    assert_eq!(
        (kept.code, error(&kept)["code"].as_str()),
        (FAILED, Some("conflict"))
    );
}

#[tokio::test]
async fn without_a_running_control_the_folder_is_opened_here() {
    let mut ostia = Ostia::start().await;
    ostia.stop().await;
    let made = create(&ostia, &["offline"]).await;
    let secret = made["secret"].as_str().expect("a secret").to_owned();
    let said = ostia.cli(&["keys", "list", "--verbose"]).await.ok();
    assert_eq!(texts(&said.json(), "name").len(), 2);
    ostia.start_again().await;
    assert!(works(&ostia, &secret).await);
}

#[tokio::test]
async fn without_anything_to_talk_to_it_says_so() {
    let folder = folder();
    let said = ostia(folder.path(), &["keys", "list"]).await;
    assert_eq!(said.code, UNREACHABLE, "{said:#?}");
    assert!(said.stderr.contains("ostia run"), "{said:#?}");
    let args = ["keys", "list", "--control-url", "http://127.0.0.1:9"];
    let said = super::ostia_with(folder.path(), &args, &[("OSTIA_SERVICE_TOKEN", "t")]).await;
    assert_eq!(said.code, UNREACHABLE, "{said:#?}");
}
