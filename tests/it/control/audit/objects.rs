//! Objects that are made, changed and removed, one of each kind.

use ostia_proto::{ControlClient, v1};

pub(super) async fn bundle(client: &ControlClient) {
    let mut bundles = client.bundles();
    let bundle = "some".to_owned();
    let create = v1::CreateBundleRequest {
        name: bundle.clone(),
        selection: Some(v1::Selection::default()),
    };
    bundles.create_bundle(create).await.expect("create");
    let update = v1::UpdateBundleRequest {
        bundle: bundle.clone(),
        selection: Some(v1::Selection {
            include: vec!["demo.*".to_owned()],
            ..v1::Selection::default()
        }),
    };
    bundles.update_bundle(update).await.expect("update");
    let delete = v1::DeleteBundleRequest { bundle };
    bundles.delete_bundle(delete).await.expect("delete");
}

pub(super) async fn group(client: &ControlClient) {
    let mut groups = client.groups();
    let group = "some".to_owned();
    let create = v1::CreateGroupRequest {
        name: group.clone(),
        ..v1::CreateGroupRequest::default()
    };
    groups.create_group(create).await.expect("create");
    let update = v1::UpdateGroupRequest {
        group,
        name: Some("other".to_owned()),
        ..v1::UpdateGroupRequest::default()
    };
    groups.update_group(update).await.expect("update");
    let group = "other".to_owned();
    let delete = v1::DeleteGroupRequest { group };
    groups.delete_group(delete).await.expect("delete");
}

pub(super) async fn user(client: &ControlClient) {
    let mut identity = client.identity();
    let user = "bob".to_owned();
    let create = v1::CreateUserRequest {
        name: user.clone(),
        ..v1::CreateUserRequest::default()
    };
    identity.create_user(create).await.expect("create");
    let update = v1::UpdateUserRequest {
        user,
        name: Some("robert".to_owned()),
        ..v1::UpdateUserRequest::default()
    };
    identity.update_user(update).await.expect("update");
    let user = "robert".to_owned();
    let delete = v1::DeleteUserRequest { user };
    identity.delete_user(delete).await.expect("delete");
}

pub(super) async fn price(client: &ControlClient) {
    let tools = || "github.*".to_owned();
    for micros in [1, 2] {
        let set = v1::SetPriceRequest {
            tools: tools(),
            micros,
            currency: "EUR".to_owned(),
        };
        client.prices().set_price(set).await.expect("set");
    }
    let delete = v1::DeletePriceRequest { price: tools() };
    client.prices().delete_price(delete).await.expect("delete");
}

pub(super) async fn manifest(client: &ControlClient) {
    let price = v1::ManifestPrice {
        tools: "gitlab.*".to_owned(),
        micros: 1,
        currency: "EUR".to_owned(),
    };
    let manifest = Some(v1::Manifest {
        prices: vec![price],
        ..v1::Manifest::default()
    });
    let apply = v1::ApplyManifestRequest {
        manifest,
        ..v1::ApplyManifestRequest::default()
    };
    let applied = client.manifest().apply_manifest(apply).await;
    applied.expect("apply");
}

pub(super) async fn backup(client: &ControlClient) {
    let request = v1::CreateBackupRequest {};
    let parts = client.backup().create_backup(request).await;
    let first = parts.expect("a backup").into_inner().message().await;
    first.expect("a part");
}
