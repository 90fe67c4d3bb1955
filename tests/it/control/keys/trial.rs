//! Test keys, which reach the demo upstream and nothing else: there is one as long as there is such a key.

use super::super::fixture::{Fixture, assert_refused, new_key, start};
use ostia_domain::code::Code;
use ostia_proto::v1;
use tonic::{Code as Grpc, Status};

async fn make(control: &Fixture) -> Result<v1::CreateKeyResponse, Status> {
    let request = v1::CreateKeyRequest {
        mode: v1::KeyMode::Test.into(),
        ..new_key("trial")
    };
    control.create_key(request).await
}

async fn remove(control: &Fixture, upstream: &str) -> Result<(), Status> {
    let upstream = upstream.to_owned();
    let request = v1::RemoveUpstreamRequest { upstream };
    let mut upstreams = control.client.upstreams();
    upstreams.remove_upstream(request).await.map(drop)
}

#[tokio::test]
async fn a_test_key_is_made_where_there_is_a_demo() {
    let control = start().await;
    let said = assert_refused(
        make(&control).await,
        Grpc::FailedPrecondition,
        Code::Conflict,
    );
    assert!(said.contains("ostia upstreams add-demo"), "{said}");
    control.demo().await;
    make(&control).await.expect("a key");
}

#[tokio::test]
async fn the_demo_stays_while_there_is_a_test_key() {
    let control = start().await;
    let demo = control.demo().await;
    make(&control).await.expect("a key");
    let held = |refused: Result<(), Status>| {
        let said = assert_refused(refused, Grpc::FailedPrecondition, Code::Conflict);
        assert!(said.contains("test keys"), "{said}");
    };
    held(remove(&control, "demo").await);
    // Nor is it made to something else.
    let mut definition = demo.definition.clone().expect("a definition");
    definition.demo = false;
    let request = v1::UpdateUpstreamRequest {
        upstream: demo.id.clone(),
        definition: Some(definition.clone()),
        version: None,
    };
    let mut upstreams = control.client.upstreams();
    held(upstreams.update_upstream(request).await.map(drop));
    let apply = v1::ApplyManifestRequest {
        manifest: Some(v1::Manifest {
            upstreams: vec![definition],
            ..v1::Manifest::default()
        }),
        ..v1::ApplyManifestRequest::default()
    };
    let mut manifest = control.client.manifest();
    held(manifest.apply_manifest(apply).await.map(drop));
    let there = v1::GetUpstreamRequest { upstream: demo.id };
    let there = upstreams.get_upstream(there).await.expect("it is there");
    assert!(there.into_inner().definition.expect("it").demo);

    let revoke = v1::RevokeKeyRequest {
        key: "trial".to_owned(),
    };
    control
        .client
        .keys()
        .revoke_key(revoke)
        .await
        .expect("revoked");
    remove(&control, "demo").await.expect("removed");
}
