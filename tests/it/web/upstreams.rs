//! The pages of upstreams, over upstreams that run.

use super::{
    Page,
    operators::{refused, taken},
    visitor::Visitor,
};
use crate::harness::{environment, ostia::Ostia, upstreams::python};
use serde_json::{Value, json};

const HOSTILE: &str = "</textarea><script>alert(1)</script>&\"'";
const SECRET: &str = "hush-4f1c9a";

async fn operator(ostia: &Ostia) -> Visitor {
    let create = ["users", "create", "olga", "--role", "operator"];
    ostia.cli(&create).await.ok();
    Visitor::signed_in(ostia, "olga").await
}

async fn upstream(ostia: &Ostia, name: &str) -> Value {
    ostia.cli(&["upstreams", "show", name]).await.ok().json()
}

/// Arguments of a server that offers one tool, one on a line.
fn lister() -> String {
    let script = environment::repository().join("tests/peers/lister.py");
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let tool = json!({
        "name": "weather",
        "title": HOSTILE,
        "description": HOSTILE,
        "inputSchema": schema,
        "annotations": {"readOnlyHint": true, "title": HOSTILE},
    });
    let offer = json!({"tools": [[tool]]});
    format!("-B\n{}\n{offer}", script.display())
}

#[track_caller]
fn harmless(page: &Page) {
    page.hides("<script>alert");
    page.hides(SECRET);
}

#[tokio::test]
async fn a_command_is_added_listed_changed_and_removed() {
    let ostia = Ostia::start().await;
    let olga = operator(&ostia).await;
    let (program, args) = (python(), lister());
    let given = [
        ("transport", "stdio"),
        ("program", program),
        ("args", args.as_str()),
        ("env-rows", "2"),
        ("env-0-name", "TOKEN"),
        ("env-0-value", SECRET),
    ];
    let wrong = [&given[..], &[("name", HOSTILE), ("max_workers", "0")]].concat();
    let answer = olga.submit("/upstreams/new", &wrong).await;
    refused(&answer, "name", "is not a name");
    harmless(&answer);
    answer.shows("value=\"TOKEN\"");

    let right = [&given[..], &[("name", "sky"), ("isolation", "key")]].concat();
    let path = taken(&olga.submit("/upstreams/new", &right).await);
    taken(&olga.submit(&format!("{path}/discover"), &[]).await);
    let page = olga.open(&path).await;
    harmless(&page);
    for text in [
        "Works",
        "1 tool",
        "sky.weather",
        "readOnlyHint: true",
        "\"city\"",
        "one key",
    ] {
        page.shows(text);
    }
    page.shows(&format!("{}/sky", ostia.mcp_url));
    page.shows("&lt;script&gt;alert(1)");
    let none = olga.open(&format!("{path}?q=nothing-like-it")).await;
    none.hides("sky.weather");
    let list = olga.open("/upstreams?q=SKY&state=works").await;
    list.shows(&format!("href=\"{path}\""));
    list.hides(">demo</a>");
    olga.open("/upstreams?state=failing").await.hides(&path);

    let edit = format!("{path}/edit");
    let form = olga.open(&edit).await;
    harmless(&form);
    let version = form.between("name=\"version\" value=\"", "\"");
    let change = [
        ("version", version.as_str()),
        ("program", program),
        ("args", args.as_str()),
        ("env-rows", "2"),
        ("env-0-name", "TOKEN"),
        ("isolation", "session"),
        ("max_workers", "2"),
        ("call_timeout", "1.5"),
    ];
    taken(&olga.submit(&edit, &change).await);
    let sky = upstream(&ostia, "sky").await;
    assert_eq!(sky["env"], json!(["TOKEN"]), "{sky:#}");
    assert_eq!(sky["isolation"], "session");
    assert_eq!(sky["pool"]["max_workers"], 2);
    assert_eq!(sky["call_timeout_ms"], 1_500);
    // The same form once more is about a definition that is gone.
    let answer = olga.submit(&edit, &change).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    answer.shows("was changed meanwhile");
    // What was given to one program is not given to another.
    let version = sky["version"].to_string();
    let elsewhere = [
        ("version", version.as_str()),
        ("program", "cat"),
        ("env-rows", "1"),
        ("env-0-name", "TOKEN"),
    ];
    let answer = olga.submit(&edit, &elsewhere).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    answer.shows("was given for another place");

    let remove = format!("{path}/remove");
    let answer = olga.submit(&remove, &[("confirm", "sea")]).await;
    refused(&answer, "confirm", "is not its name");
    taken(&olga.submit(&remove, &[("confirm", "sky")]).await);
    assert_eq!(olga.open(&path).await.status, 404);
}

#[tokio::test]
async fn an_address_is_added_with_what_it_is_presented() {
    let ostia = Ostia::start().await;
    let olga = operator(&ostia).await;
    let given = |url| {
        [
            ("transport", "http"),
            ("name", "far"),
            ("url", url),
            ("headers-rows", "1"),
            ("headers-0-name", "X-Api-Key"),
            ("headers-0-value", SECRET),
            ("credential", "basic"),
            ("username", "ann"),
        ]
    };
    let answer = olga
        .submit("/upstreams/new", &given("http://mcp.example.com/mcp"))
        .await;
    refused(&answer, "url", "must begin with https://");
    harmless(&answer);
    let fields = given("https://mcp.example.com/mcp");
    let answer = olga.submit("/upstreams/new", &fields).await;
    refused(&answer, "credential", "secret is required");
    let fields = [&fields[..], &[("secret", SECRET)]].concat();
    let path = taken(&olga.submit("/upstreams/new", &fields).await);
    for page in [&path, &format!("{path}/edit")] {
        let page = olga.open(page).await;
        harmless(&page);
        page.shows("ann");
        page.shows("x-api-key");
    }
    let far = upstream(&ostia, "far").await;
    assert_eq!(far["credential"]["kind"], "basic", "{far:#}");
    assert_eq!(far["allow_private_network"], false);
}

#[tokio::test]
async fn what_does_not_work_says_so_to_those_who_may_see_it() {
    let ostia = Ostia::start().await;
    let olga = operator(&ostia).await;
    let fields = [
        ("transport", "stdio"),
        ("name", "broken"),
        ("program", "false"),
    ];
    let path = taken(&olga.submit("/upstreams/new", &fields).await);
    taken(&olga.submit(&format!("{path}/discover"), &[]).await);
    let page = olga.open(&path).await;
    page.shows("It has a problem");
    page.shows("last reported <time");
    page.shows("None is known.");
    olga.open("/upstreams?state=failing").await.shows(&path);
    olga.open("/upstreams?state=works").await.hides(&path);
    let settings = olga.open("/settings").await;
    settings
        .shows("<a href=\"/upstreams?state=failing\">Upstreams: Has a problem</a></dt><dd>1</dd>");
    settings.shows("answered in ");

    let create = ["users", "create", "aud", "--role", "auditor"];
    ostia.cli(&create).await.ok();
    let auditor = Visitor::signed_in(&ostia, "aud").await;
    let page = auditor.open(&path).await;
    page.shows("It has a problem");
    for (action, shown) in [
        ("edit", "Change it"),
        ("discover", "List it anew"),
        ("remove", "Remove the upstream"),
    ] {
        page.hides(shown);
        let fields = [("confirm", "broken")];
        let answer = auditor.submit(&format!("{path}/{action}"), &fields).await;
        assert_eq!(answer.status, 404, "{action}");
    }
    assert_eq!(olga.open(&path).await.status, 200);
}

#[tokio::test]
async fn the_file_of_a_client_becomes_upstreams() {
    let ostia = Ostia::start().await;
    let olga = operator(&ostia).await;
    let file = json!({"mcpServers": {
        "My Files": {"command": "npx", "args": ["-y", "server"], "env": {"TOKEN": SECRET}},
        "hosted": {"url": "https://mcp.example.com/sse", "headers": {"X-Key": SECRET}},
        // The variable is there, in the environment of the dashboard, and not for whoever sends this.
        "asks": {"command": "run", "env": {"A": "${PATH}"}},
        HOSTILE: {"type": "ws", "url": HOSTILE},
    }});
    let file = file.to_string();
    let paste = [("text", file.as_str())];
    let page = olga.submit("/upstreams/import", &paste).await;
    assert_eq!(page.status, 200, "{}", page.body);
    harmless(&page);
    page.shows("2 upstreams added");
    page.shows("the variable PATH has no value here");
    page.shows("is neither http nor sse");
    let path = format!(
        "/upstreams/{}",
        page.between("href=\"/upstreams/", "\">my-files")
    );
    olga.open(&path).await.shows("TOKEN");
    assert_eq!(upstream(&ostia, "my-files").await["env"], json!(["TOKEN"]));
    assert_eq!(upstream(&ostia, "hosted").await["transport"], "sse");

    let page = olga.submit("/upstreams/import", &paste).await;
    assert_eq!(page.status, 422, "{}", page.body);
    page.shows("is taken by another upstream");
    let torn = format!("{{\"mcpServers\": {SECRET}");
    for (text, problem) in [
        (torn.as_str(), "this is no JSON"),
        ("{}", "there is no `mcpServers`"),
        ("{\"mcpServers\": {}}", "there is no server"),
    ] {
        let answer = olga.submit("/upstreams/import", &[("text", text)]).await;
        refused(&answer, "text", problem);
        harmless(&answer);
    }
}
