//! Calls as they happen: on the page, and on the stream that adds to it.

use super::{
    audit::{call, record},
    member::{self, Member, maria},
    operators::refused,
    visitor::Visitor,
};
use crate::harness::{
    mcp::{Endpoint, modern},
    processes, wait,
};
use reqwest::{Method, Response};
use serde_json::json;
use std::time::Duration;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);
const HOSTILE: &str =
    "\"'></td><script>alert(1)</script>\r\n\r\nevent: over\rdata: x\n\n\u{202e}<img src=x>";

/// What a page with scripts listens to.
pub(super) struct Stream {
    pub(super) response: Response,
    pub(super) heard: String,
}

impl Stream {
    async fn of(visitor: &Visitor, query: &str) -> Self {
        Self::at(visitor, &format!("/live/calls{query}")).await
    }

    pub(super) async fn at(visitor: &Visitor, path: &str) -> Self {
        let response = visitor.request(Method::GET, path).send().await;
        let response = response.expect("an answer");
        assert_eq!(response.status(), 200, "{path}");
        let heard = String::new();
        Self { response, heard }
    }

    /// Listens until something was said that has this text.
    pub(super) async fn until(&mut self, text: &str) -> &str {
        while !self.heard.contains(text) {
            let more = self.more().await;
            assert!(more, "it ended before {text:?}: {}", self.heard);
        }
        &self.heard
    }

    /// Listens to the end.
    pub(super) async fn rest(&mut self) -> &str {
        while self.more().await {}
        &self.heard
    }

    pub(super) async fn more(&mut self) -> bool {
        let chunk = timeout(PATIENCE, self.response.chunk()).await;
        let chunk = chunk.unwrap_or_else(|_| panic!("nothing more after {}", self.heard));
        let Some(chunk) = chunk.expect("a whole body") else {
            return false;
        };
        self.heard
            .push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
        true
    }
}

async fn call_tool(member: &Member, key: &str, tool: &str) {
    let endpoint = Endpoint::new(&member.ostia.mcp_url, key);
    let arguments = json!({"message": "hello", "a": 1, "b": 2});
    modern::call(&endpoint, tool, &arguments).send().await;
}

#[tokio::test]
async fn a_call_appears_as_it_ends() {
    let member = maria().await;
    let (key, _) = member.make_key("laptop", &[]).await;
    let page = member.visitor.open("/live").await;
    assert_eq!(page.status, 200);
    page.shows("No calls in the last hour");
    page.shows("data-live=\"/live/calls\"");
    let mut stream = Stream::of(&member.visitor, "").await;
    for (name, value) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-store, no-transform"),
        ("x-accel-buffering", "no"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(stream.response.headers()[name], value);
    }
    call_tool(&member, &key, "demo__echo").await;
    let heard = stream.until("</tr>\n\n").await;
    let (_, event) = heard.split_once("event: message\n").expect("an event");
    let row = event.trim_end().strip_prefix("data: ").expect("data");
    assert!(row.starts_with("<tr data-id=\"") && row.contains("<code>demo.echo</code>"));
    assert!(row.contains("Answered") && row.contains("laptop"), "{row}");
    // The page has the same row, and who comes back is told it again.
    member.visitor.open("/live").await.shows(row);
    let mut again = Stream::of(&member.visitor, "").await;
    again.until(row).await;
    // Once is enough for who stayed.
    call_tool(&member, &key, "demo__add").await;
    let heard = stream.until("demo.add").await;
    assert_eq!(heard.matches("demo.echo").count(), 1, "{heard}");
}

#[tokio::test]
async fn a_call_that_began_long_ago_appears_too() {
    let member = maria().await;
    let admin = Visitor::signed_in(&member.ostia, "admin").await;
    let early = call("early");
    record(&member.control, vec![call("late")]).await;
    let mut stream = Stream::of(&admin, "").await;
    stream.until("late").await;
    record(&member.control, vec![early]).await;
    stream.until("early").await;
}

#[tokio::test]
async fn filters_are_in_the_address_and_hold() {
    let member = maria().await;
    let (key, id) = member.make_key("laptop", &[]).await;
    let (other, _) = member.make_key("phone", &[]).await;
    let query = format!("?key={id}&upstream=demo&tool=demo.add&outcome=ok");
    let mut stream = Stream::of(&member.visitor, &query).await;
    call_tool(&member, &other, "demo__add").await;
    call_tool(&member, &key, "demo__none").await;
    call_tool(&member, &key, "demo__echo").await;
    call_tool(&member, &key, "demo__add").await;
    let heard = stream.until("</tr>").await;
    assert_eq!(heard.matches("<tr").count(), 1, "{heard}");
    assert!(heard.contains("demo.add") && heard.contains("laptop"));
    let page = member.visitor.open(&format!("/live{query}")).await;
    assert_eq!(page.body.matches("<tr data-id").count(), 1);
    let listens = format!("data-live=\"/live/calls{}\"", query.replace('&', "&amp;"));
    page.shows(&listens);

    for (query, field, said, status) in [
        ("?outcome=odd", "outcome", "is none of ok", 400),
        ("?key=ost_live_none", "key", "there is no such key", 404),
    ] {
        let page = member.visitor.open(&format!("/live{query}")).await;
        refused(&page, field, said);
        page.hides("data-live=");
        let path = format!("/live/calls{query}");
        assert_eq!(member.visitor.open(&path).await.status, status, "{query}");
    }
}

#[tokio::test]
async fn members_see_their_own_and_auditors_everybodys() {
    let member = maria().await;
    let (key, id) = member.make_key("laptop", &[]).await;
    member::user(&member.control, "eve", &["team"], None).await;
    let eve = Visitor::signed_in(&member.ostia, "eve").await;
    let made = eve
        .submit(
            "/keys",
            &[&member::NEW_KEY[..], &[("name", "eves")]].concat(),
        )
        .await;
    let create = ["users", "create", "ann", "--role", "auditor"];
    member.ostia.cli(&create).await.ok();
    let ann = Visitor::signed_in(&member.ostia, "ann").await;
    let mut hers = Stream::of(&eve, "").await;
    let mut all = Stream::of(&ann, "").await;
    call_tool(&member, &key, "demo__echo").await;
    all.until("demo.echo").await;
    call_tool(&member, &made.secret(), "demo__add").await;
    let heard = all.until("demo.add").await;
    assert!(heard.contains("maria") && heard.contains("eve"), "{heard}");
    assert!(heard.contains("<a href=\"/audit/"), "{heard}");
    let heard = hers.until("demo.add").await;
    for foreign in ["demo.echo", "laptop", "maria", "/audit/"] {
        assert!(!heard.contains(foreign), "{foreign} in {heard}");
    }
    eve.open("/live").await.hides("demo.echo");
    let page = eve.open("/live?user=maria").await;
    assert_eq!(page.status, 422);
    page.hides("demo.echo");
    assert_eq!(eve.open("/live/calls?user=maria").await.status, 404);
    // As of a key that there never was.
    let page = eve.open(&format!("/live?key={id}")).await;
    assert_eq!(page.status, 200);
    page.hides("demo.echo");
    let nobody = Visitor::of(&member.ostia.web_url);
    assert_eq!(nobody.open("/live").await.status, 303);
    assert_eq!(nobody.open("/live/calls").await.status, 401);
}

#[tokio::test]
async fn names_of_others_are_text() {
    let member = maria().await;
    let admin = Visitor::signed_in(&member.ostia, "admin").await;
    let mut stream = Stream::of(&admin, "").await;
    record(&member.control, vec![call(HOSTILE)]).await;
    record(&member.control, vec![call("after")]).await;
    let heard = stream.until("after").await;
    assert!(heard.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    let page = admin.open("/live").await;
    for raw in ["<script>", "<img"] {
        assert!(!heard.contains(raw), "{raw} in {heard}");
        page.hides(raw);
    }
    page.shows("&lt;script&gt;alert(1)");
    // Its lines are lines of the data of an event, and no event.
    let kinds = heard.lines().filter(|line| line.starts_with("event: "));
    assert!(kinds.clone().count() > 0);
    assert_eq!(kinds.filter(|kind| *kind != "event: message").count(), 0);
    assert!(!heard.contains('\r'), "{heard:?}");
}

#[tokio::test]
async fn it_ends_with_the_session_and_with_the_role() {
    let member = maria().await;
    let copy = member.visitor.copy();
    let mut here = Stream::of(&member.visitor, "").await;
    let mut there = Stream::of(&copy, "").await;
    member.visitor.submit("/logout", &[]).await;
    for stream in [&mut here, &mut there] {
        let heard = stream.rest().await;
        assert!(heard.ends_with("event: over\ndata: over\n\n"), "{heard}");
    }
    assert_eq!(copy.open("/live/calls").await.status, 401);

    let create = ["users", "create", "olga", "--role", "operator"];
    member.ostia.cli(&create).await.ok();
    let olga = Visitor::signed_in(&member.ostia, "olga").await;
    let mut stream = Stream::of(&olga, "").await;
    let demote = ["users", "update", "olga", "--role", "member"];
    member.ostia.cli(&demote).await.ok();
    let heard = stream.rest().await;
    assert!(heard.ends_with("event: over\ndata: over\n\n"), "{heard}");
}

#[tokio::test]
async fn it_ends_as_soon_as_ostia_is_told_to_stop() {
    let mut member = maria().await;
    let mut stream = Stream::of(&member.visitor, "").await;
    let endpoint = Endpoint::new(&member.ostia.mcp_url, &member.ostia.key);
    let mut meta = modern::meta();
    meta["progressToken"] = json!("t");
    let params = json!({"name": "demo__slow", "arguments": {"seconds": 5}, "_meta": meta});
    // It is answered as a stream, which begins when the tool has.
    let mut call = modern::request(&endpoint, 1, "tools/call", &params)
        .begin()
        .await;
    processes::terminate(member.ostia.pid());
    let mut answer = String::new();
    let mut ended = std::pin::pin!(stream.rest());
    loop {
        tokio::select! {
            biased;
            heard = &mut ended => break assert!(!heard.contains("event: over"), "{heard}"),
            chunk = call.chunk() => {
                let chunk = chunk.expect("a whole body").expect("the stream ends before the call");
                answer.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
            }
        }
    }
    assert!(!answer.contains("\"result\""), "{answer}");
    while let Some(chunk) = call.chunk().await.expect("a whole body") {
        answer.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
    }
    assert!(answer.contains("took 5 s"), "{answer}");
    member.ostia.ended().await;
}

#[tokio::test]
async fn there_is_a_place_again_when_somebody_leaves() {
    let member = maria().await;
    let mut streams = Vec::new();
    for _ in 0..4 {
        streams.push(Stream::of(&member.visitor, "").await);
    }
    let refused = member.visitor.open("/live/calls").await;
    assert_eq!(refused.status, 429, "{}", refused.body);
    assert_eq!(refused.header("retry-after"), "10");
    refused.shows("too-many-streams");
    // Others are not concerned.
    let admin = Visitor::signed_in(&member.ostia, "admin").await;
    Stream::of(&admin, "").await;
    drop(streams.pop());
    let open = wait::until(PATIENCE, "there is a place", || async {
        let request = member.visitor.request(Method::GET, "/live/calls");
        let answer = request.send().await.expect("an answer");
        (answer.status() == 200)
            .then_some(())
            .ok_or(answer.status())
    });
    open.await;
}
