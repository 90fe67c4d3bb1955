//! Every page, with something on it: how it looks (`tests/browser/every-page.mjs`), and whether it is HTML.

use super::{
    chromium::driver,
    inhabited::inhabited,
    provider::{modules, script},
};
use crate::{
    harness::{
        command::{self, command},
        environment,
    },
    web::away::apart,
};
use std::path::Path;
use tokio::process::Command;

async fn look_at(part: &str, user: &str) {
    let place = inhabited().await;
    let link = place.ostia.cli(&["login-link", user]).await.ok().json();
    let link = link["login_url"].as_str().expect("a link");
    let mut walk = driver("every-page.mjs", &place.ostia);
    walk.env("PART", part)
        .env("LINK", link)
        .env("PLACES", place.places.to_string());
    look(walk).await;
}

async fn look(mut walk: Command) {
    let html = tempfile::tempdir().expect("a temporary folder");
    walk.env("HTML", html.path());
    if let Some(folder) = environment::screenshots() {
        std::fs::create_dir_all(&folder).expect("a folder");
        walk.env("SCREENSHOTS", folder);
    }
    let walked = command::run(walk).await.ok();
    assert!(walked.stdout.contains("pages\n"), "{walked:#?}");
    is_valid(html.path()).await;
}

/// As the checker of the W3C has it (the Nu one, which needs Java), without a word of advice.
async fn is_valid(html: &Path) {
    let mut check = command("java");
    check
        .arg("-jar")
        .arg(modules().join("vnu-jar/build/dist/vnu.jar"))
        .args(["--format", "gnu", "--stdout", "--Werror", "--skip-non-html"])
        .arg(html);
    let checked = command::run(check).await;
    assert_eq!(checked.stdout, "", "{checked:#?}");
    checked.ok();
}

#[tokio::test]
async fn pages_of_newcomers_are_valid_light_readable_and_as_wide_as_the_screen() {
    look_at("newcomers", "noor").await;
}

#[tokio::test]
async fn pages_of_everyone_are_valid_light_readable_and_as_wide_as_the_screen() {
    look_at("everyone", "ada").await;
}

#[tokio::test]
async fn pages_about_servers_are_valid_light_readable_and_as_wide_as_the_screen() {
    look_at("servers", "ada").await;
}

#[tokio::test]
async fn pages_about_people_are_valid_light_readable_and_as_wide_as_the_screen() {
    look_at("people", "ada").await;
}

#[tokio::test]
async fn pages_of_auditors_are_valid_light_readable_and_as_wide_as_the_screen() {
    look_at("auditors", "sam").await;
}

#[tokio::test]
async fn pages_without_control_are_valid_light_readable_and_as_wide_as_the_screen() {
    let mut apart = apart().await;
    apart.control.kill9().await;
    let mut walk = driver("every-page.mjs", &apart.web);
    let cookies = serde_json::to_string(&apart.visitor.cookies()).expect("JSON");
    walk.env("PART", "away")
        .env("COOKIES", cookies)
        .env("PLACES", "{}");
    look(walk).await;
}

/// A page that nobody looked at is a page that the table lacks: every address of the navigation is in it.
#[test]
fn the_table_has_every_page_of_the_navigation() {
    let table = std::fs::read_to_string(script("pages.mjs")).expect("the table");
    let shell = environment::repository().join("web/src/components/shell.rs");
    let shell = std::fs::read_to_string(shell).expect("the navigation");
    let addresses = shell.lines().filter_map(|line| {
        let (_, address) = line.trim().split_once(" => \"/")?;
        address.strip_suffix("\",")
    });
    let addresses: Vec<_> = addresses.collect();
    assert!(addresses.len() > 10, "{addresses:?}");
    for address in addresses {
        let row = format!("'/{address}']");
        assert!(
            table.contains(&row),
            "tests/browser/pages.mjs lacks /{address}"
        );
    }
}
