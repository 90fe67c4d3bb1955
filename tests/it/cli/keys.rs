//! `ostia keys`: the life of a key, and what the command says about it.

use super::{FAILED, NOT_FOUND, UNREACHABLE, error, folder, ostia, texts};
use crate::harness::{
    command,
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
async fn keys_that_are_worth_a_look_are_listed() {
    let ostia = Ostia::start().await;
    create(&ostia, &["endless", "--never-expires"]).await;
    create(&ostia, &["usual"]).await;
    for (args, found) in [
        (&["--endless"][..], &["endless"][..]),
        (&["--policy", "read-only"], &["usual", "endless", "demo"]),
        (&["--unused-since", "2000-01-01"], &[]),
        (
            &["--not-rotated-since", "2999-01-01", "--endless"],
            &["endless"],
        ),
    ] {
        let args = [&["keys", "list"], args].concat();
        let keys = ostia.cli(&args).await.ok().json();
        let keys = keys.as_array().expect("keys").iter();
        let names: Vec<_> = keys.map(|key| &key["name"]).collect();
        assert_eq!(names, found, "{args:?}");
    }
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

/// The whole key comes from the environment or from standard input, where nobody else sees it.
#[tokio::test]
async fn a_key_is_exchanged_for_a_token() {
    let ostia = Ostia::start().await;
    let made = create(&ostia, &["agent"]).await;
    let secret = made["secret"].as_str().expect("a secret");
    let exchange = ["keys", "exchange"];
    let given = ostia
        .cli_with(&exchange, &[("OSTIA_API_KEY", secret)])
        .await;
    let given = given.ok().json();
    assert!(given["expires_at"].is_string(), "{given:#}");
    let file = ostia.data_dir().join("key");
    std::fs::write(&file, format!("{secret}\n")).expect("a file");
    let mut read = ostia.command(&exchange);
    read.arg("--json")
        .stdin(std::fs::File::open(&file).expect("a file"));
    let read = command::run(read).await.ok().json();
    for given in [given, read] {
        let token = given["access_token"].as_str().expect("a token");
        assert_ne!(token, secret);
        assert!(works(&ostia, token).await);
    }
    let wrong = ostia
        .cli_with(&exchange, &[("OSTIA_API_KEY", "ost_live_nonsense")])
        .await;
    assert_eq!(wrong.code, FAILED, "{wrong:?}");
}

#[tokio::test]
async fn what_is_left_of_a_quota_is_shown() {
    let ostia = Ostia::start().await;
    for args in [
        &["plans", "create", "small", "--calls-per-month", "1000"][..],
        &[
            "users",
            "create",
            "ann",
            "--policy",
            "read-only",
            "--plan",
            "small",
        ],
    ] {
        ostia.cli(args).await.ok();
    }
    let limits = ["--calls-per-month", "500", "--calls-per-day", "50"];
    let made = create(
        &ostia,
        &[&["agent", "--owner", "ann"][..], &limits].concat(),
    )
    .await;
    let secret = made["secret"].as_str().expect("a secret");
    until_works(&ostia, secret, true).await;
    let shown = ostia.cli(&["keys", "show", "agent"]).await.ok().json();
    let limits = shown["limits"].as_array().expect("limits");
    let of = |counts: &str| {
        let held = limits.iter().find(|held| held["counts"] == counts);
        held.unwrap_or_else(|| panic!("{shown:#}"))
    };
    for (counts, plan, quotas) in [
        ("key", Value::Null, &[("month", 500), ("day", 50)][..]),
        ("owner", json!("small"), &[("month", 1_000)]),
    ] {
        let held = of(counts);
        assert_eq!(held["plan"], plan);
        assert_eq!(
            held["quotas"].as_array().expect("quotas").len(),
            quotas.len()
        );
        for (told, (period, calls)) in held["quotas"]
            .as_array()
            .expect("quotas")
            .iter()
            .zip(quotas)
        {
            assert_eq!(told["period"], *period);
            assert_eq!(told["calls"], *calls);
            assert_eq!(held["limits"][format!("calls_per_{period}")], *calls);
            // An edge took a block for the call.
            let left = told["left"].as_u64().expect("a number");
            assert!(left < *calls && left > calls / 2, "{shown:#}");
            assert!(told["renews_at"].is_string(), "{shown:#}");
        }
    }
    let text = ostia.shown(&["keys", "show", "agent"]).await.ok().stdout;
    let lines: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("quota left"))
        .collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(
        lines[0].contains(" of 500 calls of the month, until "),
        "{text}"
    );
    assert!(
        lines[1].contains(" of 50 calls of the day, until "),
        "{text}"
    );
    assert!(
        lines[2].ends_with("of the plan small, for all keys of the owner"),
        "{text}"
    );
}

#[tokio::test]
async fn what_was_done_to_a_key_and_with_it_is_shown() {
    let ostia = Ostia::start().await;
    let made = create(&ostia, &["agent"]).await;
    let secret = made["secret"].as_str().expect("a secret");
    ostia.cli(&["keys", "rotate", "agent"]).await.ok();
    ostia
        .cli(&["keys", "update", "agent", "--name", "other"])
        .await
        .ok();
    until_works(&ostia, secret, true).await;
    let used = wait::until(Duration::from_secs(20), "the use is kept", || async {
        let events = ostia.cli(&["keys", "events", "other"]).await.ok().json();
        match events["uses"].as_array().map(Vec::len) {
            Some(0) => Err(events),
            _ => Ok(events),
        }
    });
    let (events, _) = used.await;
    assert_eq!(
        texts(&events["changes"], "action"),
        ["keys.update", "keys.rotate", "keys.create"]
    );
    assert_eq!(events["uses"][0]["address"], "127.0.0.1", "{events:#}");
    let newest = ["keys", "events", "other", "--limit", "1"];
    let newest = ostia.cli(&newest).await.ok().json();
    assert_eq!(texts(&newest["changes"], "action"), ["keys.update"]);
    let text = ostia.shown(&["keys", "events", "other"]).await.ok().stdout;
    assert!(text.contains("keys.rotate"), "{text}");
    assert!(text.contains("USED FROM"), "{text}");
}

#[tokio::test]
async fn what_somebody_may_use_is_shown() {
    let ostia = Ostia::start().await;
    let create = ["users", "create", "ann", "--policy", "read-only"];
    ostia.cli(&create).await.ok();
    let access = ostia.cli(&["users", "access", "ann"]).await.ok().json();
    assert_eq!(access["policies"], json!(["read-only"]));
    assert_eq!(access["unlimited"], false);
    let tools = texts(&access["tools"], "canonical_name");
    assert!(tools.contains(&"demo.echo"), "{access:#}");
    let text = ostia.shown(&["users", "access", "admin"]).await.ok().stdout;
    assert!(text.contains("nothing: an administrator"), "{text}");
    let nowhere = ["users", "access", "ann", "--upstream", "none"];
    let nowhere = ostia.cli(&nowhere).await.ok().json();
    assert_eq!(nowhere["tools"], json!([]));
}
