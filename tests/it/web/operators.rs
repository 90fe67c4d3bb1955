//! Pages that operate the installation, and who finds them.

use super::{Page, visitor::Visitor};
use crate::harness::ostia::Ostia;

/// Of everybody who sees everything.
const SEEN: [&str; 15] = [
    "/overview",
    "/usage?whose=everybody",
    "/prices",
    "/upstreams",
    "/upstreams/demo/output",
    "/policies",
    "/policies/test",
    "/users",
    "/service-accounts",
    "/groups",
    "/plans",
    "/all-keys",
    "/bundles",
    "/audit",
    "/audit/chains",
];
/// Of those who change it.
const CHANGED: [&str; 6] = [
    "/upstreams/new",
    "/upstreams/import",
    "/policies/new",
    "/plans/new",
    "/prices/new",
    "/bundles/new",
];
/// Of those alone who may make users.
const ADMINISTERED: [&str; 3] = ["/users/new", "/service-accounts/new", "/groups/new"];

/// Where a form that was taken leads, without the note on what was done.
#[track_caller]
pub(super) fn taken(answer: &Page) -> String {
    assert_eq!(answer.status, 303, "{}", answer.body);
    let location = answer.header("location");
    location.split('?').next().unwrap_or_default().to_owned()
}

#[track_caller]
pub(super) fn refused(answer: &Page, field: &str, problem: &str) {
    assert_eq!(answer.status, 422, "{}", answer.body);
    let beside = format!("id=\"problem-{field}\" class=\"problem\">");
    let said = answer.body.split(&beside).nth(1);
    let said = said.unwrap_or_else(|| panic!("nothing beside {field}: {}", answer.body));
    let said = said.split('<').next().unwrap_or_default();
    assert!(said.contains(problem), "{said:?} beside {field}");
}

#[tokio::test]
async fn they_are_there_for_the_roles_that_need_them_and_for_nobody_else() {
    let ostia = Ostia::start().await;
    for role in ["member", "auditor", "operator", "administrator"] {
        ostia
            .cli(&["users", "create", role, "--role", role])
            .await
            .ok();
        let visitor = Visitor::signed_in(&ostia, role).await;
        for path in SEEN {
            let expected = if role == "member" { 404 } else { 200 };
            let page = visitor.open(path).await;
            assert_eq!(page.status, expected, "{role} {path}: {}", page.body);
        }
        for path in CHANGED {
            let may = matches!(role, "operator" | "administrator");
            let expected = if may { 200 } else { 404 };
            let page = visitor.open(path).await;
            assert_eq!(page.status, expected, "{role} {path}: {}", page.body);
        }
        for path in ADMINISTERED {
            let expected = if role == "administrator" { 200 } else { 404 };
            let page = visitor.open(path).await;
            assert_eq!(page.status, expected, "{role} {path}: {}", page.body);
        }
        let home = visitor.open("/").await.body;
        assert_eq!(
            home.contains("href=\"/policies\""),
            role != "member",
            "{role}"
        );
    }
    for path in SEEN.iter().chain(&CHANGED).chain(&ADMINISTERED) {
        let page = Visitor::of(&ostia.web_url).open(path).await;
        assert_eq!(page.status, 303, "{path}");
        assert!(page.header("location").starts_with("/login"), "{path}");
    }
}
