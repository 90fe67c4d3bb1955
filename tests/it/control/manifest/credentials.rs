//! Credentials of a manifest: given, kept, and never shown.

use super::{applied, apply, export, told};
use crate::control::{
    fixture::{assert_refused, bare, definition},
    vault::{CANARY, snapshot_with},
};
use crate::harness::wait::until;
use ostia_domain::code::Code;
use ostia_proto::v1::{self, upstream_definition::Transport};
use std::time::Duration;
use tonic::Code as Grpc;

fn with(upstream: v1::UpstreamDefinition) -> v1::Manifest {
    v1::Manifest {
        upstreams: vec![upstream],
        ..v1::Manifest::default()
    }
}

fn github(token: &str) -> v1::Manifest {
    with(definition("github", &[("TOKEN", token)]))
}

#[tokio::test]
async fn a_value_is_kept_where_none_is_given_and_told_of_without_being_shown() {
    let control = bare().await;
    let nothing = apply(&control, github(""), v1::ApplyManifestRequest::default()).await;
    let message = assert_refused(nothing, Grpc::InvalidArgument, Code::InvalidArgument);
    assert!(
        message.starts_with("upstreams.github.env.TOKEN: "),
        "{message}"
    );

    let made = applied(&control, github(CANARY)).await;
    assert_eq!(told(&made), ["created upstreams.github"]);
    for same in [CANARY, ""] {
        let again = applied(&control, github(same)).await;
        assert_eq!(told(&again), ["unchanged upstreams.github"], "{same}");
    }
    let another = applied(&control, github("canary-another")).await;
    assert_eq!(told(&another), ["changed upstreams.github"]);
    let fields = &another[0].fields;
    assert_eq!((fields.len(), fields[0].field.as_str()), (1, "env.TOKEN"));
    let shown = format!("{made:?}{another:?}{:?}", export(&control).await);
    assert!(!shown.contains("canary"), "{shown}");
    for event in control.events().await {
        assert!(!event.detail.contains("canary"), "{event:?}");
    }
    let value = || async {
        let upstream = snapshot_with(&control.client, "github").await;
        let definition = upstream.definition.expect("a definition");
        let value = definition.stdio().expect("a command").env["TOKEN"].clone();
        (value == "canary-another").then_some(()).ok_or(value)
    };
    until(Duration::from_secs(5), "edges get the new value", value).await;
}

/// Who may write manifests but does not know a value must not have it sent somewhere else.
#[tokio::test]
async fn a_value_that_is_kept_stays_where_it_was_given_for() {
    let control = bare().await;
    applied(&control, github(CANARY)).await;
    let mut elsewhere = github("");
    if let Some(Transport::Stdio(command)) = &mut elsewhere.upstreams[0].transport {
        command.program = "another-server".to_owned();
    }
    let refused = apply(&control, elsewhere.clone(), super::DRY).await;
    let message = assert_refused(refused, Grpc::InvalidArgument, Code::InvalidArgument);
    assert!(message.starts_with("upstreams.github"), "{message}");
    let command = elsewhere.upstreams[0].credentials_mut().expect("env");
    command.insert("TOKEN".to_owned(), CANARY.to_owned());
    let given = applied(&control, elsewhere).await;
    assert_eq!(given[0].fields[0].field, "program");
}

#[tokio::test]
async fn the_credential_of_an_endpoint_is_compared_with_what_is_sealed() {
    let control = bare().await;
    let endpoint = |token: &str, url: &str| {
        let token = token.to_owned();
        let credential = v1::http_endpoint::Credential::Bearer(v1::BearerCredential { token });
        let mut definition = definition("linear", &[]);
        definition.transport = Some(Transport::Http(v1::HttpEndpoint {
            url: url.to_owned(),
            headers: [("x-team".to_owned(), CANARY.to_owned())].into(),
            allow_private_network: false,
            credential: Some(credential),
        }));
        with(definition)
    };
    let url = "https://example.com/mcp";
    applied(&control, endpoint(CANARY, url)).await;
    let same = applied(&control, endpoint(CANARY, url)).await;
    assert_eq!(told(&same), ["unchanged upstreams.linear"]);
    let exported = applied(&control, export(&control).await).await;
    assert_eq!(told(&exported), ["unchanged upstreams.linear"]);
    let other = applied(&control, endpoint("canary-other", url)).await;
    assert_eq!(other[0].fields[0].field, "credential.token");
    assert!(!format!("{other:?}").contains("canary"));
    for wrong in [
        "ftp://example.com",
        "https://example.com/mcp?api_key=canary-in-clear",
    ] {
        let refused = apply(&control, endpoint(CANARY, wrong), super::DRY).await;
        let message = assert_refused(refused, Grpc::InvalidArgument, Code::InvalidArgument);
        assert!(message.starts_with("upstreams.linear.url: "), "{message}");
        assert!(!message.contains("canary"), "{message}");
    }
}
