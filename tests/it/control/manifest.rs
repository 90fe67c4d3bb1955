//! An installation as one document: applied as a whole, and written down.

mod credentials;
mod random;

use super::fixture::{Fixture, assert_refused, bare, definition, new_key, owned, start};
use ostia_domain::code::Code;
use ostia_proto::v1::{self, ObjectAction};
use tonic::{Code as Grpc, Status};

const DRY: v1::ApplyManifestRequest = v1::ApplyManifestRequest {
    manifest: None,
    dry_run: true,
    prune: false,
};
const PRUNE: v1::ApplyManifestRequest = v1::ApplyManifestRequest {
    manifest: None,
    dry_run: false,
    prune: true,
};

pub(super) async fn apply(
    control: &Fixture,
    manifest: v1::Manifest,
    how: v1::ApplyManifestRequest,
) -> Result<Vec<v1::ObjectChange>, Status> {
    let request = v1::ApplyManifestRequest {
        manifest: Some(manifest),
        ..how
    };
    let answer = control.client.manifest().apply_manifest(request).await?;
    Ok(answer.into_inner().objects)
}

pub(super) async fn applied(control: &Fixture, manifest: v1::Manifest) -> Vec<v1::ObjectChange> {
    let how = v1::ApplyManifestRequest::default();
    apply(control, manifest, how).await.expect("applied")
}

pub(super) async fn export(control: &Fixture) -> v1::Manifest {
    let request = v1::ExportManifestRequest {};
    let manifest = control.client.manifest().export_manifest(request).await;
    manifest.expect("a manifest").into_inner()
}

/// What happened to what, as `created plans.team`.
fn told(objects: &[v1::ObjectChange]) -> Vec<String> {
    let action = |object: &v1::ObjectChange| match object.action() {
        ObjectAction::Created => "created",
        ObjectAction::Changed => "changed",
        ObjectAction::Removed => "removed",
        ObjectAction::Unchanged => "unchanged",
        ObjectAction::Unspecified => panic!("nothing happened to {object:?}"),
    };
    let lines = objects.iter();
    lines
        .map(|one| format!("{} {}.{}", action(one), one.kind, one.name))
        .collect()
}

fn policy(name: &str, allow: &[&str]) -> v1::ManifestPolicy {
    v1::ManifestPolicy {
        name: name.to_owned(),
        rules: Some(v1::Rules {
            upstreams: owned(&["*"]),
            allow: owned(allow),
            max_tier: v1::Tier::Destructive.into(),
            ..v1::Rules::default()
        }),
        preset: None,
    }
}

fn plan(name: &str, calls_per_minute: u32) -> v1::ManifestPlan {
    v1::ManifestPlan {
        name: name.to_owned(),
        limits: Some(v1::Limits {
            calls_per_minute: Some(calls_per_minute),
            ..v1::Limits::default()
        }),
    }
}

fn price(tools: &str, micros: u64) -> v1::ManifestPrice {
    v1::ManifestPrice {
        tools: tools.to_owned(),
        micros,
        currency: "EUR".to_owned(),
    }
}

/// One of each kind; later ones refer to earlier ones.
fn one_of_each() -> v1::Manifest {
    v1::Manifest {
        upstreams: vec![definition("github", &[("TOKEN", "hunter2")])],
        policies: vec![policy("readers", &["github.get_*"])],
        plans: vec![plan("team", 60)],
        bundles: vec![v1::ManifestBundle {
            name: "support".to_owned(),
            selection: Some(v1::Selection {
                include: owned(&["github.*"]),
                overrides: vec![v1::ToolOverride {
                    tool: "github.get_issue".to_owned(),
                    name: Some("issue".to_owned()),
                    description: None,
                }],
            }),
        }],
        groups: vec![v1::ManifestGroup {
            name: "staff".to_owned(),
            policies: owned(&["readers"]),
            plan: Some("team".to_owned()),
            members: None,
        }],
        prices: vec![price("github.*", 2_000)],
    }
}

#[tokio::test]
async fn everything_is_made_at_once_and_applying_it_again_changes_nothing() {
    let control = bare().await;
    let objects = applied(&control, one_of_each()).await;
    assert_eq!(
        told(&objects),
        [
            "created upstreams.github",
            "created policies.readers",
            "created plans.team",
            "created bundles.support",
            "created groups.staff",
            "created prices.github.*",
        ]
    );
    // As if each had been made alone.
    let events = control.events().await;
    let mut actions: Vec<_> = events.iter().map(|event| event.action.as_str()).collect();
    actions.sort_unstable();
    assert_eq!(
        actions,
        [
            "bundles.create",
            "groups.create",
            "plans.create",
            "policies.create",
            "prices.set",
            "upstreams.add"
        ]
    );
    let requests: Vec<_> = events.iter().map(|event| &event.request_id).collect();
    assert!(requests.iter().all(|id| *id == requests[0]));

    for manifest in [one_of_each(), export(&control).await] {
        let objects = applied(&control, manifest).await;
        let unchanged = |line: &String| line.starts_with("unchanged ");
        assert!(told(&objects).iter().all(unchanged), "{objects:?}");
        assert_eq!(objects.len(), 6);
    }
    assert_eq!(control.events().await.len(), events.len());
    super::chain::intact(&control).await;
}

#[tokio::test]
async fn a_change_is_told_field_by_field_and_reaches_what_is_there() {
    let control = bare().await;
    applied(&control, one_of_each()).await;
    let before = export(&control).await;
    let changed = v1::Manifest {
        plans: vec![plan("team", 90)],
        policies: vec![policy("readers", &["github.get_*", "github.list_*"])],
        ..v1::Manifest::default()
    };
    let dry = apply(&control, changed.clone(), DRY).await.expect("dry");
    assert_eq!(
        told(&dry),
        ["changed policies.readers", "changed plans.team"]
    );
    assert_eq!(export(&control).await, before, "a dry run changes nothing");
    let objects = applied(&control, changed).await;
    assert_eq!(objects, dry, "a dry run says what will be done");
    let field = &objects[1].fields[0];
    assert_eq!(
        (field.field.as_str(), field.before(), field.after()),
        ("calls_per_minute", "60", "90")
    );
    assert_eq!(objects[0].fields[0].field, "rules.allow");
    // What it does not name is as it was.
    let after = export(&control).await;
    assert_eq!(after.upstreams, before.upstreams);
    assert_eq!(after.plans, [plan("team", 90)]);
    let versions = v1::ListPolicyVersionsRequest {
        policy: "readers".to_owned(),
    };
    let mut policies = control.client.policies();
    let versions = policies.list_policy_versions(versions).await;
    let versions = versions.expect("versions").into_inner().versions;
    assert_eq!(versions.len(), 2, "{versions:?}");
}

/// The last object of each kind of fault comes after everything else was written.
#[tokio::test]
async fn what_is_wrong_at_the_end_leaves_nothing_of_what_came_before() {
    let control = start().await;
    let (before, events) = (export(&control).await, control.events().await.len());
    let with = |change: fn(&mut v1::Manifest)| {
        let mut manifest = one_of_each();
        change(&mut manifest);
        manifest
    };
    let invalid = (Grpc::InvalidArgument, Code::InvalidArgument);
    let missing = (Grpc::NotFound, Code::NoSuchObject);
    for (manifest, (grpc, code), place) in [
        (
            with(|all| all.prices.push(price("a.*", u64::MAX))),
            invalid,
            "prices.a.*.micros: ",
        ),
        (
            with(|all| all.prices[0].currency = "euro".to_owned()),
            invalid,
            "prices.github.*.currency: ",
        ),
        (
            with(|all| all.groups[0].policies.push("nobody".to_owned())),
            missing,
            "groups.staff: ",
        ),
        (
            with(|all| all.plans.push(plan("team", 1))),
            invalid,
            "plans.team.name: is there twice",
        ),
        (
            with(|all| all.plans.push(plan("none", 0))),
            invalid,
            "plans.none.calls_per_minute: ",
        ),
        (
            with(|all| all.policies.push(v1::ManifestPolicy::default())),
            invalid,
            "policies..name: is required",
        ),
        (
            with(|all| all.upstreams[0].call_timeout = Some(prost_types::Duration::default())),
            invalid,
            "upstreams.github.call_timeout: ",
        ),
    ] {
        let refused = apply(&control, manifest, v1::ApplyManifestRequest::default()).await;
        let message = assert_refused(refused, grpc, code);
        assert!(message.starts_with(place), "{message}");
        assert_eq!(export(&control).await, before);
    }
    assert_eq!(control.events().await.len(), events);
}

#[tokio::test]
async fn only_what_a_manifest_made_is_taken_away_by_a_later_one() {
    let control = start().await;
    applied(&control, one_of_each()).await;
    // Named, but made by hand.
    let all = policy("all", &["*"]);
    let keeps = v1::Manifest {
        policies: vec![all.clone()],
        ..v1::Manifest::default()
    };
    let unpruned = applied(&control, keeps.clone()).await;
    assert_eq!(unpruned.len(), 1, "without asking, nothing is removed");
    let objects = apply(&control, keeps, PRUNE).await.expect("pruned");
    assert_eq!(
        told(&objects)[1..],
        [
            "removed upstreams.github",
            "removed policies.readers",
            "removed plans.team",
            "removed bundles.support",
            "removed groups.staff",
            "removed prices.github.*",
        ]
    );
    let left = export(&control).await;
    assert_eq!(left.policies, [all]);
    assert_eq!(
        left.upstreams.len() + left.plans.len() + left.groups.len(),
        0
    );
    let nothing = apply(&control, v1::Manifest::default(), PRUNE).await;
    assert_eq!(told(&nothing.expect("pruned")), [""; 0]);
    assert_eq!(export(&control).await.policies.len(), 1);
}

#[tokio::test]
async fn what_is_in_use_is_not_taken_away_and_then_nothing_is() {
    let control = start().await;
    applied(&control, one_of_each()).await;
    let key = v1::CreateKeyRequest {
        policies: owned(&["readers"]),
        ..new_key("build")
    };
    control.create_key(key).await.expect("a key");
    let before = export(&control).await;
    let refused = apply(&control, v1::Manifest::default(), PRUNE).await;
    let message = assert_refused(refused, Grpc::FailedPrecondition, Code::Conflict);
    assert!(message.starts_with("policies.readers: "), "{message}");
    assert_eq!(export(&control).await, before);
}

#[tokio::test]
async fn a_policy_may_be_a_copy_of_a_preset() {
    let control = bare().await;
    let of_preset = |preset: &str| v1::Manifest {
        policies: vec![v1::ManifestPolicy {
            name: "readers".to_owned(),
            rules: None,
            preset: Some(preset.to_owned()),
        }],
        ..v1::Manifest::default()
    };
    applied(&control, of_preset("read-only")).await;
    let exported = export(&control).await.policies.remove(0);
    assert_eq!(exported.preset(), "read-only");
    assert_eq!(exported.rules.expect("rules").max_tier(), v1::Tier::Read);
    let again = applied(&control, of_preset("read-only")).await;
    assert_eq!(told(&again), ["unchanged policies.readers"]);
    let unknown = v1::ApplyManifestRequest::default();
    let refused = apply(&control, of_preset("nonsense"), unknown).await;
    assert_refused(refused, Grpc::InvalidArgument, Code::InvalidArgument);
}

/// Members that it does not name stay; named ones are all.
#[tokio::test]
async fn a_group_keeps_its_members_unless_they_are_named() {
    let control = start().await;
    applied(&control, one_of_each()).await;
    let group = |members: Option<&[&str]>| v1::Manifest {
        groups: vec![v1::ManifestGroup {
            name: "staff".to_owned(),
            members: members.map(|names| v1::GroupMembers {
                names: owned(names),
            }),
            ..v1::ManifestGroup::default()
        }],
        ..v1::Manifest::default()
    };
    let members = async || export(&control).await.groups.remove(0).members;
    applied(&control, group(Some(&["ada"]))).await;
    applied(&control, group(None)).await;
    assert_eq!(members().await.expect("members").names, ["ada"]);
    applied(&control, group(Some(&[]))).await;
    assert_eq!(members().await.expect("members").names, [""; 0]);
}
