//! The pages of users, service accounts, groups and plans.

use super::{
    operators::{refused, taken},
    visitor::Visitor,
};
use crate::harness::ostia::Ostia;
use serde_json::Value;

const HOSTILE: &str = "<script>alert(1)</script>&\"'";

async fn show(ostia: &Ostia, kind: &str, name: &str) -> Value {
    let listed = ostia.cli(&[kind, "list"]).await.ok().json();
    let listed = listed.as_array().expect("a list");
    let found = listed.iter().find(|object| object["name"] == name);
    found
        .cloned()
        .unwrap_or_else(|| panic!("no {name} in {listed:#?}"))
}

#[tokio::test]
async fn a_user_is_made_changed_and_deleted() {
    let ostia = Ostia::start().await;
    let admin = Visitor::signed_in(&ostia, "admin").await;
    let made = [
        ("name", HOSTILE),
        ("role", "member"),
        ("kind", "person"),
        ("policies", "read-only"),
    ];
    let path = taken(&admin.submit("/users/new", &made).await);
    for page in ["/users", path.as_str()] {
        let page = admin.open(page).await.body;
        assert!(page.contains("&lt;script&gt;alert(1)"), "{page}");
        assert!(!page.contains("<script>alert"), "{page}");
    }
    // Without the box ticked they are disabled.
    let changed = [("name", "bob"), ("role", "auditor"), ("plan", "")];
    taken(&admin.submit(&path, &changed).await);
    let bob = show(&ostia, "users", "bob").await;
    assert_eq!(bob["enabled"], false, "{bob:#}");
    assert_eq!(bob["role"], "auditor");
    assert_eq!(bob["policies"], serde_json::json!([]));

    let answer = admin
        .submit("/users/new", &[("name", "bob"), ("role", "member")])
        .await;
    refused(&answer, "name", "is taken by another user");
    let delete = format!("{path}/delete");
    refused(
        &admin.submit(&delete, &[("confirm", "")]).await,
        "confirm",
        "is not its name",
    );
    taken(&admin.submit(&delete, &[("confirm", "bob")]).await);
    assert_eq!(admin.open(&path).await.status, 404);
}

/// A page may not do what control does not allow.
#[tokio::test]
async fn the_last_administrator_stays() {
    let ostia = Ostia::start().await;
    let admin = Visitor::signed_in(&ostia, "admin").await;
    let id = show(&ostia, "users", "admin").await;
    let path = format!("/users/{}", id["id"].as_str().expect("an id"));
    let fields = [("name", "admin"), ("role", "member"), ("enabled", "true")];
    let answer = admin.submit(&path, &fields).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    let answer = admin
        .submit(&format!("{path}/delete"), &[("confirm", "admin")])
        .await;
    refused(&answer, "confirm", "");
    assert_eq!(
        show(&ostia, "users", "admin").await["role"],
        "administrator"
    );
}

#[tokio::test]
async fn a_login_link_and_the_key_of_a_service_account_work() {
    let ostia = Ostia::start().await;
    let admin = Visitor::signed_in(&ostia, "admin").await;
    let made = [("name", "bob"), ("role", "member"), ("kind", "person")];
    let path = taken(&admin.submit("/users/new", &made).await);
    let page = admin.submit(&format!("{path}/login-link"), &[]).await;
    let link = once(&page.body, "link");
    let bob = Visitor::of(&ostia.web_url);
    bob.follow_login_link(&link).await;
    assert!(bob.open("/").await.body.contains("bob"));

    let made = [("name", "ci"), ("role", "auditor"), ("kind", "service")];
    let path = taken(&admin.submit("/service-accounts/new", &made).await);
    assert!(admin.open("/service-accounts").await.body.contains("ci"));
    assert!(!admin.open("/users").await.body.contains(">ci<"));
    let fields = [("key_name", "deploy"), ("days", "30")];
    let page = admin.submit(&format!("{path}/keys"), &fields).await;
    let key = once(&page.body, "secret");
    let request = admin.request(reqwest::Method::GET, "/api/v1/users");
    let answer = admin.send(request.bearer_auth(key)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// What a page shows this one time.
#[track_caller]
fn once(page: &str, id: &str) -> String {
    let text = page.split(&format!("<code id=\"{id}\">")).nth(1);
    let text = text.and_then(|rest| rest.split('<').next());
    text.unwrap_or_else(|| panic!("no {id} in {page}"))
        .to_owned()
}

#[tokio::test]
async fn a_group_gives_its_members_policies_and_a_plan() {
    let ostia = Ostia::start().await;
    let admin = Visitor::signed_in(&ostia, "admin").await;
    let plan = [("name", "small"), ("calls_per_minute", "many")];
    refused(
        &admin.submit("/plans/new", &plan).await,
        "calls_per_minute",
        "is not a number",
    );
    let plan = [
        ("name", "small"),
        ("calls_per_minute", "60"),
        ("calls_per_day", "1234"),
        ("calls_per_month", "5000"),
    ];
    taken(&admin.submit("/plans/new", &plan).await);
    let plans = admin.open("/plans").await.body;
    assert!(
        plans.contains("1,234") && plans.contains("5,000"),
        "{plans}"
    );
    // As many at once as a minute has: only calls at the same time are not limited.
    assert_eq!(plans.matches(">60<").count(), 2, "{plans}");
    assert_eq!(plans.matches("no limit").count(), 1, "{plans}");

    let unknown = [("name", "crew"), ("members", "nobody")];
    refused(
        &admin.submit("/groups/new", &unknown).await,
        "members",
        "no user has",
    );
    let group = [
        ("name", "crew"),
        ("members", "admin"),
        ("policies", "read-only"),
        ("plan", "small"),
    ];
    let path = taken(&admin.submit("/groups/new", &group).await);
    let crew = show(&ostia, "groups", "crew").await;
    assert_eq!(crew["members"], serde_json::json!(["admin"]), "{crew:#}");
    assert_eq!(crew["plan"], "small");

    // Who has it keeps it.
    let small = show(&ostia, "plans", "small").await;
    let plan = format!("/plans/{}", small["id"].as_str().expect("an id"));
    let delete = format!("{plan}/delete");
    refused(
        &admin.submit(&delete, &[("confirm", "small")]).await,
        "confirm",
        "",
    );
    taken(
        &admin
            .submit(&format!("{path}/delete"), &[("confirm", "crew")])
            .await,
    );
    taken(&admin.submit(&plan, &[("calls_per_minute", "5")]).await);
    assert_eq!(show(&ostia, "plans", "small").await["calls_per_minute"], 5);
    taken(&admin.submit(&delete, &[("confirm", "small")]).await);
}

/// By an administrator, in the dashboard, over REST and on the command line.
#[tokio::test]
async fn a_user_is_signed_out_everywhere() {
    let ostia = Ostia::start().await;
    let admin = Visitor::signed_in(&ostia, "admin").await;
    ostia.cli(&["users", "create", "bob"]).await.ok();
    let bob = show(&ostia, "users", "bob").await;
    let path = format!("/users/{}", bob["id"].as_str().expect("an id"));

    let signed_in = [
        Visitor::signed_in(&ostia, "bob").await,
        Visitor::signed_in(&ostia, "bob").await,
    ];
    let button = admin.open(&path).await.body;
    assert!(button.contains("Sign out everywhere"), "{button}");
    assert_eq!(
        taken(&admin.submit(&format!("{path}/sign-out"), &[]).await),
        path
    );
    for browser in signed_in {
        assert!(!browser.is_signed_in().await);
    }
    assert!(admin.is_signed_in().await);

    let browser = Visitor::signed_in(&ostia, "bob").await;
    let ended = ostia.cli(&["users", "sign-out", "bob"]).await.ok().json();
    assert_eq!(ended["ended"], 1, "{ended:#}");
    assert!(!browser.is_signed_in().await);
    let audit = ostia.cli(&["audit", "list"]).await.ok().json();
    assert!(
        audit.to_string().contains("browser_sessions.end_all"),
        "{audit:#}"
    );
    // Who may not change users may not end what they do.
    ostia
        .cli(&["users", "create", "olga", "--role", "operator"])
        .await
        .ok();
    let olga = Visitor::signed_in(&ostia, "olga").await;
    let answer = olga.submit(&format!("{path}/sign-out"), &[]).await;
    assert_eq!(answer.status, 404, "{}", answer.body);
}
