//! What runs on edges, as they say.

use super::fixture::{assert_refused, start};
use ostia_domain::code::Code;
use ostia_proto::{ControlClient, v1};
use tonic::{Code as Grpc, Status};
use uuid::Uuid;

fn state(upstream: &v1::Upstream, workers: u32) -> v1::PoolState {
    v1::PoolState {
        upstream_id: upstream.id.clone(),
        upstream_version: upstream.version,
        workers,
        max_workers: 4,
        breaker: v1::Breaker::Closed.into(),
        ..v1::PoolState::default()
    }
}

async fn report(
    client: &ControlClient,
    edge: (&str, Uuid),
    pools: Vec<v1::PoolState>,
) -> Result<(), Status> {
    let request = v1::ReportPoolsRequest {
        edge: edge.0.to_owned(),
        edge_id: edge.1.to_string(),
        pools,
    };
    client.sync().report_pools(request).await?;
    Ok(())
}

async fn list(client: &ControlClient, upstream: Option<&str>) -> Vec<v1::EdgePool> {
    let upstream = upstream.map(str::to_owned);
    let request = v1::ListPoolsRequest { upstream };
    let listed = client.upstreams().list_pools(request).await;
    listed.expect("pools").into_inner().pools
}

fn said(pools: &[v1::EdgePool]) -> Vec<(&str, &str, u32)> {
    let of = |pool: &v1::EdgePool| pool.state.as_ref().expect("a state").workers;
    let pools = pools.iter();
    pools
        .map(|pool| (&*pool.upstream, &*pool.edge, of(pool)))
        .collect()
}

#[tokio::test]
async fn each_edge_has_the_last_word_about_itself() {
    let control = start().await;
    let github = control.add_upstream("github", &[]).await.expect("one");
    let files = control.add_upstream("files", &[]).await.expect("another");
    let client = &control.client;
    assert_eq!(list(client, None).await, []);
    let (first, second) = (Uuid::now_v7(), Uuid::now_v7());
    let both = vec![state(&github, 1), state(&files, 2)];
    report(client, ("b", first), both).await.expect("a report");
    report(client, ("a", second), vec![state(&github, 3)])
        .await
        .expect("a report");
    let pools = list(client, None).await;
    assert_eq!(
        said(&pools),
        [("files", "b", 2), ("github", "a", 3), ("github", "b", 1)]
    );
    assert_eq!(pools[0].edge_id, first.to_string());
    assert!(pools[0].reported_at.is_some());

    report(client, ("b", first), vec![state(&github, 4)])
        .await
        .expect("a report");
    let of_github = [("github", "a", 3), ("github", "b", 4)];
    assert_eq!(said(&list(client, None).await), of_github);
    assert_eq!(said(&list(client, Some("github")).await), of_github);
    assert_eq!(list(client, Some("files")).await, []);

    // An edge may say so before it hears that the upstream was removed.
    let request = v1::RemoveUpstreamRequest {
        upstream: "github".to_owned(),
    };
    let removed = client.upstreams().remove_upstream(request).await;
    removed.expect("removed");
    assert_eq!(list(client, None).await, []);
    let request = v1::ListPoolsRequest {
        upstream: Some("github".to_owned()),
    };
    let unknown = client.upstreams().list_pools(request).await;
    assert_refused(unknown, Grpc::NotFound, Code::NoSuchObject);
}

#[tokio::test]
async fn what_no_edge_says_is_refused() {
    let control = start().await;
    let upstream = control.add_upstream("github", &[]).await.expect("one");
    let client = &control.client;
    let edge = ("a", Uuid::now_v7());
    let many = vec![state(&upstream, 1); 10_001];
    let unclear = v1::PoolState {
        problem: Some("gone".to_owned()),
        ..state(&upstream, 0)
    };
    let nothing = v1::PoolState::default();
    for pools in [many, vec![unclear], vec![nothing]] {
        let refused = report(client, edge, pools).await;
        assert_refused(refused, Grpc::InvalidArgument, Code::InvalidArgument);
    }
    assert_eq!(list(client, None).await, []);
}
