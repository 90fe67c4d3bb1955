//! What upstreams are given: kept in the vault, and kept when the rest of a definition changes.

use super::{
    fixture::{Fixture, assert_refused, definition, snapshot, start},
    vault::{CANARY, dump, holds, snapshot_with},
};
use crate::harness::wait::until;
use ostia_domain::code::Code;
use ostia_proto::v1::{self, http_endpoint::Credential, upstream_definition::Transport};
use std::time::Duration;
use tonic::{Code as Grpc, Status};

const URL: &str = "https://example.com/mcp";

fn bearer(token: &str) -> Credential {
    Credential::Bearer(v1::BearerCredential {
        token: token.to_owned(),
    })
}

fn basic(username: &str, password: &str) -> Credential {
    Credential::Basic(v1::BasicCredential {
        username: username.to_owned(),
        password: password.to_owned(),
    })
}

fn grant(secret: &str) -> v1::ClientCredentials {
    v1::ClientCredentials {
        token_url: "https://login.example.com/token".to_owned(),
        client_id: "ostia".to_owned(),
        client_secret: secret.to_owned(),
        scopes: vec!["read".to_owned()],
        resource: Some(URL.to_owned()),
        audience: Some("mcp".to_owned()),
        authentication: v1::ClientAuthentication::Post.into(),
    }
}

fn tokens(secret: &str) -> Credential {
    Credential::ClientCredentials(grant(secret))
}

/// `hosted`, at this address.
fn hosted(
    url: &str,
    headers: &[(&str, &str)],
    credential: Option<Credential>,
) -> v1::UpstreamDefinition {
    let headers = headers.iter();
    v1::UpstreamDefinition {
        name: "hosted".to_owned(),
        transport: Some(Transport::Http(v1::HttpEndpoint {
            url: url.to_owned(),
            headers: headers
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            allow_private_network: false,
            credential,
        })),
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

async fn update(
    control: &Fixture,
    definition: v1::UpstreamDefinition,
    version: Option<u64>,
) -> Result<v1::Upstream, Status> {
    let request = v1::UpdateUpstreamRequest {
        upstream: definition.name.clone(),
        definition: Some(definition),
        version,
    };
    let updated = control.client.upstreams().update_upstream(request).await?;
    Ok(updated.into_inner())
}

fn endpoint(upstream: v1::Upstream) -> v1::HttpEndpoint {
    match upstream.definition.and_then(|found| found.transport) {
        Some(Transport::Http(endpoint)) => endpoint,
        other => panic!("not over HTTP: {other:?}"),
    }
}

/// What edges get, once they have this version.
async fn given(control: &Fixture, version: u64) -> v1::HttpEndpoint {
    let newest = until(Duration::from_secs(5), "edges have the newest", || async {
        let upstream = snapshot_with(&control.client, "hosted").await;
        if upstream.version == version {
            Ok(upstream)
        } else {
            Err(upstream.version)
        }
    });
    endpoint(newest.await.0)
}

fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    assert_refused(answer, Grpc::InvalidArgument, Code::InvalidArgument)
}

#[tokio::test]
async fn secrets_go_in_and_come_out_for_edges_alone() {
    for (credential, shown) in [
        (bearer(CANARY), bearer("")),
        (basic("ann", CANARY), basic("ann", "")),
        (tokens(CANARY), tokens("")),
    ] {
        let control = start().await;
        let added = add(&control, hosted(URL, &[], Some(credential.clone()))).await;
        let added = endpoint(added.expect("an upstream"));
        assert_eq!(added.credential, Some(shown));
        assert!(added.headers.is_empty(), "{:?}", added.headers);
        assert_eq!(given(&control, 1).await.credential, Some(credential));
        let events = format!("{:?}", control.events().await);
        assert!(!events.contains(CANARY), "{events}");
        let dump = dump(&control).await;
        assert!(holds(&dump, "hosted") && !holds(&dump, CANARY));
    }
}

#[tokio::test]
async fn what_cannot_be_presented_is_refused() {
    let control = start().await;
    let with = |change: fn(&mut v1::ClientCredentials)| {
        let mut grant = grant(CANARY);
        change(&mut grant);
        Credential::ClientCredentials(grant)
    };
    for wrong in [
        bearer(""),
        bearer("two words"),
        basic("ann", ""),
        basic("a:b", CANARY),
        basic("ann", "a\nb"),
        with(|grant| grant.client_secret.clear()),
        with(|grant| grant.client_id.clear()),
        with(|grant| grant.token_url.clear()),
        with(|grant| "http://login.example.com/token".clone_into(&mut grant.token_url)),
        with(|grant| "https://ann:x@login.example.com/".clone_into(&mut grant.token_url)),
        with(|grant| grant.scopes.push("two words".to_owned())),
        with(|grant| grant.resource = Some("no URI".to_owned())),
        with(|grant| grant.audience = Some(String::new())),
    ] {
        let text = format!("{wrong:?}");
        let problem = refused(add(&control, hosted(URL, &[], Some(wrong))).await);
        assert!(problem.starts_with("definition."), "{text}: {problem}");
        assert!(!problem.contains(CANARY), "{problem}");
    }
    // Two ways to say one thing.
    let twice = hosted(URL, &[("Authorization", CANARY)], Some(bearer(CANARY)));
    assert!(refused(add(&control, twice).await).contains("authorization"));
}

#[tokio::test]
async fn an_empty_value_is_what_it_was() {
    let control = start().await;
    let first = hosted(URL, &[("x-a", "one"), ("x-b", "two")], Some(tokens(CANARY)));
    add(&control, first).await.expect("an upstream");
    let other = hosted(
        "https://example.com/other?path",
        &[("x-a", ""), ("x-c", "three")],
        Some(tokens("")),
    );
    let updated = update(&control, other, Some(1)).await.expect("another");
    assert_eq!(updated.version, 2);
    let given = given(&control, 2).await;
    assert_eq!(given.url, "https://example.com/other?path");
    assert_eq!(given.credential, Some(tokens(CANARY)));
    let headers = [("x-a", "one"), ("x-c", "three")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(given.headers, headers.into());
}

/// Whoever may change an upstream and does not know its secrets cannot have them sent elsewhere.
#[tokio::test]
async fn a_value_is_not_kept_for_another_place() {
    let control = start().await;
    let first = hosted(URL, &[("x-a", CANARY)], Some(tokens(CANARY)));
    add(&control, first).await.expect("an upstream");
    let elsewhere = "https://example.org/mcp";
    let mut other_tokens = grant("");
    elsewhere.clone_into(&mut other_tokens.token_url);
    for wrong in [
        hosted(elsewhere, &[("x-a", "")], None),
        hosted(elsewhere, &[], Some(tokens(""))),
        hosted("https://example.com:8443/mcp", &[("x-a", "")], None),
        hosted(URL, &[], Some(Credential::ClientCredentials(other_tokens))),
        hosted(URL, &[], Some(basic("ann", ""))),
        hosted(URL, &[], Some(bearer(""))),
    ] {
        refused(update(&control, wrong, None).await);
    }
    let same = hosted(URL, &[("x-a", "")], Some(tokens("")));
    update(&control, same, None).await.expect("the same place");

    control
        .add_upstream("local", &[("TOKEN", CANARY)])
        .await
        .expect("an upstream");
    let mut other = definition("local", &[("TOKEN", "")]);
    if let Some(Transport::Stdio(command)) = &mut other.transport {
        command.args = vec!["--print-environment".to_owned()];
    }
    refused(update(&control, other, None).await);
    let same = definition("local", &[("TOKEN", "")]);
    update(&control, same, None)
        .await
        .expect("the same command");
}

#[tokio::test]
async fn a_definition_that_changed_meanwhile_is_not_overwritten() {
    let control = start().await;
    add(&control, hosted(URL, &[], None))
        .await
        .expect("an upstream");
    let again = || hosted(URL, &[("x-a", "one")], None);
    update(&control, again(), Some(1)).await.expect("another");
    let late = update(&control, again(), Some(1)).await;
    assert_refused(late, Grpc::FailedPrecondition, Code::Conflict);
    let third = || hosted(URL, &[("x-a", "two")], None);
    let (one, two) = tokio::join!(
        update(&control, third(), Some(2)),
        update(&control, third(), Some(2)),
    );
    assert_eq!(
        u8::from(one.is_ok()) + u8::from(two.is_ok()),
        1,
        "{one:?} {two:?}"
    );

    let mut renamed = again();
    "other".clone_into(&mut renamed.name);
    let request = v1::UpdateUpstreamRequest {
        upstream: "hosted".to_owned(),
        definition: Some(renamed),
        version: None,
    };
    refused(control.client.upstreams().update_upstream(request).await);
    let nobody = update(&control, definition("nobody", &[]), None).await;
    assert_refused(nobody, Grpc::NotFound, Code::NoSuchObject);
}

/// The tools of a server are what they were when only what it is given is another.
#[tokio::test]
async fn what_was_found_stays_unless_it_is_another_server() {
    let control = start().await;
    let added = add(&control, hosted(URL, &[], Some(bearer("one")))).await;
    let added = added.expect("an upstream");
    let catalogue = v1::Catalogue {
        upstream_id: added.id.clone(),
        upstream_version: 1,
        era: v1::Era::Modern.into(),
        ..v1::Catalogue::default()
    };
    let request = v1::ReportCatalogueRequest {
        catalogue: Some(catalogue),
        upstream_id: added.id,
        upstream_version: 1,
        problem: None,
        listing: 0,
        ..v1::ReportCatalogueRequest::default()
    };
    control
        .client
        .sync()
        .report_catalogue(request)
        .await
        .expect("a report");
    let other = hosted(URL, &[("x-a", "one")], Some(bearer("two")));
    let updated = update(&control, other, None).await.expect("another");
    assert!(updated.catalogue.is_some());
    let moved = hosted("https://example.com/other", &[], None);
    let updated = update(&control, moved, None).await.expect("another");
    assert_eq!((updated.version, updated.catalogue), (3, None));
}

/// Whoever can write in the database can name another host or token endpoint, and gets nothing of it.
#[tokio::test]
async fn a_sealed_secret_opens_only_for_the_place_it_was_given_for() {
    for (statement, credential) in [
        (
            "UPDATE upstreams SET url = 'https://example.org/mcp'",
            bearer(CANARY),
        ),
        (
            "UPDATE upstreams SET credential = '{\"kind\":\"basic\",\"username\":\"x\"}'",
            bearer(CANARY),
        ),
        ("UPDATE upstreams SET credential = NULL", bearer(CANARY)),
        ("DELETE FROM upstream_env", bearer(CANARY)),
        (
            "UPDATE upstreams SET credential = '{\"kind\":\"client-credentials\",\
             \"token_url\":\"https://example.org/token\",\"client_id\":\"ostia\",\"scopes\":[],\
             \"resource\":null,\"audience\":null,\"authentication\":\"basic\"}'",
            tokens(CANARY),
        ),
    ] {
        let control = start().await;
        add(&control, hosted(URL, &[], Some(credential)))
            .await
            .expect("an upstream");
        given(&control, 1).await;
        control.sql(statement).await;
        control
            .add_upstream("last", &[])
            .await
            .expect("an upstream");
        snapshot_with(&control.client, "last").await;
        let all = snapshot(&control.client).await.upstreams;
        assert_eq!(all.len(), 1, "{statement}: {all:?}");
    }
}
