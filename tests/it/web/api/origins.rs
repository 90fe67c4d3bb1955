//! Which pages may use the API from a browser: none that nobody named.

use super::{Api, send};
use crate::harness::ostia::Ostia;
use reqwest::Method;

const ORIGIN: &str = "https://app.example.com";

#[tokio::test]
async fn no_origin_is_allowed_unasked() {
    let api = Api::start().await;
    let answer = send(api.request(Method::GET, "/v1/me").header("origin", ORIGIN)).await;
    assert_eq!(answer.status, 200);
    let asks = api
        .request(Method::OPTIONS, "/v1/me")
        .header("origin", ORIGIN)
        .header("access-control-request-method", "GET");
    let asked = send(asks).await;
    asked.refused(405, "http-method-not-allowed");
    for answer in [answer, asked] {
        let names = answer.headers.keys();
        let of_cors = names.filter(|name| name.as_str().starts_with("access-control"));
        assert_eq!(of_cors.count(), 0);
    }
}

#[tokio::test]
async fn one_that_was_named_may() {
    let options = Ostia::options().arg("--api-origin").arg(ORIGIN);
    let api = Api::of(options.start().await).await;
    let preflight = async |origin: &str| {
        let request = api
            .request(Method::OPTIONS, "/api/v1/keys/x")
            .header("origin", origin)
            .header("access-control-request-method", "PATCH");
        send(request).await
    };
    let allowed = preflight(ORIGIN).await;
    assert_eq!(allowed.status, 204);
    assert_eq!(allowed.header("access-control-allow-origin"), ORIGIN);
    assert!(
        allowed
            .header("access-control-allow-methods")
            .contains("PATCH")
    );
    let headers = allowed.header("access-control-allow-headers");
    assert!(headers.contains("authorization"), "{headers}");
    assert_eq!(allowed.header("access-control-allow-credentials"), "");
    let refused = preflight("https://app.example.com.evil.test").await;
    refused.refused(405, "http-method-not-allowed");
    assert_eq!(refused.header("access-control-allow-origin"), "");
    let answer = send(api.request(Method::GET, "/v1/me").header("origin", ORIGIN)).await;
    assert_eq!(answer.header("access-control-allow-origin"), ORIGIN);
    assert_eq!(answer.header("vary"), "origin");
}
