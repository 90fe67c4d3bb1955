//! What would be wrong about the form of a policy, while it is filled in.

use super::{operators::refused, visitor::Visitor};
use crate::harness::{
    control::{self, everything_of},
    ostia::Ostia,
};
use serde_json::{Value, json};

const CHECK: &str = "/policies/check";

async fn checked(visitor: &Visitor, fields: &[(&str, &str)]) -> Value {
    let answer = visitor.submit(CHECK, fields).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    let answer: Value = serde_json::from_str(&answer.body).expect("JSON");
    answer["problems"].clone()
}

/// What is said beside a field, if anything.
fn beside<'a>(problems: &'a Value, field: &str) -> Option<&'a str> {
    let mut problems = problems.as_array().expect("a list").iter();
    let problem = problems.find(|problem| problem["field"] == field)?;
    problem["said"].as_str()
}

#[tokio::test]
async fn what_is_wrong_is_said_as_it_is_when_the_form_is_sent_and_nothing_is_made() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    control::policy(&control, "taken", everything_of(&["demo"])).await;
    let admin = Visitor::signed_in(&ostia, "admin").await;
    let events = ostia
        .cli(&["audit", "list", "--action", "policies.create"])
        .await;
    let before = events.ok().json();
    let whole = [
        ("name", "fine"),
        ("source", "rules"),
        ("allow", "demo.*"),
        ("max_tier", "read"),
    ];
    assert_eq!(checked(&admin, &whole).await, json!([]));
    for (change, field) in [
        (("allow", "two words"), "allow"),
        (("deny", "two words"), "deny"),
        (("upstreams", "a\tb"), "upstreams"),
        (("name", ""), "name"),
        (("name", "taken"), "name"),
        (("source", "no-such-preset"), "preset"),
    ] {
        let others = whole.iter().filter(|(name, _)| *name != change.0);
        let fields: Vec<_> = others.copied().chain([change]).collect();
        let problems = checked(&admin, &fields).await;
        let said = beside(&problems, field);
        let said = said.unwrap_or_else(|| panic!("nothing beside {field}: {problems:#}"));
        if field != "preset" {
            refused(&admin.submit("/policies", &fields).await, field, said);
        }
    }
    // A row that is wrong does not hide what else is.
    let rows = [
        &whole[..2],
        &[
            ("allow", "two words"),
            ("constraints-rows", "1"),
            ("constraints-0-tools", "demo.*"),
            ("constraints-0-timeout_ms", "soon"),
        ],
    ]
    .concat();
    let problems = checked(&admin, &rows).await;
    assert!(beside(&problems, "allow").is_some(), "{problems:#}");
    let row = beside(&problems, "constraints").expect("of the row");
    assert!(row.starts_with("row 1: \"soon\""), "{row}");

    // The same of one that is there, by its id.
    let shown = ostia.cli(&["policies", "show", "taken"]).await.ok().json();
    let id = shown["id"].as_str().expect("an id");
    let wrong = [("policy", id), ("allow", "demo.*"), ("deny", "two words")];
    assert!(beside(&checked(&admin, &wrong).await, "deny").is_some());
    assert_eq!(checked(&admin, &wrong[..2]).await, json!([]));
    let gone = admin.submit(CHECK, &[("policy", "none")]).await;
    assert_eq!(gone.status, 404, "{}", gone.body);

    let events = ostia
        .cli(&["audit", "list", "--action", "policies.create"])
        .await;
    assert_eq!(events.ok().json(), before);
    let after = ostia.cli(&["policies", "show", "taken"]).await.ok().json();
    assert_eq!(after, shown);
    let listed = ostia.cli(&["policies", "list"]).await.ok().json();
    let listed = listed.as_array().expect("a list").iter();
    assert!(!listed.into_iter().any(|policy| policy["name"] == "fine"));
}

#[tokio::test]
async fn only_forms_of_operators_are_checked() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    control::policy(&control, "readers", everything_of(&["demo"])).await;
    for (role, status) in [("member", 404), ("auditor", 404), ("operator", 200)] {
        let create = ["users", "create", role, "--role", role];
        ostia.cli(&create).await.ok();
        let visitor = Visitor::signed_in(&ostia, role).await;
        let fields = [("name", "fine"), ("source", "rules")];
        let answer = visitor.submit(CHECK, &fields).await;
        assert_eq!(answer.status, status, "{role}: {}", answer.body);
        let forged = visitor.submit_as_is(CHECK, &fields).await;
        assert_ne!(forged.status, 200, "{role}");
    }
    let nobody = Visitor::of(&ostia.web_url);
    let answer = nobody.submit_as_is(CHECK, &[("name", "fine")]).await;
    assert_ne!(answer.status, 200, "{}", answer.body);

    // Where it is asked: the pages with such a form, whose policy lets their script ask.
    let operator = Visitor::signed_in(&ostia, "operator").await;
    for path in ["/policies/new", "/policies/readers/edit"] {
        let page = operator.open(path).await;
        page.shows("data-check=\"/policies/check\"");
        let policy = page.header("content-security-policy");
        assert!(policy.contains("connect-src 'self'"), "{path}: {policy}");
    }
}
