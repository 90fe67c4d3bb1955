//! Bundles.

use super::fixture::{Fixture, assert_refused, owned, snapshot, start};
use crate::harness::wait::until;
use ostia_domain::code::Code;
use ostia_proto::v1;
use std::time::Duration;
use tonic::{Code as Grpc, Status};

fn shown(tool: &str, name: Option<&str>, description: Option<&str>) -> v1::ToolOverride {
    v1::ToolOverride {
        tool: tool.to_owned(),
        name: name.map(str::to_owned),
        description: description.map(str::to_owned),
    }
}

fn selection() -> v1::Selection {
    v1::Selection {
        include: owned(&["github.get_*", "files.*"]),
        overrides: vec![
            shown(
                "github.get_issue",
                Some("issue"),
                Some("One issue,\n\"as is\""),
            ),
            shown("files.read", None, Some("")),
        ],
    }
}

fn with(overrides: &[v1::ToolOverride]) -> v1::Selection {
    v1::Selection {
        overrides: overrides.to_vec(),
        ..selection()
    }
}

async fn create(control: &Fixture, name: &str, of: v1::Selection) -> Result<v1::Bundle, Status> {
    let request = v1::CreateBundleRequest {
        name: name.to_owned(),
        selection: Some(of),
    };
    let created = control.client.bundles().create_bundle(request).await?;
    Ok(created.into_inner())
}

async fn update(
    control: &Fixture,
    bundle: &str,
    selection: Option<v1::Selection>,
) -> Result<v1::Bundle, Status> {
    let bundle = bundle.to_owned();
    let request = v1::UpdateBundleRequest { bundle, selection };
    let updated = control.client.bundles().update_bundle(request).await?;
    Ok(updated.into_inner())
}

async fn delete(control: &Fixture, bundle: &str) -> Result<(), Status> {
    let bundle = bundle.to_owned();
    let request = v1::DeleteBundleRequest { bundle };
    control.client.bundles().delete_bundle(request).await?;
    Ok(())
}

async fn list(control: &Fixture) -> Vec<v1::Bundle> {
    let request = v1::ListBundlesRequest {};
    let listed = control.client.bundles().list_bundles(request).await;
    listed.expect("a list").into_inner().bundles
}

#[tokio::test]
async fn a_selection_comes_back_as_it_was_written() {
    let control = start().await;
    let created = create(&control, "mine", selection()).await;
    let created = created.expect("a bundle");
    assert_eq!(created.selection, Some(selection()));
    for bundle in ["mine".to_owned(), created.id.clone()] {
        let request = v1::GetBundleRequest { bundle };
        let found = control.client.bundles().get_bundle(request).await;
        assert_eq!(found.expect("the bundle").into_inner(), created);
    }
    let other = create(&control, "also", v1::Selection::default()).await;
    let other = other.expect("one that shows nothing");
    assert_eq!(list(&control).await, [other, created]);
}

#[tokio::test]
async fn an_update_replaces_the_selection_and_nothing_else() {
    let control = start().await;
    let before = create(&control, "mine", selection()).await;
    let before = before.expect("a bundle");
    let new = v1::Selection {
        include: owned(&["time.*"]),
        overrides: Vec::new(),
    };
    let updated = update(&control, "mine", Some(new.clone())).await;
    let updated = updated.expect("the bundle");
    assert_eq!(updated.selection, Some(new));
    assert_eq!(
        (&updated.id, &updated.name, &updated.created_at),
        (&before.id, &before.name, &before.created_at)
    );
    assert_eq!(list(&control).await, [updated]);
    let nothing = update(&control, "mine", None).await;
    assert_refused(nothing, Grpc::InvalidArgument, Code::InvalidArgument);
}

#[tokio::test]
async fn a_deleted_bundle_is_gone_and_its_name_is_free() {
    let control = start().await;
    create(&control, "mine", selection())
        .await
        .expect("a bundle");
    let taken = create(&control, "mine", selection()).await;
    assert_refused(taken, Grpc::AlreadyExists, Code::AlreadyExists);
    delete(&control, "mine").await.expect("deleted");
    assert_eq!(list(&control).await, []);
    for gone in [
        delete(&control, "mine").await.map(drop),
        update(&control, "mine", Some(selection())).await.map(drop),
    ] {
        assert_refused(gone, Grpc::NotFound, Code::NoSuchObject);
    }
    create(&control, "mine", selection())
        .await
        .expect("a bundle");
}

#[tokio::test]
async fn what_is_no_bundle_is_refused_and_the_field_named() {
    let control = start().await;
    let long = "x".repeat(65);
    let bad_pattern = v1::Selection {
        include: owned(&["two words"]),
        ..v1::Selection::default()
    };
    let named = |name: &str| with(&[shown("a.b", Some(name), None)]);
    for (name, selection, field) in [
        ("Not A Name", selection(), "name"),
        ("ok", bad_pattern, "selection.include"),
        ("ok", named(""), "selection.overrides"),
        ("ok", named("a.b"), "selection.overrides"),
        // What another tool may be called already.
        ("ok", named("github__other"), "selection.overrides.name"),
        ("ok", named("é"), "selection.overrides"),
        ("ok", named("a\0"), "selection.overrides"),
        ("ok", named(&long), "selection.overrides"),
        (
            "ok",
            with(&[shown("a.b", Some("c"), None), shown("a.b", None, Some("d"))]),
            "selection.overrides",
        ),
        (
            "ok",
            with(&[shown("a.b", Some("c"), None), shown("a.d", Some("c"), None)]),
            "selection.overrides",
        ),
        (
            "ok",
            with(&[shown("a", Some("c"), None)]),
            "selection.overrides",
        ),
        (
            "ok",
            with(&[shown("a.\0", Some("c"), None)]),
            "selection.overrides",
        ),
        (
            "ok",
            with(&[shown("a.b", None, Some("\0"))]),
            "selection.overrides",
        ),
    ] {
        let answer = create(&control, name, selection).await;
        let told = assert_refused(answer, Grpc::InvalidArgument, Code::InvalidArgument);
        assert!(told.starts_with(field), "{told}");
    }
    let without = v1::CreateBundleRequest {
        name: "ok".to_owned(),
        selection: None,
    };
    let answer = control.client.bundles().create_bundle(without).await;
    assert_refused(answer, Grpc::InvalidArgument, Code::InvalidArgument);
    assert_eq!(list(&control).await, []);
}

#[tokio::test]
async fn one_that_cannot_be_read_keeps_no_other_from_edges() {
    let control = start().await;
    create(&control, "odd", selection())
        .await
        .expect("a bundle");
    control
        .sql("UPDATE bundles SET selection = '{\"later\": 1}'")
        .await;
    create(&control, "last", selection())
        .await
        .expect("a bundle");
    let ask = || async {
        let bundles = snapshot(&control.client).await.bundles;
        let names: Vec<_> = bundles.iter().map(|bundle| bundle.name.clone()).collect();
        if names == ["last"] {
            Ok(())
        } else {
            Err(names)
        }
    };
    until(Duration::from_secs(5), "edges have the other one", ask).await;
}

#[tokio::test]
async fn every_change_of_a_bundle_is_in_the_audit() {
    let control = start().await;
    create(&control, "mine", selection())
        .await
        .expect("a bundle");
    let empty = Some(v1::Selection::default());
    update(&control, "mine", empty).await.expect("the bundle");
    delete(&control, "mine").await.expect("deleted");
    let events = control.events().await;
    let changes = events
        .iter()
        .filter(|event| event.target == "mine")
        .map(|event| event.action.as_str());
    assert_eq!(
        changes.collect::<Vec<_>>(),
        ["bundles.create", "bundles.update", "bundles.delete"]
    );
}
