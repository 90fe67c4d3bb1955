//! Upstreams and what they were found to offer.

use super::fixture::{Fixture, assert_refused, definition, owned, start};
use ostia_domain::{clock, code::Code};
use ostia_proto::v1::{self, upstream_definition::Transport};
use tonic::{Code as Grpc, Status};

/// A definition as an upstream may send it: members nobody knows, odd spacing, numbers and escapes
/// that a parser would write otherwise.
const ODD: &str = "{ \"name\":\"odd\",  \"x-unknown\":[1.0,1e400,\"\\u00e9\\u0000\"],\n\"inputSchema\":{\"b\":1,\"a\":2} }";

async fn get(control: &Fixture, upstream: &str) -> v1::Upstream {
    let upstream = upstream.to_owned();
    let request = v1::GetUpstreamRequest { upstream };
    let found = control.client.upstreams().get_upstream(request).await;
    found.expect("the upstream").into_inner()
}

async fn tools(control: &Fixture, upstream: &str) -> Vec<v1::Tool> {
    let upstream = upstream.to_owned();
    let request = v1::ListToolsRequest { upstream };
    let found = control.client.upstreams().list_tools(request).await;
    found.expect("tools").into_inner().tools
}

fn tool(name: &str, definition: &str) -> v1::Tool {
    v1::Tool {
        name: name.to_owned(),
        canonical_name: String::new(),
        tier: v1::Tier::Read.into(),
        definition: definition.to_owned(),
        asks_client: false,
    }
}

fn found(upstream: &v1::Upstream, tools: Vec<v1::Tool>) -> v1::ReportCatalogueRequest {
    v1::ReportCatalogueRequest {
        catalogue: Some(v1::Catalogue {
            upstream_id: upstream.id.clone(),
            upstream_version: upstream.version,
            era: v1::Era::Legacy.into(),
            server_info: r#"{"name":"some","version":"1"}"#.to_owned(),
            tools,
            ..v1::Catalogue::default()
        }),
        upstream_id: upstream.id.clone(),
        upstream_version: upstream.version,
        ..v1::ReportCatalogueRequest::default()
    }
}

async fn report(control: &Fixture, request: v1::ReportCatalogueRequest) -> Result<(), Status> {
    control.client.sync().report_catalogue(request).await?;
    Ok(())
}

#[tokio::test]
async fn a_definition_comes_back_with_defaults_and_without_values_of_the_environment() {
    let control = start().await;
    let added = control
        .add_upstream("github", &[("TOKEN", "hunter2")])
        .await;
    let added = added.expect("an upstream");
    assert_eq!((added.version, added.enabled), (1, true));
    assert_eq!(
        (added.catalogue.as_ref(), added.problem.as_ref()),
        (None, None)
    );
    let definition = added.definition.as_ref().expect("a definition");
    let stdio = definition.stdio().expect("a command");
    assert_eq!(
        (stdio.program.as_str(), &stdio.args[..]),
        ("some-server", &["--stdio".to_owned()][..])
    );
    assert_eq!(stdio.env, [("TOKEN".to_owned(), String::new())].into());
    assert_eq!(
        definition.pool.as_ref().expect("limits").max_workers,
        Some(4)
    );
    assert_eq!(
        definition.call_timeout.as_ref().expect("a timeout").seconds,
        300
    );
    assert_eq!(get(&control, "github").await, added);
    assert_eq!(get(&control, &added.id).await, added);
    let request = v1::ListUpstreamsRequest {};
    let listed = control.client.upstreams().list_upstreams(request).await;
    assert_eq!(listed.expect("a list").into_inner().upstreams, [added]);
}

#[tokio::test]
async fn what_is_no_upstream_is_refused() {
    let control = start().await;
    let zero = prost_types::Duration::default();
    let good = || definition("github", &[]);
    let shell = v1::StdioCommand::default();
    for bad in [
        None,
        Some(definition("Not A Name", &[])),
        Some(definition("github", &[("A=B", "")])),
        Some(v1::UpstreamDefinition {
            transport: None,
            ..good()
        }),
        Some(v1::UpstreamDefinition {
            transport: Some(Transport::Stdio(shell)),
            ..good()
        }),
        Some(v1::UpstreamDefinition {
            call_timeout: Some(zero),
            ..good()
        }),
        // Test keys reach the demo, so nothing else may be one.
        Some(v1::UpstreamDefinition {
            demo: true,
            ..good()
        }),
    ] {
        let request = v1::AddUpstreamRequest { definition: bad };
        let answer = control.client.upstreams().add_upstream(request).await;
        assert_refused(answer, Grpc::InvalidArgument, Code::InvalidArgument);
    }
    control
        .add_upstream("github", &[])
        .await
        .expect("an upstream");
    let taken = control.add_upstream("github", &[]).await;
    assert_refused(taken, Grpc::AlreadyExists, Code::AlreadyExists);
}

#[tokio::test]
async fn the_demo_is_the_built_in_one() {
    let control = start().await;
    let mut demo = definition("demo", &[]);
    demo.demo = true;
    demo.transport = Some(Transport::Stdio(v1::StdioCommand {
        program: "ostia".to_owned(),
        args: owned(&["demo-upstream"]),
        ..v1::StdioCommand::default()
    }));
    let request = v1::AddUpstreamRequest {
        definition: Some(demo),
    };
    let added = control.client.upstreams().add_upstream(request).await;
    let added = added.expect("the demo").into_inner();
    assert!(added.definition.expect("a definition").demo);
}

#[tokio::test]
async fn removing_takes_what_was_found_with_it() {
    let control = start().await;
    let upstream = control
        .add_upstream("github", &[("TOKEN", "x")])
        .await
        .expect("one");
    report(&control, found(&upstream, vec![tool("a", "{}")]))
        .await
        .expect("a report");
    let remove = async || {
        let upstream = "github".to_owned();
        let request = v1::RemoveUpstreamRequest { upstream };
        control.client.upstreams().remove_upstream(request).await
    };
    remove().await.expect("removed");
    assert_refused(remove().await, Grpc::NotFound, Code::NoSuchObject);
    let again = control
        .add_upstream("github", &[])
        .await
        .expect("the name is free");
    assert_ne!(again.id, upstream.id);
    assert_eq!(tools(&control, "github").await, []);
    // A late report about the old one is about nothing.
    report(&control, found(&upstream, vec![tool("a", "{}")]))
        .await
        .expect("ignored");
    assert_eq!(tools(&control, "github").await, []);
}

#[tokio::test]
async fn tools_are_kept_byte_for_byte_and_in_order() {
    let control = start().await;
    let upstream = control
        .add_upstream("github", &[])
        .await
        .expect("an upstream");
    let many: Vec<_> = (0..1_200)
        .map(|n| tool(&format!("t{}", 1_200 - n), ODD))
        .collect();
    report(&control, found(&upstream, many.clone()))
        .await
        .expect("a report");
    let kept = tools(&control, "github").await;
    assert_eq!(kept.len(), many.len());
    for (kept, sent) in kept.iter().zip(&many) {
        assert_eq!((&kept.name, kept.tier), (&sent.name, sent.tier));
        assert_eq!(kept.definition, ODD);
        assert_eq!(kept.canonical_name, format!("github.{}", sent.name));
    }
    let summary = get(&control, "github")
        .await
        .catalogue
        .expect("a catalogue");
    assert_eq!((summary.tools, summary.era()), (1_200, v1::Era::Legacy));
}

#[tokio::test]
async fn a_report_about_another_version_is_ignored() {
    let control = start().await;
    let upstream = control
        .add_upstream("github", &[])
        .await
        .expect("an upstream");
    let newer = v1::Upstream {
        version: 2,
        ..upstream
    };
    report(&control, found(&newer, vec![tool("a", "{}")]))
        .await
        .expect("ignored");
    assert_eq!(get(&control, "github").await.catalogue, None);
}

#[tokio::test]
async fn a_problem_is_shown_until_the_upstream_is_reached_and_keeps_what_was_found() {
    let control = start().await;
    let upstream = control
        .add_upstream("github", &[])
        .await
        .expect("an upstream");
    let good = found(&upstream, vec![tool("a", "{}")]);
    report(&control, good.clone()).await.expect("a report");
    let bad = v1::ReportCatalogueRequest {
        catalogue: None,
        problem: Some("it ended at once".to_owned()),
        listing: 0,
        ..good.clone()
    };
    report(&control, bad).await.expect("a report");
    let shown = get(&control, "github").await;
    assert_eq!(shown.problem.as_deref(), Some("it ended at once"));
    assert_eq!(shown.catalogue.expect("a catalogue").tools, 1);
    report(&control, good).await.expect("a report");
    assert_eq!(get(&control, "github").await.problem, None);
}

#[tokio::test]
async fn a_problem_has_a_stage_and_begins_once_however_it_goes_on() {
    let control = start().await;
    let upstream = control
        .add_upstream("github", &[])
        .await
        .expect("an upstream");
    let at = |seconds| prost_types::Timestamp { seconds, nanos: 0 };
    let failing = |problem: &str, stage: v1::UpstreamStage, since| v1::ReportCatalogueRequest {
        upstream_id: upstream.id.clone(),
        upstream_version: upstream.version,
        problem: Some(problem.to_owned()),
        stage: stage.into(),
        failing_since: since,
        ..v1::ReportCatalogueRequest::default()
    };
    let first = failing("refused", v1::UpstreamStage::Connect, Some(at(1_000)));
    report(&control, first).await.expect("a report");
    let shown = get(&control, "github").await;
    assert_eq!(shown.problem_stage(), v1::UpstreamStage::Connect);
    assert_eq!(shown.problem_since, Some(at(1_000)));

    // Another edge, which came later, and another stage.
    let second = failing("exited", v1::UpstreamStage::Handshake, Some(at(2_000)));
    report(&control, second).await.expect("a report");
    let shown = get(&control, "github").await;
    assert_eq!(shown.problem_stage(), v1::UpstreamStage::Handshake);
    assert_eq!(shown.problem_since, Some(at(1_000)));
    let event = control.events().await.pop().expect("an event");
    assert!(
        event.detail.contains(r#""stage":"handshake""#),
        "{}",
        event.detail
    );

    let good = found(&upstream, vec![tool("a", "{}")]);
    report(&control, good).await.expect("a report");
    let shown = get(&control, "github").await;
    assert_eq!(shown.problem_stage(), v1::UpstreamStage::Unspecified);
    assert_eq!(shown.problem_since, None);

    // A clock that is ahead does not make it begin in the future.
    let ahead = failing("refused", v1::UpstreamStage::Connect, Some(at(1 << 40)));
    let before = clock::now().timestamp();
    report(&control, ahead).await.expect("a report");
    let since = get(&control, "github").await.problem_since;
    let since = since.expect("a time").seconds;
    assert!((before..=clock::now().timestamp()).contains(&since));
}
