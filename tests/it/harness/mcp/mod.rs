//! A small MCP client over raw HTTP: nothing is added, checked or repaired on the way, so that a test
//! can say exactly what is sent and see exactly what comes back.

pub(crate) mod legacy;
pub(crate) mod modern;

use super::http;
use bytes::Bytes;
use futures_util::StreamExt as _;
use reqwest::{Method, header::HeaderMap};
use serde_json::Value;

/// What the endpoint answers in; clients list both.
pub(crate) const ACCEPT: &str = "application/json, text/event-stream";

/// An address and a key.
#[derive(Clone)]
pub(crate) struct Endpoint {
    http: reqwest::Client,
    url: String,
    key: Option<String>,
}

impl Endpoint {
    pub(crate) fn new(url: &str, key: &str) -> Self {
        Self {
            key: Some(key.to_owned()),
            ..Self::anonymous(url)
        }
    }

    /// Without a key.
    pub(crate) fn anonymous(url: &str) -> Self {
        Self {
            http: http::client(),
            url: url.to_owned(),
            key: None,
        }
    }

    /// The same place (and connections) with another key.
    pub(crate) fn with_key(&self, key: &str) -> Self {
        Self {
            key: Some(key.to_owned()),
            ..self.clone()
        }
    }

    /// The endpoint of one upstream, or of a bundle by its name after an `@`.
    pub(crate) fn at(&self, part: &str) -> Self {
        Self {
            url: format!("{}/{part}", self.url),
            ..self.clone()
        }
    }

    /// A POST of exactly these bytes as JSON.
    pub(crate) fn post(&self, body: impl Into<Bytes>) -> Exchange {
        self.request(Method::POST)
            .header("content-type", "application/json")
            .header("accept", ACCEPT)
            .body(body)
    }

    /// Nothing but the key.
    pub(crate) fn request(&self, method: Method) -> Exchange {
        let exchange = Exchange {
            http: self.http.clone(),
            method,
            url: self.url.clone(),
            headers: Vec::new(),
            body: None,
        };
        match &self.key {
            Some(key) => exchange.header("authorization", format!("Bearer {key}")),
            None => exchange,
        }
    }
}

/// One HTTP request before it is sent.
pub(crate) struct Exchange {
    http: reqwest::Client,
    method: Method,
    url: String,
    headers: Vec<(String, String)>,
    body: Option<Bytes>,
}

impl Exchange {
    /// Sets a header, in the place of one of that name.
    pub(crate) fn header(self, name: &str, value: impl Into<String>) -> Self {
        let mut exchange = self.without(name);
        exchange.headers.push((name.to_owned(), value.into()));
        exchange
    }

    /// Adds a header even when there is one of that name.
    pub(crate) fn another_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers
            .retain(|(present, _)| !present.eq_ignore_ascii_case(name));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// The same request to another path of the same host.
    pub(crate) fn path(mut self, path: &str) -> Self {
        let mut url = reqwest::Url::parse(&self.url).expect("a URL");
        url.set_path(path);
        self.url = url.into();
        self
    }

    /// Sends it and waits for the status and headers alone.
    pub(crate) async fn begin(self) -> reqwest::Response {
        let mut request = self.http.request(self.method, &self.url);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        if let Some(body) = self.body {
            request = request.body(body);
        }
        request.send().await.expect("an HTTP answer")
    }

    /// Sends it and waits for the whole answer.
    pub(crate) async fn send(self) -> Answer {
        let response = self.begin().await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.expect("a whole body");
        Answer {
            status,
            headers,
            body,
        }
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    pub(crate) fn is_stream(&self) -> bool {
        self.header("content-type")
            .is_some_and(|t| t.starts_with("text/event-stream"))
    }

    /// The text of each message: one for a JSON body, one per event of a stream.
    pub(crate) fn messages(&self) -> Vec<String> {
        if self.is_stream() {
            self.text().split("\n\n").filter_map(event_data).collect()
        } else {
            vec![self.text().to_owned()]
        }
    }

    /// The answer to the request: the last message.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let messages = self.messages();
        let last = messages
            .last()
            .unwrap_or_else(|| panic!("no message in {self:?}"));
        serde_json::from_str(last).unwrap_or_else(|error| panic!("not JSON ({error}): {self:?}"))
    }

    /// `result`; fails with everything that came when there is none.
    #[track_caller]
    pub(crate) fn result(&self) -> Value {
        let mut message = self.json();
        assert!(
            message.get("result").is_some(),
            "no result: {} {message:#}",
            self.status
        );
        message["result"].take()
    }

    /// The text of the first content item of a `tools/call` result.
    #[track_caller]
    pub(crate) fn first_text(&self) -> String {
        let result = self.result();
        let text = result["content"][0]["text"].as_str();
        text.unwrap_or_else(|| panic!("no text: {result:#}"))
            .to_owned()
    }

    /// Status, JSON-RPC code and stable code of an error: what `docs/errors/` promises.
    #[track_caller]
    pub(crate) fn refusal(&self) -> (u16, i64, String) {
        let message = self.json();
        let error = &message["error"];
        let (Some(number), Some(code)) = (error["code"].as_i64(), error["data"]["code"].as_str())
        else {
            panic!("not an error of ours: {} {message:#}", self.status);
        };
        (self.status, number, code.to_owned())
    }
}

/// The `data` of one event; unset for comments, priming events and the end of the text.
pub(crate) fn event_data(event: &str) -> Option<String> {
    let lines = event.lines().filter_map(|line| line.strip_prefix("data:"));
    let data: Vec<_> = lines
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    let data = data.join("\n");
    (!data.is_empty()).then_some(data)
}

/// Reads messages of an event stream as they come.
pub(crate) struct Events {
    body: futures_util::stream::BoxStream<'static, reqwest::Result<Bytes>>,
    read: String,
}

impl Events {
    pub(crate) fn new(response: reqwest::Response) -> Self {
        Self {
            body: response.bytes_stream().boxed(),
            read: String::new(),
        }
    }

    /// The next message; unset at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.read.find("\n\n") {
                let event: String = self.read.drain(..end + 2).collect();
                match event_data(&event) {
                    Some(data) => {
                        return Some(serde_json::from_str(&data).expect("JSON in an event"));
                    }
                    None => continue,
                }
            }
            let chunk = self.body.next().await?.expect("a chunk");
            self.read
                .push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
        }
    }
}
