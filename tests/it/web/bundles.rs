//! The pages of bundles.

use super::{
    operators::{refused, taken},
    visitor::Visitor,
};
use crate::harness::ostia::Ostia;

#[tokio::test]
async fn a_bundle_is_made_changed_and_deleted() {
    let ostia = Ostia::start().await;
    let admin = Visitor::signed_in(&ostia, "admin").await;
    let hostile = "</textarea><script>alert(1)</script>";
    let wrong = [("name", "No Name"), ("include", "demo.*")];
    refused(&admin.submit("/bundles/new", &wrong).await, "name", "");
    let made = [
        ("name", "few"),
        ("include", "demo.echo"),
        ("overrides-rows", "1"),
        ("overrides-0-tool", "demo.echo"),
        ("overrides-0-name", "say"),
        ("overrides-0-description", hostile),
    ];
    taken(&admin.submit("/bundles/new", &made).await);
    let bundle = ostia.cli(&["bundles", "show", "few"]).await.ok().json();
    let path = format!("/bundles/{}", bundle["id"].as_str().expect("an id"));
    let page = admin.open(&path).await.body;
    assert!(page.contains(&format!("{}/@few", ostia.mcp_url)), "{page}");
    assert!(page.contains("value=\"say\""), "{page}");
    assert!(!page.contains("<script>alert"), "{page}");

    let changed = [("include", "demo.*\ndemo.add")];
    taken(&admin.submit(&path, &changed).await);
    assert!(admin.open("/bundles").await.body.contains("demo.add"));
    let twice = [
        ("include", "demo.*"),
        ("overrides-rows", "1"),
        ("overrides-0-name", "say"),
    ];
    refused(&admin.submit(&path, &twice).await, "overrides", "");
    let delete = format!("{path}/delete");
    refused(
        &admin.submit(&delete, &[]).await,
        "confirm",
        "is not its name",
    );
    taken(&admin.submit(&delete, &[("confirm", "few")]).await);
    assert_eq!(admin.open(&path).await.status, 404);
}
