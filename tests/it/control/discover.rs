//! Having an upstream listed anew.

use super::fixture::{Fixture, assert_refused, snapshot, start};
use crate::harness::wait::until;
use ostia_domain::code::Code;
use ostia_proto::{ControlClient, v1};
use std::time::Duration;
use tonic::{Code as Grpc, Status};

const SOON: Duration = Duration::from_secs(5);
/// Nobody reports by then.
const AT_ONCE: prost_types::Duration = prost_types::Duration {
    seconds: 0,
    nanos: 1_000_000,
};

async fn discover(
    client: &ControlClient,
    upstream: &str,
    wait: Option<prost_types::Duration>,
) -> Result<v1::Upstream, Status> {
    let upstream = upstream.to_owned();
    let request = v1::DiscoverUpstreamRequest { upstream, wait };
    let listed = client.upstreams().discover_upstream(request).await?;
    Ok(listed.into_inner())
}

/// What an edge says that reached nothing.
async fn report(client: &ControlClient, upstream: &v1::Upstream, listing: u64, problem: &str) {
    let request = v1::ReportCatalogueRequest {
        catalogue: None,
        upstream_id: upstream.id.clone(),
        upstream_version: upstream.version,
        problem: Some(problem.to_owned()),
        listing,
        ..v1::ReportCatalogueRequest::default()
    };
    let reported = client.sync().report_catalogue(request).await;
    reported.expect("a report");
}

/// The listing that an edge is asked for that starts now. Edges learn of it as of any change.
async fn asked(control: &Fixture) -> Option<u64> {
    let told = snapshot(&control.client).await;
    told.upstreams.first().map(|upstream| upstream.listing)
}

#[tokio::test]
async fn a_listing_that_no_edge_does_is_refused_in_time_and_asked_for_all_the_same() {
    let control = start().await;
    control.add_upstream("some", &[]).await.expect("added");
    let late = discover(&control.client, "some", Some(AT_ONCE)).await;
    assert_refused(late, Grpc::DeadlineExceeded, Code::UpstreamUnlisted);
    let event = control.events().await.pop().expect("an event");
    assert_eq!(event.action, "upstreams.discover");
    assert_eq!(event.target, "some");
    let replica = control.replica().await;
    let edge = snapshot(&replica.client()).await;
    assert_eq!(edge.upstreams[0].listing, 1);
    replica.close().await;
}

/// What is answered when an edge reports this to `edge` once it is asked for a listing of that number.
async fn listed(
    control: &Fixture,
    edge: &ControlClient,
    upstream: &v1::Upstream,
    listing: u64,
    problem: &str,
) -> v1::Upstream {
    let asks = discover(&control.client, "some", None);
    let reports = async {
        until(SOON, "edges are asked", || async {
            match asked(control).await {
                asked if asked == Some(listing) => Ok(()),
                other => Err(other),
            }
        })
        .await;
        // Of before it was asked: nobody waits for that.
        report(edge, upstream, listing - 1, "of before").await;
        report(edge, upstream, listing, problem).await;
    };
    let (listed, ()) = tokio::join!(asks, reports);
    listed.expect("listed")
}

#[tokio::test]
async fn the_answer_is_what_an_edge_reports_next_to_whichever_control() {
    let control = start().await;
    let added = control.add_upstream("some", &[]).await.expect("added");
    let replica = control.replica().await;
    for (listing, edge) in [(1, control.client.clone()), (2, replica.client())] {
        let problem = format!("not reached: {listing}");
        let found = listed(&control, &edge, &added, listing, &problem).await;
        assert_eq!(found.problem, Some(problem));
    }
    replica.close().await;
}

/// A report that says what is known already is an answer too, and no change.
#[tokio::test]
async fn nothing_new_is_an_answer() {
    let control = start().await;
    let added = control.add_upstream("some", &[]).await.expect("added");
    report(&control.client, &added, 0, "of before").await;
    let before = control.events().await.len();
    let found = listed(&control, &control.client, &added, 1, "of before").await;
    assert_eq!(found.problem.as_deref(), Some("of before"));
    assert_eq!(control.events().await.len(), before + 1, "the wish alone");
}

#[tokio::test]
async fn what_cannot_be_listed_or_waited_for_is_refused() {
    let control = start().await;
    control.add_upstream("some", &[]).await.expect("added");
    let unknown = discover(&control.client, "other", None).await;
    assert_refused(unknown, Grpc::NotFound, Code::NoSuchObject);
    for seconds in [-1, 61] {
        let wait = Some(prost_types::Duration { seconds, nanos: 0 });
        let refused = discover(&control.client, "some", wait).await;
        assert_refused(refused, Grpc::InvalidArgument, Code::InvalidArgument);
    }
    let events = control.events().await;
    assert!(
        events
            .iter()
            .all(|event| event.action != "upstreams.discover")
    );
}
