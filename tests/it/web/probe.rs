//! Trying an upstream before it is saved, turning one off, and what workers wrote.

use super::{
    operators::{refused, taken},
    visitor::Visitor,
};
use crate::harness::{
    control::{self, Control},
    mcp::{Endpoint, modern},
    ostia::Ostia,
    processes, upstreams,
    upstreams::python,
    wait,
};
use ostia_proto::v1;
use serde_json::{Value, json};
use std::time::Duration;

const SECRET: &str = "hush-9b1d7e";
const SOON: Duration = Duration::from_secs(30);

async fn operator(ostia: &Ostia) -> Visitor {
    let create = ["users", "create", "olga", "--role", "operator"];
    ostia.cli(&create).await.ok();
    Visitor::signed_in(ostia, "olga").await
}

async fn names(ostia: &Ostia) -> Vec<Value> {
    let listed = ostia.cli(&["upstreams", "list"]).await.ok().json();
    let listed = listed.as_array().expect("a list").iter();
    listed.map(|upstream| upstream["name"].clone()).collect()
}

/// Writes what it was given to stderr, twice, and ends.
const TALKS: &str =
    "import os, sys\nfor n in '12': print(n, '<b>', os.environ['TOKEN'], file=sys.stderr)";

#[tokio::test]
async fn a_form_is_tried_where_its_workers_would_run_and_nothing_is_saved() {
    let ostia = Ostia::start().await;
    let olga = operator(&ostia).await;
    let mark = upstreams::mark();
    let tools = json!([[{"name": "weather", "inputSchema": {"type": "object"}}]]);
    let offer = json!({"tools": tools, "instructions": mark}).to_string();
    let script = crate::harness::environment::repository().join("tests/peers/lister.py");
    let args = format!("-B\n{}\n{offer}", script.display());
    let form = |args: &str| {
        [
            ("transport", "stdio"),
            ("probe", "yes"),
            ("name", "sky"),
            ("program", python()),
            ("env-rows", "1"),
            ("env-0-name", "TOKEN"),
            ("env-0-value", SECRET),
            ("args", args),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let submit = async |args: &str| {
        let form = form(args);
        let fields: Vec<_> = form
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        olga.submit("/upstreams/new", &fields).await
    };
    let page = submit(&args).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.shows("It works");
    page.shows("1 tool");
    page.shows("weather");
    page.shows("value=\"sky\"");
    page.hides(SECRET);
    wait::until(SOON, "its worker is gone", || async {
        let left = processes::descendants(ostia.pid());
        let mut left = left
            .into_iter()
            .filter(|process| process.command_line.contains(&mark));
        match left.next() {
            None => Ok(()),
            Some(process) => Err(process),
        }
    })
    .await;

    let talks = serde_json::to_string(&["-c", TALKS]).expect("JSON");
    let page = submit(&talks).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.shows("It does not work");
    page.shows("Fails at the handshake");
    page.shows("2 &lt;b&gt; •••");
    page.hides(SECRET);
    let wrong = [
        ("transport", "stdio"),
        ("probe", "yes"),
        ("name", "No Name"),
        ("program", "x"),
    ];
    refused(
        &olga.submit("/upstreams/new", &wrong).await,
        "name",
        "is not a name",
    );
    assert_eq!(names(&ostia).await, ["demo"]);

    let tried = ostia
        .cli(&["upstreams", "probe", "x", "--", "/nowhere/at-all"])
        .await;
    assert_ne!(tried.code, Some(0));
    let tried: Value = serde_json::from_str(&tried.stdout).expect("JSON");
    assert_eq!(tried["problem_stage"], "start", "{tried:#}");
    assert_eq!(names(&ostia).await, ["demo"]);
}

#[tokio::test]
async fn what_workers_wrote_is_there_without_what_they_were_given() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    upstreams::program("talker", python(), &["-c", TALKS])
        .credential("TOKEN", SECRET)
        .define(&control)
        .await;
    let olga = operator(&ostia).await;
    let written = wait::until(SOON, "its lines are there", || async {
        let page = olga.open("/upstreams/talker/output").await;
        if page.body.contains("2 &lt;b&gt; •••") {
            Ok(page)
        } else {
            Err(page.body)
        }
    });
    let page = written.await.0;
    page.shows("1 &lt;b&gt; •••");
    page.hides(SECRET);
    page.hides("<b>");
    let lines = ostia
        .cli(&["upstreams", "output", "talker"])
        .await
        .ok()
        .json();
    assert_eq!(lines[0]["text"], "1 <b> •••", "{lines:#}");
    let nothing = olga.open("/upstreams/demo/output").await;
    assert_eq!(nothing.status, 200, "{}", nothing.body);
}

async fn enabled(control: &Control, upstream: &str) -> bool {
    let upstream = upstream.to_owned();
    let request = v1::GetUpstreamRequest { upstream };
    let found = control.upstreams().get_upstream(request).await;
    found.expect("an upstream").into_inner().enabled
}

#[tokio::test]
async fn an_upstream_that_is_off_is_not_served_until_it_is_on_again() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let mark = upstreams::mark();
    upstreams::script("faulty", "faulty.py", &[&mark])
        .add(&control)
        .await;
    let key = control::master_key(&control, "all").await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &key);
    let echo = || modern::call(&endpoint, "faulty__echo", &json!({"message": "x"}));
    assert_eq!(echo().send().await.first_text(), "x");
    let olga = operator(&ostia).await;
    let path = "/upstreams/faulty";
    olga.open(path).await.shows("Turn it off");
    let answer = olga.submit("/upstreams/faulty/disable", &[]).await;
    assert_eq!(taken(&answer), path);
    assert!(!enabled(&control, "faulty").await);
    olga.open(path).await.shows("Turn it on");
    let listed = ostia.cli(&["upstreams", "discover", "faulty"]).await;
    assert!(listed.stderr.contains("the upstream is off"), "{listed:?}");
    control.settled().await;
    let answer = echo().send().await.json();
    assert_eq!(
        answer["error"]["data"]["code"], "tool-unavailable",
        "{answer:#}"
    );
    wait::until(SOON, "its workers are gone", || async {
        let left = processes::descendants(ostia.pid());
        let mut left = left
            .into_iter()
            .filter(|process| process.command_line.contains(&mark));
        match left.next() {
            None => Ok(()),
            Some(process) => Err(process),
        }
    })
    .await;
    ostia.cli(&["upstreams", "enable", "faulty"]).await.ok();
    assert!(enabled(&control, "faulty").await);
    control.settled().await;
    assert_eq!(echo().send().await.first_text(), "x");
}
