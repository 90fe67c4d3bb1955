//! What workers write, as they write it: on the page, and on the stream that adds to it.

use super::{live::Stream, operators::taken, visitor::Visitor};
use crate::harness::{
    control::{self, Control},
    ostia::Ostia,
    processes,
    upstreams::{self, python},
    wait,
};
use ostia_proto::v1;
use std::time::Duration;

const SECRET: &str = "hush-3d2e1f";
const SOON: Duration = Duration::from_secs(30);
const PAGE: &str = "/upstreams/talker/output";
const LINES: &str = "/upstreams/talker/output/lines";
/// At each start what it was given, with something that a browser would run, and never the same twice.
const TALKS: &str = "import os, sys, uuid\n\
    print(uuid.uuid4(), '</td><script>alert(1)</script>\\r\\revent: over', os.environ['TOKEN'], file=sys.stderr)";

/// An upstream that writes and ends whenever it is started, and somebody who may read it.
async fn talking(ostia: &Ostia) -> (Control, Visitor) {
    let control = control::client(ostia);
    upstreams::program("talker", python(), &["-c", TALKS])
        .credential("TOKEN", SECRET)
        .define(&control)
        .await;
    let create = ["users", "create", "olga", "--role", "operator"];
    ostia.cli(&create).await.ok();
    let olga = Visitor::signed_in(ostia, "olga").await;
    let written = wait::until(SOON, "it has written something", || async {
        let page = olga.open(PAGE).await;
        let there = page.body.contains("<tr data-id=");
        there.then_some(()).ok_or(page.body)
    });
    written.await;
    (control, olga)
}

#[tokio::test]
async fn a_line_appears_as_it_is_written() {
    let ostia = Ostia::start().await;
    let (_control, olga) = talking(&ostia).await;
    let page = olga.open(PAGE).await;
    page.shows(&format!("data-live=\"{}/lines\"", place(&page.body)));
    let mut stream = Stream::at(&olga, LINES).await;
    assert_eq!(
        stream.response.headers()["content-type"],
        "text/event-stream"
    );
    let before = stream.until("</tr>\n\n").await.matches("<tr").count();
    // It is started once more, and writes once more.
    taken(&olga.submit("/upstreams/talker/discover", &[]).await);
    while stream.heard.matches("<tr").count() <= before {
        assert!(stream.more().await, "it ended: {}", stream.heard);
    }
    let heard = stream.until("</tr>\n\n").await;
    let rows: Vec<_> = heard.lines().filter(|line| line.contains("<tr")).collect();
    let newest = rows.last().and_then(|row| row.strip_prefix("data: "));
    let newest = newest.expect("a row").split_inclusive("</tr>").next();
    let page = olga.open(PAGE).await;
    page.shows(newest.expect("a row"));
    // Text is text, and no event; secrets stay with the worker.
    assert!(heard.contains("&lt;script&gt;alert(1)"), "{heard}");
    for raw in ["<script>", SECRET, "event: over\n"] {
        assert!(!heard.contains(raw), "{raw:?} in {heard}");
    }
    page.hides("<script>alert");
    page.hides(SECRET);
}

/// Address of the page as it says it itself.
fn place(body: &str) -> &str {
    let (before, _) = body.split_once("/lines\"").expect("a stream");
    let (_, place) = before.rsplit_once('"').expect("its address");
    place
}

#[tokio::test]
async fn it_is_for_those_who_see_upstreams_for_as_long_as_they_do() {
    let ostia = Ostia::start().await;
    let (control, olga) = talking(&ostia).await;
    ostia.cli(&["users", "create", "max"]).await.ok();
    let max = Visitor::signed_in(&ostia, "max").await;
    assert_eq!(max.open(LINES).await.status, 404);
    let nobody = Visitor::of(&ostia.web_url);
    assert_eq!(nobody.open(LINES).await.status, 401);
    assert_eq!(olga.open("/upstreams/none/output/lines").await.status, 404);

    let create = ["users", "create", "aud", "--role", "auditor"];
    ostia.cli(&create).await.ok();
    let aud = Visitor::signed_in(&ostia, "aud").await;
    let mut hers = Stream::at(&aud, LINES).await;
    let mut theirs = Stream::at(&olga, LINES).await;
    aud.submit("/logout", &[]).await;
    let over = "event: over\ndata: over\n\n";
    let heard = hers.rest().await;
    assert!(heard.ends_with(over), "{heard}");

    let request = v1::RemoveUpstreamRequest {
        upstream: "talker".to_owned(),
    };
    let removed = control.upstreams().remove_upstream(request).await;
    removed.expect("it is removed");
    let heard = theirs.rest().await;
    assert!(heard.ends_with(over), "{heard}");
}

#[tokio::test]
async fn it_ends_with_ostia() {
    let mut ostia = Ostia::start().await;
    let (_control, olga) = talking(&ostia).await;
    let mut stream = Stream::at(&olga, LINES).await;
    stream.until("</tr>").await;
    processes::terminate(ostia.pid());
    // Without a word: the browser comes back when there is somebody again.
    let heard = stream.rest().await;
    assert!(!heard.contains("event: over\n"), "{heard}");
    ostia.ended().await;
}
