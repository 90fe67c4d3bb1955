//! `ostia bundles`.

use super::{NOT_FOUND, USAGE, error, texts};
use crate::harness::ostia::Ostia;
use serde_json::json;
use std::fs;

#[tokio::test]
async fn a_bundle_is_made_changed_and_removed() {
    let ostia = Ostia::start().await;
    let args = [
        "bundles",
        "create",
        "support",
        "--include",
        "demo.*,time.get_*",
        "--override",
        "demo.echo=say",
    ];
    let bundle = ostia.cli(&args).await.ok().json();
    assert_eq!(bundle["include"], json!(["demo.*", "time.get_*"]));
    let say = json!({ "tool": "demo.echo", "name": "say", "description": null });
    assert_eq!(bundle["overrides"], json!([say]));

    // What an update does not name stays.
    let args = ["bundles", "update", "support", "--include", "demo.e*"];
    let bundle = ostia.cli(&args).await.ok().json();
    assert_eq!(bundle["include"], json!(["demo.e*"]));
    assert_eq!(bundle["overrides"], json!([say]));
    let args = ["bundles", "update", "support", "--clear", "overrides"];
    let bundle = ostia.cli(&args).await.ok().json();
    assert_eq!(bundle["overrides"], json!([]));
    assert_eq!(
        ostia.cli(&["bundles", "show", "support"]).await.ok().json(),
        bundle
    );

    let bundles = ostia.cli(&["bundles", "list"]).await.ok().json();
    assert_eq!(texts(&bundles, "name"), ["support"]);
    ostia
        .cli(&["bundles", "delete", "support", "--yes"])
        .await
        .ok();
    let gone = ostia.cli(&["bundles", "show", "support"]).await;
    assert_eq!(gone.code, NOT_FOUND);
}

#[tokio::test]
async fn descriptions_come_from_a_file_in_the_form_that_show_prints() {
    let ostia = Ostia::start().await;
    let overrides = json!([
        { "tool": "demo.echo", "name": "say", "description": "Says it.\nTwice." },
        { "tool": "demo.now", "name": null, "description": "The time" },
    ]);
    let file = ostia.data_dir().join("overrides.json");
    fs::write(&file, overrides.to_string()).expect("a file");
    let path = file.to_str().expect("UTF-8");
    let args = [
        "bundles",
        "create",
        "said",
        "--include",
        "demo.*",
        "--overrides-file",
        path,
        "--override",
        "demo.add=sum",
    ];
    let bundle = ostia.cli(&args).await.ok().json();
    let shown = bundle["overrides"].as_array().expect("a list");
    assert_eq!(json!(shown[..2]), overrides);
    assert_eq!(shown[2]["name"], "sum");

    fs::write(&file, bundle["overrides"].to_string()).expect("a file");
    let args = ["bundles", "update", "said", "--overrides-file", path];
    let again = ostia.cli(&args).await.ok().json();
    assert_eq!(again["overrides"], bundle["overrides"]);
}

#[tokio::test]
async fn what_is_no_bundle_is_refused_and_says_why() {
    let ostia = Ostia::start().await;
    let empty = ostia.cli(&["bundles", "create", "empty"]).await;
    assert_eq!(empty.code, USAGE);
    assert!(error(&empty)["message"].to_string().contains("--include"));

    let file = ostia.data_dir().join("overrides.json");
    fs::write(&file, r#"[{"tool": "demo.echo", "title": "Echo"}]"#).expect("a file");
    let path = file.to_str().expect("UTF-8");
    for more in [
        &["--override", "demo.echo"][..],
        &["--overrides-file", path],
        &["--overrides-file", "/no/such/file"],
    ] {
        let args = [&["bundles", "create", "x", "--include", "*"][..], more].concat();
        assert_eq!(ostia.cli(&args).await.code, USAGE, "{more:?}");
    }

    let args = ["bundles", "create", "x", "--include", "*"];
    let bad = [&args[..], &["--override", "demo.echo=two words"]].concat();
    let refused = ostia.cli(&bad).await;
    assert_eq!(error(&refused)["code"], "invalid-argument");
    ostia.cli(&args).await.ok();
    let again = ostia.cli(&args).await;
    assert_eq!(error(&again)["code"], "already-exists");
}
