//! What edges are told without asking.

use super::fixture::{Fixture, new_key, owned, start};
use ostia_control::Control;
use ostia_domain::snapshot::Snapshot;
use ostia_proto::{
    ControlClient,
    convert::LeftOut,
    v1::{self, watch_response::Event},
};
use std::time::Duration;
use tokio::time::timeout;
use tonic::Streaming;

/// More than the interval at which the changes of another control are looked for.
const SOON: Duration = Duration::from_secs(2);

/// What an edge holds, and how it hears of more.
pub(super) struct Watch {
    stream: Streaming<v1::WatchResponse>,
    pub(super) source: String,
    pub(super) held: Snapshot,
}

impl Watch {
    /// With its first snapshot.
    pub(super) async fn open(client: &ControlClient) -> Self {
        let stream = client.sync().watch(v1::WatchRequest::default()).await;
        let mut watch = Self {
            stream: stream.expect("a watch").into_inner(),
            source: String::new(),
            held: Snapshot::default(),
        };
        match watch.next(SOON).await {
            Some(Event::Snapshot(snapshot)) => watch.begin(snapshot),
            other => panic!("a watch begins with a snapshot and not with {other:?}"),
        }
        watch
    }

    /// The same after a break, with its first event, which is not taken yet.
    pub(super) async fn again(&mut self, client: &ControlClient) -> Event {
        let known = v1::SnapshotOf {
            source: self.source.clone(),
            revision: self.held.revision,
        };
        let request = v1::WatchRequest {
            edge: "test".to_owned(),
            known: Some(known),
            ..v1::WatchRequest::default()
        };
        let stream = client.sync().watch(request).await;
        self.stream = stream.expect("a watch").into_inner();
        self.next(SOON).await.expect("an event at once")
    }

    pub(super) fn begin(&mut self, snapshot: v1::Snapshot) {
        self.source.clone_from(&snapshot.source);
        let (held, left_out) = snapshot.read().expect("a snapshot");
        assert_eq!(left_out, LeftOut::default());
        self.held = held;
    }

    pub(super) fn go_on(&mut self, change: v1::SnapshotChange) {
        let (change, left_out) = change.read().expect("a change");
        assert_eq!(left_out, LeftOut::default());
        let next = self.held.clone().with(&change);
        self.held = next.expect("a change of what is held");
    }

    /// The next event, if there is one in time. The end of the watch fails.
    pub(super) async fn next(&mut self, within: Duration) -> Option<Event> {
        let message = timeout(within, self.stream.message()).await.ok()?;
        let message = message.expect("a message").expect("the watch has ended");
        Some(message.event.expect("an event"))
    }

    /// What is held after the next change.
    async fn snapshot(&mut self) -> v1::Snapshot {
        loop {
            match self.next(SOON).await.expect("a snapshot in time") {
                Event::Snapshot(snapshot) => panic!("all of it again: {snapshot:?}"),
                Event::SnapshotChange(change) => {
                    self.go_on(change);
                    return v1::Snapshot::of(&self.held, String::new());
                }
                Event::Heartbeat(_) => {}
                Event::KeysChanged(keys) => panic!("{keys:?} instead of a change"),
                Event::Question(question) => panic!("{question:?} to one that answers none"),
            }
        }
    }

    async fn keys_changed(&mut self) -> Vec<String> {
        loop {
            match self.next(SOON).await.expect("changed keys in time") {
                Event::KeysChanged(keys) => return keys.key_ids,
                Event::Heartbeat(_) => {}
                Event::Snapshot(_) | Event::SnapshotChange(_) => panic!("news instead of keys"),
                Event::Question(question) => panic!("{question:?} to one that answers none"),
            }
        }
    }

    /// That nothing but heartbeats comes.
    async fn quiet(&mut self) {
        let quiet = Duration::from_secs(1);
        if let Some(event) = self.next(quiet).await {
            assert!(matches!(event, Event::Heartbeat(_)), "{event:?}");
        }
    }
}

async fn watched() -> (Fixture, Watch) {
    let control = start().await;
    // What the fixture did is told of first.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let watch = Watch::open(&control.client).await;
    (control, watch)
}

#[tokio::test]
async fn every_change_of_what_edges_hold_is_a_new_snapshot() {
    let (control, mut watch) = watched().await;
    control.policy("some").await;
    let first = watch.snapshot().await;
    assert!(first.policies.iter().any(|policy| policy.name == "some"));

    let request = v1::UpdatePolicyRequest {
        policy: "some".to_owned(),
        rules: Some(v1::Rules::default()),
    };
    control
        .client
        .policies()
        .update_policy(request)
        .await
        .expect("updated");
    let second = watch.snapshot().await;
    assert!(second.revision > first.revision);
    let some = second.policies.iter().find(|policy| policy.name == "some");
    let rules = some.expect("it").rules.as_ref().expect("rules");
    assert!(rules.allow.is_empty());

    let policy = "some".to_owned();
    let request = v1::DeletePolicyRequest { policy };
    control
        .client
        .policies()
        .delete_policy(request)
        .await
        .expect("deleted");
    assert_eq!(watch.snapshot().await.policies.len(), 1);

    let plan = v1::Plan {
        name: "free".to_owned(),
        ..v1::Plan::default()
    };
    let request = v1::CreatePlanRequest { plan: Some(plan) };
    control
        .client
        .plans()
        .create_plan(request)
        .await
        .expect("a plan");
    assert_eq!(watch.snapshot().await.plans.len(), 1);
    let plan = "free".to_owned();
    let request = v1::DeletePlanRequest { plan };
    control
        .client
        .plans()
        .delete_plan(request)
        .await
        .expect("deleted");
    assert_eq!(watch.snapshot().await.plans.len(), 0);
}

#[tokio::test]
async fn upstreams_come_and_go_with_their_catalogues() {
    let (control, mut watch) = watched().await;
    let upstream = control
        .add_upstream("github", &[])
        .await
        .expect("an upstream");
    assert_eq!(watch.snapshot().await.upstreams.len(), 1);
    let report = v1::ReportCatalogueRequest {
        catalogue: Some(v1::Catalogue {
            upstream_id: upstream.id.clone(),
            upstream_version: 1,
            era: v1::Era::Modern.into(),
            server_info: "{}".to_owned(),
            tools: Vec::new(),
            ..v1::Catalogue::default()
        }),
        upstream_id: upstream.id,
        upstream_version: 1,
        problem: None,
        listing: 0,
        ..v1::ReportCatalogueRequest::default()
    };
    control
        .client
        .sync()
        .report_catalogue(report.clone())
        .await
        .expect("reported");
    assert_eq!(watch.snapshot().await.catalogues.len(), 1);
    // An edge that starts again reports the same, and nobody has to hear of it.
    control
        .client
        .sync()
        .report_catalogue(report)
        .await
        .expect("reported");
    watch.quiet().await;
    let upstream = "github".to_owned();
    let request = v1::RemoveUpstreamRequest { upstream };
    control
        .client
        .upstreams()
        .remove_upstream(request)
        .await
        .expect("removed");
    let gone = watch.snapshot().await;
    assert_eq!((gone.upstreams.len(), gone.catalogues.len()), (0, 0));
}

#[tokio::test]
async fn bundles_come_change_and_go() {
    let (control, mut watch) = watched().await;
    let mut bundles = control.client.bundles();
    let selection = v1::Selection {
        include: owned(&["github.*"]),
        ..v1::Selection::default()
    };
    let request = v1::CreateBundleRequest {
        name: "some".to_owned(),
        selection: Some(v1::Selection::default()),
    };
    bundles.create_bundle(request).await.expect("a bundle");
    let made = watch.snapshot().await.bundles;
    assert_eq!((made.len(), made[0].name.as_str()), (1, "some"));
    let request = v1::UpdateBundleRequest {
        bundle: "some".to_owned(),
        selection: Some(selection.clone()),
    };
    bundles.update_bundle(request).await.expect("updated");
    let changed = watch.snapshot().await.bundles;
    assert_eq!(changed[0].selection, Some(selection));
    let bundle = "some".to_owned();
    let request = v1::DeleteBundleRequest { bundle };
    bundles.delete_bundle(request).await.expect("deleted");
    assert_eq!(watch.snapshot().await.bundles, []);
}

#[tokio::test]
async fn every_change_of_a_key_is_told() {
    let (control, mut watch) = watched().await;
    let id = control.key("build").await.key.expect("a key").id;
    assert_eq!(watch.keys_changed().await, [id.as_str()]);
    control.rotate(&id, 0).await;
    assert_eq!(watch.keys_changed().await, [id.as_str()]);
    control.inactivate(&id).await;
    assert_eq!(watch.keys_changed().await, [id.as_str()]);
    control.activate(&id).await;
    assert_eq!(watch.keys_changed().await, [id.as_str()]);
    control.revoke(&id).await;
    assert_eq!(watch.keys_changed().await, [id.as_str()]);
    control.delete(&id).await;
    assert_eq!(watch.keys_changed().await, [id.as_str()]);
}

#[tokio::test]
async fn what_another_control_changes_is_told_too() {
    let (control, mut watch) = watched().await;
    let other: Control = control.replica().await;
    let created = other.client().keys().create_key(new_key("build")).await;
    let id = created.expect("a key").into_inner().key.expect("a key").id;
    assert_eq!(watch.keys_changed().await, [id.as_str()]);
    let key = id.clone();
    let request = v1::DeleteKeyRequest { key };
    other
        .client()
        .keys()
        .delete_key(request)
        .await
        .expect("deleted");
    assert_eq!(watch.keys_changed().await, [id.as_str()]);
    let policy = v1::CreatePolicyRequest {
        name: "some".to_owned(),
        source: Some(v1::create_policy_request::Source::Rules(
            v1::Rules::default(),
        )),
    };
    other
        .client()
        .policies()
        .create_policy(policy)
        .await
        .expect("a policy");
    assert_eq!(watch.snapshot().await.policies.len(), 2);
    other.close().await;
}

#[tokio::test]
async fn a_burst_of_changes_is_few_snapshots() {
    let (control, mut watch) = watched().await;
    for n in 0..30 {
        control.policy(&format!("p{n}")).await;
    }
    let mut snapshots = 0;
    loop {
        snapshots += 1;
        if watch.snapshot().await.policies.len() == 31 {
            break;
        }
    }
    assert!(snapshots < 30, "{snapshots} snapshots for 30 changes");
}

#[tokio::test]
async fn a_watch_without_news_has_a_heartbeat_within_5_seconds() {
    let (_control, mut watch) = watched().await;
    let event = watch.next(Duration::from_secs(5)).await;
    assert!(matches!(event, Some(Event::Heartbeat(_))), "{event:?}");
}

#[tokio::test]
async fn a_watch_ends_when_control_closes() {
    let (control, mut watch) = watched().await;
    control.control.close().await;
    let end = timeout(SOON, watch.stream.message())
        .await
        .expect("an end in time");
    assert!(matches!(end, Ok(None)), "{end:?}");
}
