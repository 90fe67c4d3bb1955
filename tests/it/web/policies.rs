//! The pages of policies.

use super::{
    operators::{refused, taken},
    visitor::Visitor,
};
use crate::harness::{
    control, database,
    mcp::{Endpoint, modern},
    ostia::Ostia,
    wait,
};
use serde_json::json;
use std::time::Duration;

const HOSTILE: &str = "</textarea><script>alert(1)</script>&\"'";

async fn operator(ostia: &Ostia) -> Visitor {
    let create = ["users", "create", "olga", "--role", "operator"];
    ostia.cli(&create).await.ok();
    Visitor::signed_in(ostia, "olga").await
}

#[tokio::test]
async fn a_policy_is_made_changed_brought_back_and_deleted() {
    let ostia = Ostia::start().await;
    let olga = operator(&ostia).await;
    let made = [
        ("name", "mail"),
        ("source", "rules"),
        ("upstreams", "mail"),
        ("allow", "mail.get_*\nmail.send"),
        ("max_tier", "write"),
        ("arguments-rows", "1"),
        ("arguments-0-tools", "mail.send"),
        ("arguments-0-argument", "/to"),
        ("arguments-0-glob", "*@acme.example"),
        ("constraints-rows", "1"),
        ("constraints-0-tools", "mail.*"),
        ("constraints-0-calls_per_minute", "7"),
    ];
    let path = taken(&olga.submit("/policies", &made).await);
    let page = olga.open(&path).await.body;
    for line in [
        "at most writing, nothing destructive",
        "allow mail.get_*",
        "argument /to of mail.send: like *@acme.example",
        "limit mail.* to 7 calls a minute",
    ] {
        assert!(
            page.contains(&format!("<code>{line}</code>")),
            "{line}: {page}"
        );
    }
    // The form has what there is, and a row to add another.
    let edit = format!("{path}/edit");
    let form = olga.open(&edit).await.body;
    assert!(form.contains("value=\"*@acme.example\""), "{form}");
    assert!(form.contains("name=\"arguments-1-tools\""), "{form}");

    let changed = [
        ("upstreams", "mail"),
        ("allow", "mail.get_*"),
        ("max_tier", "read"),
    ];
    taken(&olga.submit(&edit, &changed).await);
    let page = olga.open(&path).await.body;
    assert!(page.contains("Version 2"), "{page}");
    assert!(
        page.contains("<code>allow mail.send</code></del>"),
        "{page}"
    );
    assert!(page.contains("user:olga"), "{page}");

    let restore = format!("{path}/restore");
    taken(&olga.submit(&restore, &[("version", "1")]).await);
    let page = olga.open(&path).await.body;
    assert!(page.contains("Version 3"), "{page}");
    let shown = ostia.cli(&["policies", "show", "mail"]).await.ok().json();
    assert_eq!(shown["rules"]["max_tier"], "write");

    let delete = format!("{path}/delete");
    let answer = olga.submit(&delete, &[("confirm", "male")]).await;
    refused(&answer, "confirm", "is not its name");
    taken(&olga.submit(&delete, &[("confirm", "mail")]).await);
    assert_eq!(olga.open(&path).await.status, 404);
}

#[tokio::test]
async fn what_cannot_be_is_said_beside_its_field_and_nothing_typed_is_lost() {
    let ostia = Ostia::start().await;
    let olga = operator(&ostia).await;
    let new = |name, value| [("name", "some"), ("source", "rules"), (name, value)];
    let answer = olga
        .submit("/policies", &new("allow", "no pattern of a tool\u{7f}"))
        .await;
    refused(&answer, "allow", "");
    let fields = [
        ("name", HOSTILE),
        ("source", "rules"),
        ("allow", HOSTILE),
        ("arguments-rows", "2"),
        ("arguments-1-tools", "mail.*"),
        ("arguments-1-argument", HOSTILE),
        ("arguments-1-regex", "("),
    ];
    let answer = olga.submit("/policies", &fields).await;
    refused(&answer, "arguments", "row 2: ");
    assert!(!answer.body.contains("<script>alert"), "{}", answer.body);
    assert!(
        answer.body.contains("&lt;/textarea&gt;&lt;script&gt;"),
        "{}",
        answer.body
    );
    let fields = [
        ("name", "some"),
        ("source", "rules"),
        ("constraints-rows", "1"),
        ("constraints-0-tools", "*"),
        ("constraints-0-timeout_ms", "soon"),
    ];
    let answer = olga.submit("/policies", &fields).await;
    refused(&answer, "constraints", "row 1: ");
    assert!(answer.body.contains("value=\"soon\""), "{}", answer.body);
    let answer = olga
        .submit("/policies", &[("name", "read-only"), ("source", "rules")])
        .await;
    refused(&answer, "name", "is taken by another policy");
    // Whoever has one keeps it.
    let id = ostia
        .cli(&["policies", "show", "read-only"])
        .await
        .ok()
        .json();
    let id = id["id"].as_str().expect("an id").to_owned();
    let create = ["keys", "create", "bound", "--policy", "read-only"];
    ostia.cli(&create).await.ok();
    let delete = format!("/policies/{id}/delete");
    let answer = olga.submit(&delete, &[("confirm", "read-only")]).await;
    refused(&answer, "confirm", "");
}

#[tokio::test]
async fn a_preset_is_copied_under_a_name_that_nobody_can_run() {
    let ostia = Ostia::start().await;
    let olga = operator(&ostia).await;
    let fields = [("name", HOSTILE), ("source", "read-only")];
    let path = taken(&olga.submit("/policies", &fields).await);
    for path in [path.as_str(), "/policies"] {
        let page = olga.open(path).await.body;
        assert!(
            page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
            "{page}"
        );
        assert!(!page.contains("<script>alert"), "{page}");
    }
    assert!(
        olga.open(&path)
            .await
            .body
            .contains("from the preset read-only")
    );
}

#[tokio::test]
async fn who_has_a_policy_is_shown() {
    let ostia = Ostia::start().await;
    let olga = operator(&ostia).await;
    let made = ostia
        .cli(&["policies", "create", "some", "--preset", "read-only"])
        .await;
    let id = made.ok().json()["id"].as_str().expect("an id").to_owned();
    let path = format!("/policies/{id}/affected");
    let page = olga.open(&path).await.body;
    assert!(page.contains("Nobody"), "{page}");
    for args in [
        &["users", "create", "bob", "--policy", "some"][..],
        &[
            "groups", "create", "crew", "--policy", "some", "--member", "olga",
        ],
        &["keys", "create", "laptop", "--policy", "some"],
    ] {
        ostia.cli(args).await.ok();
    }
    let page = olga.open(&path).await.body;
    for name in ["bob", "crew", "olga", "laptop"] {
        assert!(page.contains(name), "{name}: {page}");
    }
}

#[tokio::test]
async fn a_call_is_tested_without_making_it() {
    let ostia = Ostia::start().await;
    let olga = operator(&ostia).await;
    let key = &ostia.key[..ostia.key.len().min(21)];
    let test = |arguments| {
        [
            ("key", key),
            ("tool", "demo.echo"),
            ("arguments", arguments),
        ]
    };
    let answer = olga.submit("/policies/test", &test("")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(
        answer.body.contains("demo.echo may be called"),
        "{}",
        answer.body
    );
    let answer = olga.submit("/policies/test", &test("[1]")).await;
    refused(&answer, "arguments", "is not a JSON object");
    let fields = [("key", "ost_live_aaaaaaaaaaaa"), ("tool", "demo.echo")];
    let answer = olga.submit("/policies/test", &fields).await;
    refused(&answer, "key", "there is no such key");
    // Where the key may be used from is said, and judged where that is told.
    let id = ostia.cli(&["keys", "show", "demo"]).await.ok().json()["id"].clone();
    let id = id.as_str().expect("an id");
    let narrow = ["keys", "update", id, "--network", "192.0.2.0/24"];
    ostia.cli(&narrow).await.ok();
    let from = |address| [("key", key), ("tool", "demo.echo"), ("address", address)];
    let answer = olga.submit("/policies/test", &from("")).await;
    assert!(answer.body.contains("may be called"), "{}", answer.body);
    assert!(
        answer.body.contains("Only from <code>192.0.2.0/24</code>"),
        "{}",
        answer.body
    );
    let answer = olga.submit("/policies/test", &from("198.51.100.1")).await;
    assert!(answer.body.contains("may not be called"), "{}", answer.body);
    assert!(answer.body.contains("address-forbidden"), "{}", answer.body);
    let answer = olga.submit("/policies/test", &from("here")).await;
    refused(&answer, "address", "is not an IP address");
    ostia.cli(&["upstreams", "disable", "demo"]).await.ok();
    let answer = olga.submit("/policies/test", &test("")).await;
    assert!(
        answer.body.contains("the upstream is disabled"),
        "{}",
        answer.body
    );
    // Of a whole key, pasted in spite of what is said there, nothing secret comes back.
    let fields = [("key", ostia.key.as_str()), ("tool", "demo.echo")];
    let answer = olga.submit("/policies/test", &fields).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.body.contains(key), "{}", answer.body);
    assert!(!answer.body.contains(&ostia.key), "{}", answer.body);
    let usage = ostia.cli(&["usage", "list"]).await.ok().json();
    assert_eq!(usage.as_array().map(Vec::len), Some(0), "{usage:#}");
}

/// The page of all others shows, the edge refuses what it governs, and new rules put it right.
#[tokio::test]
async fn a_policy_that_cannot_be_read_is_shown_as_that() {
    let ostia = Ostia::start().await;
    let olga = operator(&ostia).await;
    let services = control::client(&ostia);
    let made = control::key(&services, "odd", control::everything_of(&["demo"])).await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &made.secret);
    let echo = || async {
        let arguments = json!({"message": "there"});
        modern::call(&endpoint, "demo__echo", &arguments)
            .send()
            .await
    };
    assert_eq!(echo().await.first_text(), "there");
    let damage = "UPDATE policies SET rules = '{\"upstreams\": 7}' WHERE name = 'odd'";
    database::execute(&ostia.database_url(), damage).await;
    // Somebody changes something else, so that edges are told what there is.
    control::policy(&services, "other", control::everything_of(&["*"])).await;
    let refused = wait::until(Duration::from_secs(10), "the edge refuses", || async {
        let answer = echo().await;
        if answer.status == 200 && answer.json()["error"].is_null() {
            return Err(answer);
        }
        Ok(answer)
    });
    let (refused, _) = refused.await;
    assert_eq!(refused.refusal().2, "tool-unavailable");
    assert!(modern::tools(&endpoint).await.is_empty());

    let page = olga.open("/policies").await;
    assert_eq!(page.status, 200, "{}", page.body);
    for shown in ["Cannot be read", ">other<", ">read-only<"] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    let listed = ostia.cli(&["policies", "list"]).await.ok().json();
    let odd = listed.as_array().expect("policies").iter();
    let odd = odd.clone().find(|policy| policy["name"] == "odd");
    let path = format!(
        "/policies/{}",
        odd.expect("odd")["id"].as_str().expect("an id")
    );
    let detail = olga.open(&path).await.body;
    assert!(detail.contains("cannot read the rules"), "{detail}");

    let rules = [
        ("upstreams", "demo"),
        ("allow", "*"),
        ("max_tier", "destructive"),
    ];
    taken(&olga.submit(&format!("{path}/edit"), &rules).await);
    services.settled().await;
    assert_eq!(echo().await.first_text(), "there");
}
