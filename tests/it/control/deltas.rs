//! Edges are sent what changed, and have what they would have been sent whole.

use super::{
    fixture::{Fixture, bare, definition, owned, start},
    watch::Watch,
};
use ostia_proto::v1::{self, create_policy_request::Source, watch_response::Event};
use proptest::{
    collection::vec,
    sample::select,
    strategy::{Strategy, ValueTree as _},
    test_runner::TestRunner,
};
use prost::Message as _;
use std::time::Duration;
use tonic::Status;

const SOON: Duration = Duration::from_secs(10);
const NAMES: [&str; 3] = ["a", "b", "c"];
/// The size that R27 speaks of.
const POLICIES: usize = 1_000;
const UPSTREAMS: usize = 10;
const TOOLS: usize = 500;

/// Something of that name is made, changed or removed; what cannot be done is not done.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Policy,
    Plan,
    Bundle,
    Upstream,
    Catalogue,
}

#[derive(Clone, Copy, Debug)]
enum Verb {
    Make,
    Change,
    Remove,
}

type Step = (Kind, Verb, &'static str, u32);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let kinds = [
        Kind::Policy,
        Kind::Plan,
        Kind::Bundle,
        Kind::Upstream,
        Kind::Catalogue,
    ];
    let verbs = [Verb::Make, Verb::Make, Verb::Change, Verb::Remove];
    vec(
        (
            select(kinds.to_vec()),
            select(verbs.to_vec()),
            select(NAMES.to_vec()),
            1u32..4,
        ),
        120,
    )
}

fn rules(value: u32) -> v1::Rules {
    v1::Rules {
        allow: vec![format!("a.{value}")],
        ..v1::Rules::default()
    }
}

fn plan(name: &str, value: u32) -> v1::Plan {
    let limits = v1::Limits {
        calls_per_minute: Some(value),
        ..v1::Limits::default()
    };
    v1::Plan {
        name: name.to_owned(),
        limits: Some(limits),
        ..v1::Plan::default()
    }
}

fn selection(value: u32) -> v1::Selection {
    v1::Selection {
        include: vec![format!("a.{value}")],
        ..v1::Selection::default()
    }
}

fn tool(number: usize) -> v1::Tool {
    let name = format!("tool-{number}");
    let schema = r#"{"type":"object","properties":{"text":{"type":"string"}}}"#;
    v1::Tool {
        definition: format!(r#"{{"name":"{name}","inputSchema":{schema}}}"#),
        name,
        tier: v1::Tier::Read.into(),
        ..v1::Tool::default()
    }
}

async fn report(control: &Fixture, upstream: v1::Upstream, tools: usize) -> Result<(), Status> {
    let catalogue = v1::Catalogue {
        upstream_id: upstream.id.clone(),
        upstream_version: upstream.version,
        era: v1::Era::Modern.into(),
        server_info: "{}".to_owned(),
        capabilities: "{}".to_owned(),
        tools: (0..tools).map(tool).collect(),
        ..v1::Catalogue::default()
    };
    let report = v1::ReportCatalogueRequest {
        catalogue: Some(catalogue),
        upstream_id: upstream.id,
        upstream_version: upstream.version,
        problem: None,
        listing: 0,
        ..v1::ReportCatalogueRequest::default()
    };
    control.client.sync().report_catalogue(report).await?;
    Ok(())
}

async fn make(control: &Fixture, kind: Kind, name: String, value: u32) -> Result<(), Status> {
    let client = &control.client;
    match kind {
        Kind::Policy => {
            let source = Some(Source::Rules(rules(value)));
            let request = v1::CreatePolicyRequest { name, source };
            client.policies().create_policy(request).await?;
        }
        Kind::Plan => {
            let plan = Some(plan(&name, value));
            let request = v1::CreatePlanRequest { plan };
            client.plans().create_plan(request).await?;
        }
        Kind::Bundle => {
            let selection = Some(selection(value));
            let request = v1::CreateBundleRequest { name, selection };
            client.bundles().create_bundle(request).await?;
        }
        Kind::Upstream => {
            control.add_upstream(&name, &[]).await?;
        }
        Kind::Catalogue => {
            let request = v1::GetUpstreamRequest { upstream: name };
            let upstream = client.upstreams().get_upstream(request).await?;
            let tools = usize::try_from(value).expect("few");
            report(control, upstream.into_inner(), tools).await?;
        }
    }
    Ok(())
}

async fn change(control: &Fixture, kind: Kind, name: String, value: u32) -> Result<(), Status> {
    let client = &control.client;
    match kind {
        Kind::Policy => {
            let request = v1::UpdatePolicyRequest {
                policy: name,
                rules: Some(rules(value)),
            };
            client.policies().update_policy(request).await?;
        }
        Kind::Plan => {
            let request = v1::UpdatePlanRequest {
                plan: name.clone(),
                limits: plan(&name, value).limits,
            };
            client.plans().update_plan(request).await?;
        }
        Kind::Bundle => {
            let request = v1::UpdateBundleRequest {
                bundle: name,
                selection: Some(selection(value)),
            };
            client.bundles().update_bundle(request).await?;
        }
        // With what it offers, which is carried over.
        Kind::Upstream | Kind::Catalogue => {
            let variable = value.to_string();
            let definition = definition(&name, &[("VALUE", &variable)]);
            let request = v1::UpdateUpstreamRequest {
                upstream: name,
                definition: Some(definition),
                version: None,
            };
            client.upstreams().update_upstream(request).await?;
        }
    }
    Ok(())
}

async fn remove(control: &Fixture, kind: Kind, name: String) -> Result<(), Status> {
    let client = &control.client;
    match kind {
        Kind::Policy => {
            let request = v1::DeletePolicyRequest { policy: name };
            client.policies().delete_policy(request).await?;
        }
        Kind::Plan => {
            let request = v1::DeletePlanRequest { plan: name };
            client.plans().delete_plan(request).await?;
        }
        Kind::Bundle => {
            let request = v1::DeleteBundleRequest { bundle: name };
            client.bundles().delete_bundle(request).await?;
        }
        Kind::Upstream | Kind::Catalogue => {
            let request = v1::RemoveUpstreamRequest { upstream: name };
            client.upstreams().remove_upstream(request).await?;
        }
    }
    Ok(())
}

/// Whether it was done.
async fn take(control: &Fixture, (kind, verb, name, value): Step) -> bool {
    let name = name.to_owned();
    let done = match verb {
        Verb::Make => make(control, kind, name, value).await,
        Verb::Change => change(control, kind, name, value).await,
        Verb::Remove => remove(control, kind, name).await,
    };
    done.is_ok()
}

/// Takes what comes until nothing is missing. Fails when it is sent all of it again.
async fn catch_up(watch: &mut Watch, revision: u64) -> usize {
    let mut changes = 0;
    while watch.held.revision < revision {
        match watch.next(SOON).await.expect("news in time") {
            Event::SnapshotChange(change) => {
                watch.go_on(change);
                changes += 1;
            }
            Event::Snapshot(whole) => panic!("all of it again: {}", whole.revision),
            Event::KeysChanged(_) | Event::Heartbeat(_) => {}
            Event::Question(question) => panic!("{question:?} to one that answers none"),
        }
    }
    changes
}

/// The newest that there is, from a control that was not running when it happened.
async fn newest(control: &Fixture, revision: u64) -> Watch {
    let other = control.replica().await;
    let mut whole = Watch::open(&other.client()).await;
    catch_up(&mut whole, revision).await;
    other.close().await;
    whole
}

#[tokio::test]
async fn changes_add_up_to_what_there_is() {
    let control = start().await;
    let mut runner = TestRunner::deterministic();
    let steps = steps().new_tree(&mut runner).expect("steps").current();
    let (mut attentive, mut slow, mut away) = (
        Watch::open(&control.client).await,
        Watch::open(&control.client).await,
        Watch::open(&control.client).await,
    );
    let mut done = 0;
    for (n, step) in steps.into_iter().enumerate() {
        if take(&control, step).await {
            done += 1;
        }
        // Each time something else has happened since.
        if n % 7 == 0 {
            let revision = newest(&control, 0).await.held.revision;
            catch_up(&mut attentive, revision).await;
            let whole = newest(&control, revision).await;
            assert_eq!(attentive.held, whole.held, "after {n} steps");
        }
        if n % 31 == 0 {
            match away.again(&control.client).await {
                Event::SnapshotChange(change) => away.go_on(change),
                other => panic!("a change was to be had: {other:?}"),
            }
        }
    }
    assert!(done > 30, "only {done} steps did something");
    let whole = newest(&control, 0).await;
    let revision = whole.held.revision;
    for (watch, name) in [
        (&mut attentive, "attentive"),
        (&mut slow, "slow"),
        (&mut away, "away"),
    ] {
        catch_up(watch, revision).await;
        assert_eq!(watch.held, whole.held, "{name}");
    }
}

/// What it has is not of this control, or of one that forgot.
#[tokio::test]
async fn who_has_something_else_is_sent_all_of_it() {
    let control = start().await;
    let mut watch = Watch::open(&control.client).await;
    let other = control.replica().await;
    let event = watch.again(&other.client()).await;
    assert!(matches!(event, Event::Snapshot(_)), "{event:?}");
    other.close().await;
    let revision = watch.held.revision;
    watch.held.revision = revision + 1_000;
    let event = watch.again(&control.client).await;
    assert!(matches!(event, Event::Snapshot(_)), "{event:?}");
    watch.held.revision = revision;
    let event = watch.again(&control.client).await;
    assert!(matches!(event, Event::SnapshotChange(_)), "{event:?}");
}

#[tokio::test]
async fn a_database_that_was_put_back_is_sent_whole() {
    let control = start().await;
    control.policy("some").await;
    let revision = newest(&control, 0).await.held.revision;
    let mut watch = Watch::open(&control.client).await;
    catch_up(&mut watch, revision).await;
    control
        .sql("DELETE FROM policies WHERE name = 'some'")
        .await;
    control
        .sql("UPDATE revisions SET snapshot = snapshot - 1")
        .await;
    let event = loop {
        match watch.next(SOON).await.expect("news") {
            Event::Heartbeat(_) | Event::KeysChanged(_) => {}
            event => break event,
        }
    };
    let Event::Snapshot(whole) = event else {
        panic!("not all of it: {event:?}");
    };
    assert_eq!(whole.policies.len(), 1);
    assert!(whole.revision < revision);
    assert_ne!(whole.source, watch.source);
}

/// R27: a thousand policies and five thousand tools, and one of the policies changes.
#[tokio::test]
async fn a_change_is_as_large_as_what_changed() {
    let control = bare().await;
    for n in 0..POLICIES {
        let name = format!("policy-{n}");
        make(&control, Kind::Policy, name, 1)
            .await
            .expect("a policy");
    }
    for n in 0..UPSTREAMS {
        let upstream = control.add_upstream(&format!("u{n}"), &[]).await;
        report(&control, upstream.expect("an upstream"), TOOLS)
            .await
            .expect("a catalogue");
    }
    let revision = newest(&control, 0).await.held.revision;
    let mut watch = Watch::open(&control.client).await;
    catch_up(&mut watch, revision).await;
    let whole = v1::Snapshot::of(&watch.held, String::new());
    let tools = whole.catalogues.iter().map(|found| found.tools.len());
    assert_eq!(
        (whole.policies.len(), tools.sum()),
        (POLICIES, UPSTREAMS * TOOLS)
    );
    let changes: [(&str, Verb); 3] = [
        ("policy-7", Verb::Change),
        ("policy-8", Verb::Remove),
        ("new", Verb::Make),
    ];
    for (name, verb) in changes {
        assert!(
            take(&control, (Kind::Policy, verb, name, 3)).await,
            "{name}"
        );
        let event = loop {
            match watch.next(SOON).await.expect("news") {
                Event::Heartbeat(_) => {}
                event => break event,
            }
        };
        let Event::SnapshotChange(change) = event else {
            panic!("not a change: {event:?}");
        };
        let size = change.encoded_len();
        assert!(size < 500, "{size} bytes of {}", whole.encoded_len());
        watch.go_on(change);
    }
    assert!(whole.encoded_len() > 500_000, "{}", whole.encoded_len());
    let now = newest(&control, watch.held.revision).await;
    assert_eq!(watch.held, now.held);
    let allowed = now.held.policies.values();
    let allowed = allowed.filter(|policy| policy.rules.allow[0].as_str() == "a.3");
    let mut names: Vec<_> = allowed.map(|policy| policy.name.clone()).collect();
    names.sort();
    assert_eq!(names, owned(&["new", "policy-7"]));
}
