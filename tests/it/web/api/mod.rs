//! REST, over the real program with real keys.

mod authority;
mod away;
mod calls;
mod changes;
mod discover;
mod document;
mod documented;
mod examples;
mod keys;
mod lists;
mod once;
mod once_calls;
mod origins;
mod pools;
mod prices;
mod problems;
mod refused_calls;
mod shapes;
mod split;
mod standing;
mod users;
mod versions;

use crate::harness::{control::service_key as service, http, ostia::Ostia};
use reqwest::{Method, RequestBuilder, header::HeaderMap};
use serde_json::{Value, json};

/// The program, and a key of a service account that may do everything.
struct Api {
    ostia: Ostia,
    key: String,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    /// Null: there was none.
    body: Value,
}

impl Api {
    async fn start() -> Self {
        Self::of(Ostia::start().await).await
    }

    async fn of(ostia: Ostia) -> Self {
        let key = service(&ostia, "root", "administrator").await;
        Self { ostia, key }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.ostia.web_url);
        http::client().request(method, url).bearer_auth(&self.key)
    }

    async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.write(Method::POST, path, body).await
    }

    async fn write(&self, method: Method, path: &str, body: Value) -> Answer {
        send(self.request(method, path).body(body.to_string())).await
    }

    async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }

    /// The same program as somebody else.
    fn with_key(&self, method: Method, path: &str, key: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.ostia.web_url);
        http::client().request(method, url).bearer_auth(key)
    }
}

/// What is answered, after a look into the document.
async fn send(request: RequestBuilder) -> Answer {
    let (client, request) = request.build_split();
    let request = request.expect("a request");
    let (method, url) = (request.method().clone(), request.url().clone());
    let answer = client.execute(request).await.expect("an answer");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer.text().await.expect("a body");
    let body = match text.as_str() {
        "" => Value::Null,
        text => serde_json::from_str(text).unwrap_or_else(|_| panic!("{status}: {text}")),
    };
    let answer = Answer {
        status,
        headers,
        body,
    };
    documented::check(&method, &url, &answer).await;
    answer
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().expect("ASCII"))
    }

    #[track_caller]
    fn ok(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body);
        self.body
    }

    /// A problem document of this status and code, whose every part is there.
    #[track_caller]
    fn refused(&self, status: u16, code: &str) {
        let body = &self.body;
        assert_eq!(self.status, status, "{body:#}");
        assert_eq!(body["code"], code, "{body:#}");
        assert_eq!(body["status"], status, "{body:#}");
        assert_eq!(body["type"], format!("/docs/errors/{code}"));
        assert_eq!(body["title"], code.replace('-', " "));
        assert!(body["detail"].as_str().is_some_and(|text| !text.is_empty()));
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(
            body["requestId"].as_str(),
            Some(self.header("ostia-request-id"))
        );
        let challenge = self.header("www-authenticate");
        assert_eq!(challenge.is_empty(), status != 401, "{challenge:?}");
    }

    /// As [`Self::refused`], and about this member of the request.
    #[track_caller]
    fn refused_for(&self, status: u16, code: &str, field: &str) {
        self.refused(status, code);
        assert_eq!(self.body["field"], field, "{:#}", self.body);
    }
}

/// Rules that permit every tool.
fn everything() -> Value {
    json!({"upstreams": ["*"], "allow": ["*"]})
}
