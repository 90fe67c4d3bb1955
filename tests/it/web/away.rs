//! The dashboard while control is away.

use super::visitor::Visitor;
use crate::harness::ostia::Ostia;

/// Control and the dashboard as two processes, and an administrator in the latter.
pub(crate) struct Apart {
    pub(crate) control: Ostia,
    pub(crate) web: Ostia,
    pub(crate) visitor: Visitor,
}

pub(crate) async fn apart() -> Apart {
    let control = Ostia::options().roles(&["control"]).start().await;
    let token = crate::harness::control::secret(&control, "service_token");
    let web = Ostia::options()
        .roles(&["web"])
        .env("OSTIA_CONTROL_URL", &control.control_url)
        .env("OSTIA_SERVICE_TOKEN", token.expose())
        .start()
        .await;
    let link = control.cli(&["login-link", "admin"]).await.ok().json();
    let link = link["login_url"].as_str().expect("a link").to_owned();
    let (_, path) = link.split_once("/login/").expect("a link");
    let visitor = Visitor::of(&web.web_url);
    visitor
        .follow_login_link(&format!("{}/login/{path}", web.web_url))
        .await;
    Apart {
        control,
        web,
        visitor,
    }
}

#[tokio::test]
async fn pages_say_so_and_what_still_works() {
    let Apart {
        mut control,
        web: _web,
        visitor,
    } = apart().await;
    for page in [
        "/",
        "/keys",
        "/usage",
        "/sessions",
        "/live",
        "/tools",
        "/audit",
        "/overview",
    ] {
        assert_eq!(visitor.open(page).await.status, 200, "{page}");
    }
    control.kill9().await;
    for page in [
        "/",
        "/keys",
        "/keys/new",
        "/usage",
        "/sessions",
        "/live",
        "/live/calls",
        "/tools",
        "/try",
        "/audit",
        "/audit.csv",
        "/overview",
    ] {
        let page = visitor.open(page).await;
        assert_eq!(page.status, 503);
        page.shows("Agents");
    }
}
