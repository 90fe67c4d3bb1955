//! A web role that runs alone.

use super::{Api, send, service};
use crate::harness::{control, ostia::Ostia};
use reqwest::Method;
use serde_json::json;

/// Another web role of the same installation, for the same caller.
pub(super) async fn another_web(api: &Api) -> Api {
    Api {
        ostia: web_of(&api.ostia, &api.ostia.mcp_url).await,
        key: api.key.clone(),
    }
}

/// A web role of this control, which calls tools at this address.
pub(super) async fn web_of(main: &Ostia, mcp_url: &str) -> Ostia {
    let token = control::secret(main, "service_token");
    Ostia::options()
        .roles(&["web"])
        .env("OSTIA_CONTROL_URL", main.control_url.clone())
        .env("OSTIA_SERVICE_TOKEN", token.expose())
        .arg("--mcp-url")
        .arg(mcp_url)
        .start()
        .await
}

/// Calls go where clients go, and what is away is said to be away.
#[tokio::test]
async fn a_web_role_alone_finds_edge_and_control() {
    let mut main = Ostia::options().roles(&["control", "edge"]).start().await;
    let key = service(&main, "root", "administrator").await;
    let api = Api {
        ostia: web_of(&main, &main.mcp_url).await,
        key,
    };
    let execute = "/api/v1/upstreams/demo/tools/echo/execute";
    let call = json!({"arguments": {"message": "far"}}).to_string();
    let request = || {
        api.with_key(Method::POST, execute, &main.key)
            .body(call.clone())
    };
    let result = send(request()).await.ok(200);
    assert_eq!(result["content"][0]["text"], "far");
    main.kill9().await;
    let away = api.get("/v1/me").await;
    away.refused(503, "control-unavailable");
    assert!(!away.header("retry-after").is_empty());
}
