//! Overview: what everybody's keys did, and how upstreams are.

use super::{member::maria, usage::used, visitor::Visitor};
use crate::harness::{ostia::Ostia, upstreams, wait};
use std::time::Duration;

#[tokio::test]
async fn calls_errors_and_durations_of_everybody_are_added_up() {
    let member = maria().await;
    let key = used(&member).await;
    let admin = Visitor::signed_in(&member.ostia, "admin").await;
    for (span, chart) in [
        ("1h", "Calls by hour, 24 hours"),
        ("24h", "Calls by hour, 24 hours"),
        ("30d", "Calls by day, 30 days"),
    ] {
        let page = admin.open(&format!("/overview?span={span}")).await;
        assert_eq!(page.status, 200, "{}", page.body);
        page.shows("<dt>Calls</dt><dd>3</dd>");
        page.shows("<dt>Refused or failed</dt><dd>33 %</dd>");
        page.shows("<dt>Half took at most (p50)</dt><dd>≈ ");
        page.shows("<dt>95 % took at most (p95)</dt><dd>≈ ");
        page.shows(chart);
        page.shows("3 calls, 1 refused or failed");
        page.shows("demo.echo");
        page.shows(&format!("<a href=\"/keys/{key}\">laptop</a>"));
        page.shows("maria");
        page.shows("No such tool");
        page.shows(&format!(
            "href=\"/overview?span={span}\" aria-current=\"page\""
        ));
    }
}

#[tokio::test]
async fn an_upstream_that_cannot_be_reached_is_there_with_its_problem() {
    let ostia = Ostia::start().await;
    let admin = Visitor::signed_in(&ostia, "admin").await;
    let page = admin.open("/overview").await;
    page.shows("there were no calls");
    page.shows("all of them can be reached");
    page.shows("<dt>Upstreams with a problem now</dt><dd>0</dd>");
    let control = crate::harness::control::client(&ostia);
    upstreams::program("broken", "false", &[])
        .define(&control)
        .await;
    let shown = wait::until(Duration::from_secs(30), "it is a problem", || async {
        let page = admin.open("/overview").await;
        if page
            .body
            .contains("<a href=\"/audit?upstream=broken\">broken</a>")
        {
            Ok(page)
        } else {
            Err(page.body)
        }
    });
    let page = shown.await.0;
    page.shows("<dt>Upstreams with a problem now</dt><dd>1</dd>");
    page.shows("of 2");
}
