//! What upstreams were found to offer, on its way to edges.

use super::fixture::{Fixture, assert_refused, snapshot, start};
use crate::harness::wait::until;
use ostia_domain::code::Code;
use ostia_proto::v1;
use std::time::Duration;
use tonic::{Code as Grpc, Status};

/// A definition as an upstream may send it: members nobody knows, odd spacing, numbers and escapes
/// that a parser would write otherwise.
const ODD: &str = "{ \"name\":\"odd\",  \"x-unknown\":[1.0,1e400,\"\\u00e9\\u0000\"],\n\"icons\":[{\"b\":1,\"a\":2}] }";

fn item(name: &str) -> v1::ListedItem {
    v1::ListedItem {
        name: name.to_owned(),
        definition: ODD.to_owned(),
    }
}

/// So many that they are written in several statements, in an order that no sorting gives.
fn items(kind: &str) -> Vec<v1::ListedItem> {
    let number = |n: u32| item(&format!("{kind} {}", n.wrapping_mul(2_654_435_761)));
    (0..1_200).map(number).collect()
}

fn tool(name: &str) -> v1::Tool {
    v1::Tool {
        name: name.to_owned(),
        canonical_name: String::new(),
        tier: v1::Tier::Read.into(),
        definition: ODD.to_owned(),
        asks_client: name.starts_with("asks"),
    }
}

fn catalogue(upstream: &v1::Upstream) -> v1::Catalogue {
    v1::Catalogue {
        upstream_id: upstream.id.clone(),
        upstream_version: upstream.version,
        era: v1::Era::Modern.into(),
        server_info: ODD.to_owned(),
        tools: vec![tool("asks-back"), tool("plain")],
        capabilities: ODD.to_owned(),
        instructions: Some("Two lines,\nand \"odd\" text: é".to_owned()),
        prompts: items("prompt"),
        resources: items("file:///a b"),
        resource_templates: items("file:///{path}"),
    }
}

async fn report(control: &Fixture, found: v1::Catalogue) -> Result<(), Status> {
    let request = v1::ReportCatalogueRequest {
        upstream_id: found.upstream_id.clone(),
        upstream_version: found.upstream_version,
        catalogue: Some(found),
        problem: None,
        listing: 0,
        ..v1::ReportCatalogueRequest::default()
    };
    control.client.sync().report_catalogue(request).await?;
    Ok(())
}

async fn shown(control: &Fixture) -> v1::Upstream {
    let request = v1::GetUpstreamRequest {
        upstream: "github".to_owned(),
    };
    let found = control.client.upstreams().get_upstream(request).await;
    found.expect("the upstream").into_inner()
}

async fn until_pushed(control: &Fixture, wanted: &v1::Catalogue) {
    let ask = || async {
        let all = snapshot(&control.client).await.catalogues;
        if all == [wanted.clone()] {
            Ok(())
        } else {
            Err(format!("{} other catalogues", all.len()))
        }
    };
    let limit = Duration::from_secs(5);
    until(limit, "edges have the catalogue as it was sent", ask).await;
}

#[tokio::test]
async fn every_list_reaches_edges_byte_for_byte_and_in_order() {
    let control = start().await;
    let upstream = control.add_upstream("github", &[]).await;
    let upstream = upstream.expect("an upstream");
    let found = catalogue(&upstream);
    report(&control, found.clone()).await.expect("a report");
    until_pushed(&control, &found).await;
    let summary = shown(&control).await.catalogue.expect("a summary");
    assert_eq!(
        (
            summary.tools,
            summary.prompts,
            summary.resources,
            summary.resource_templates
        ),
        (2, 1_200, 1_200, 1_200)
    );

    // A later report replaces all of it.
    let fewer = v1::Catalogue {
        prompts: vec![item("one")],
        resources: Vec::new(),
        instructions: None,
        ..found
    };
    report(&control, fewer.clone()).await.expect("a report");
    until_pushed(&control, &fewer).await;
}

#[tokio::test]
async fn any_change_of_a_list_is_news_and_the_same_again_is_not() {
    let control = start().await;
    let upstream = control.add_upstream("github", &[]).await;
    let upstream = upstream.expect("an upstream");
    let first = catalogue(&upstream);
    let mut reports = vec![first.clone()];
    for change in [
        |found: &mut v1::Catalogue| found.capabilities = "{}".to_owned(),
        |found: &mut v1::Catalogue| found.instructions = None,
        |found: &mut v1::Catalogue| found.prompts.truncate(1),
        |found: &mut v1::Catalogue| found.resources[0].definition = "{}".to_owned(),
        |found: &mut v1::Catalogue| found.resource_templates.swap(0, 1),
        |found: &mut v1::Catalogue| found.tools[1].asks_client = true,
    ] {
        let mut changed = first.clone();
        change(&mut changed);
        reports.push(changed);
    }
    for (at, found) in reports.iter().enumerate() {
        for _ in 0..2 {
            report(&control, found.clone()).await.expect("a report");
        }
        let events = control.events().await;
        let told = events
            .iter()
            .filter(|event| event.action == "upstreams.report");
        assert_eq!(told.count(), at + 1);
    }
}

#[tokio::test]
async fn a_nul_character_is_refused_wherever_it_is() {
    let control = start().await;
    let upstream = control.add_upstream("github", &[]).await;
    let upstream = upstream.expect("an upstream");
    for spoil in [
        |found: &mut v1::Catalogue| found.server_info.push('\0'),
        |found: &mut v1::Catalogue| found.capabilities.push('\0'),
        |found: &mut v1::Catalogue| found.instructions = Some("\0".to_owned()),
        |found: &mut v1::Catalogue| found.tools[0].name.push('\0'),
        |found: &mut v1::Catalogue| found.tools[1].definition.push('\0'),
        |found: &mut v1::Catalogue| found.prompts[0].name.push('\0'),
        |found: &mut v1::Catalogue| found.prompts[1].definition.push('\0'),
        |found: &mut v1::Catalogue| found.resources[2].name.push('\0'),
        |found: &mut v1::Catalogue| found.resource_templates[3].definition.push('\0'),
    ] {
        let mut found = catalogue(&upstream);
        spoil(&mut found);
        let answer = report(&control, found).await;
        assert_refused(answer, Grpc::InvalidArgument, Code::InvalidArgument);
    }
    assert_eq!(shown(&control).await.catalogue, None);
}

#[tokio::test]
async fn removing_an_upstream_takes_its_lists_with_it() {
    let control = start().await;
    let upstream = control.add_upstream("github", &[]).await;
    let found = catalogue(&upstream.expect("an upstream"));
    report(&control, found.clone()).await.expect("a report");
    until_pushed(&control, &found).await;
    let request = v1::RemoveUpstreamRequest {
        upstream: "github".to_owned(),
    };
    let removed = control.client.upstreams().remove_upstream(request).await;
    removed.expect("removed");
    let again = control.add_upstream("github", &[]).await;
    let again = again.expect("the name is free");
    let empty = v1::Catalogue {
        upstream_id: again.id,
        prompts: Vec::new(),
        resources: Vec::new(),
        resource_templates: Vec::new(),
        tools: Vec::new(),
        ..found
    };
    report(&control, empty.clone()).await.expect("a report");
    until_pushed(&control, &empty).await;
}

#[tokio::test]
async fn tools_that_clients_could_not_tell_apart_are_reported() {
    let control = start().await;
    let upstream = control.add_upstream("github", &[]).await;
    let mut found = catalogue(&upstream.expect("an upstream"));
    found.tools = vec![tool("same"), tool("other"), tool("same")];
    report(&control, found.clone()).await.expect("a report");
    let problem = shown(&control).await.problem.expect("a problem");
    assert!(problem.contains("\"same\""), "{problem}");
    assert!(!problem.contains("\"other\""), "{problem}");

    found.tools.pop();
    report(&control, found).await.expect("a report");
    assert_eq!(shown(&control).await.problem, None);
}
