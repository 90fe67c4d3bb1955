//! Upstreams that run somewhere else: what may be their address and their headers.

use super::fixture::{Fixture, assert_refused, start};
use ostia_domain::code::Code;
use ostia_proto::v1::{self, upstream_definition::Transport};
use tonic::{Code as Grpc, Status};

fn endpoint(url: &str) -> v1::HttpEndpoint {
    v1::HttpEndpoint {
        url: url.to_owned(),
        ..v1::HttpEndpoint::default()
    }
}

fn private(url: &str) -> v1::HttpEndpoint {
    v1::HttpEndpoint {
        allow_private_network: true,
        ..endpoint(url)
    }
}

fn with_header(name: &str, value: &str) -> v1::HttpEndpoint {
    v1::HttpEndpoint {
        headers: [(name.to_owned(), value.to_owned())].into(),
        ..endpoint("https://example.com/mcp")
    }
}

fn definition(transport: Transport) -> v1::UpstreamDefinition {
    v1::UpstreamDefinition {
        name: "far".to_owned(),
        transport: Some(transport),
        ..v1::UpstreamDefinition::default()
    }
}

async fn add(
    control: &Fixture,
    definition: v1::UpstreamDefinition,
) -> Result<v1::Upstream, Status> {
    let request = v1::AddUpstreamRequest {
        definition: Some(definition),
    };
    let added = control.client.upstreams().add_upstream(request).await?;
    Ok(added.into_inner())
}

async fn remove(control: &Fixture) {
    let upstream = "far".to_owned();
    let request = v1::RemoveUpstreamRequest { upstream };
    let removed = control.client.upstreams().remove_upstream(request).await;
    removed.expect("removed");
}

/// What is said about the field when it is refused.
async fn refused(control: &Fixture, definition: v1::UpstreamDefinition, field: &str) {
    let shown = format!("{definition:?}");
    let answer = add(control, definition).await;
    let told = assert_refused(answer, Grpc::InvalidArgument, Code::InvalidArgument);
    assert!(told.starts_with(&format!("{field}:")), "{told} for {shown}");
}

/// Whatever it allows, and however it is written.
#[tokio::test]
async fn an_address_where_no_server_is_is_refused_at_once() {
    let control = start().await;
    for host in [
        "169.254.169.254",
        "[fe80::1]",
        "[::ffff:169.254.169.254]",
        "0.0.0.0",
        "224.0.0.1",
        "2852039166",
        "0xa9.0376.43518",
        "169.254.169.254.",
    ] {
        let url = format!("http://{host}/latest/meta-data");
        let answer = add(&control, definition(Transport::Http(private(&url)))).await;
        let told = assert_refused(answer, Grpc::InvalidArgument, Code::InvalidArgument);
        assert!(told.contains("no upstream may have"), "{told} for {url}");
    }
    let near = definition(Transport::Http(private("http://127.0.0.1:9000/mcp")));
    add(&control, near).await.expect("allowed");
}

#[tokio::test]
async fn a_definition_comes_back_with_its_url_and_without_values_of_headers() {
    let control = start().await;
    for transport in [Transport::Http, Transport::Sse] {
        let mut written = definition(transport(v1::HttpEndpoint {
            headers: [("X-Api-Key".to_owned(), "hunter2".to_owned())].into(),
            ..private("http://localhost:9000/mcp?tenant=a")
        }));
        written.isolation = v1::Isolation::Session.into();
        let added = add(&control, written).await.expect("an upstream");
        // Names of headers are the same in any case, so there is one way to write them.
        let shown = transport(v1::HttpEndpoint {
            headers: [("x-api-key".to_owned(), String::new())].into(),
            ..private("http://localhost:9000/mcp?tenant=a")
        });
        let definition = added.definition.as_ref().expect("a definition");
        assert_eq!(definition.transport, Some(shown));
        assert_eq!(definition.isolation(), v1::Isolation::Session);
        let request = v1::GetUpstreamRequest {
            upstream: "far".to_owned(),
        };
        let found = control.client.upstreams().get_upstream(request).await;
        assert_eq!(found.expect("the upstream").into_inner(), added);
        remove(&control).await;
    }
}

#[tokio::test]
async fn what_is_no_address_is_refused_and_the_field_named() {
    let control = start().await;
    for bad in [
        endpoint(""),
        endpoint("example.com"),
        endpoint("/mcp"),
        endpoint("https://"),
        endpoint("https:///mcp"),
        endpoint("https://:443/mcp"),
        endpoint("https://example.com:99999/mcp"),
        endpoint("https://two words.example.com/"),
        endpoint("https://example.com/\0"),
        private("ftp://example.com/mcp"),
        private("unix:///run/mcp.sock"),
        // Credentials are headers, which are sealed.
        endpoint("https://ada:hunter2@example.com/mcp"),
        endpoint("https://example.com/mcp?region=eu&api_key=hunter2"),
        endpoint("https://example.com/mcp?for=ghp_0123456789abcdef0123"),
        endpoint("https://example.com/s/sk-live-0123456789/mcp"),
        endpoint("https://example.com/mcp#part"),
        // In clear only where somebody said that the network is theirs.
        endpoint("http://example.com/mcp"),
        endpoint("HTTP://example.com/mcp"),
    ] {
        let url = bad.url.clone();
        let http = definition(Transport::Http(bad.clone()));
        refused(&control, http, "definition.http.url").await;
        let sse = definition(Transport::Sse(bad));
        refused(&control, sse, "definition.sse.url").await;
        assert_eq!(control.events().await.len(), 2, "{url:?} left a trace");
    }
    for good in [
        endpoint("https://example.com"),
        endpoint("HTTPS://Example.com:8443/a/b?c=d"),
        private("http://127.0.0.1:9000/mcp"),
        private("http://[::1]:9000/mcp"),
        private("https://example.com/mcp"),
    ] {
        let url = good.url.clone();
        let added = add(&control, definition(Transport::Http(good))).await;
        added.unwrap_or_else(|status| panic!("{url}: {status}"));
        remove(&control).await;
    }
}

#[tokio::test]
async fn headers_that_ostia_writes_itself_are_refused() {
    let control = start().await;
    for name in [
        "Host",
        "connection",
        "Keep-Alive",
        "transfer-encoding",
        "content-length",
        "Content-Type",
        "content-encoding",
        "accept",
        "Accept-Encoding",
        "mcp-session-id",
        "MCP-Protocol-Version",
        "mcp-method",
        "mcp-name",
        "mcp-param-anything",
        "last-event-id",
        "cookie",
        "te",
        "trailer",
        "upgrade",
        "proxy-authorization",
        "forwarded",
        "",
        "two words",
        "new\nline",
        "é",
    ] {
        let http = definition(Transport::Http(with_header(name, "x")));
        refused(&control, http, "definition.http.headers").await;
    }
    for value in ["new\r\nline: x", "\0", "\u{7f}"] {
        let http = definition(Transport::Http(with_header("x-api-key", value)));
        let answer = add(&control, http).await;
        let told = assert_refused(answer, Grpc::InvalidArgument, Code::InvalidArgument);
        assert!(told.starts_with("definition.http.headers:"), "{told}");
        assert!(!told.contains(value), "a value may be a credential");
    }
    let authorization = with_header("Authorization", "Bearer some");
    let added = add(&control, definition(Transport::Http(authorization))).await;
    added.expect("an upstream");
}

#[tokio::test]
async fn one_header_that_is_written_in_two_ways_is_refused() {
    let control = start().await;
    let mut twice = with_header("X-Api-Key", "a");
    twice.headers.insert("x-api-key".to_owned(), "b".to_owned());
    let twice = definition(Transport::Http(twice));
    refused(&control, twice, "definition.http.headers").await;
}

#[tokio::test]
async fn the_older_transport_does_not_speak_the_newer_protocol() {
    let control = start().await;
    let modern = |transport| v1::UpstreamDefinition {
        protocol: v1::UpstreamProtocol::UpstreamProtocol20260728.into(),
        ..definition(transport)
    };
    let sse = modern(Transport::Sse(endpoint("https://example.com/sse")));
    refused(&control, sse, "definition.protocol").await;
    let http = modern(Transport::Http(endpoint("https://example.com/mcp")));
    add(&control, http).await.expect("an upstream");
}

#[tokio::test]
async fn nothing_but_a_command_is_the_demo() {
    let control = start().await;
    let mut demo = definition(Transport::Http(endpoint("https://example.com/mcp")));
    demo.demo = true;
    refused(&control, demo, "definition.demo").await;
}
