//! Any manifest after any other.

use super::{applied, apply, export, told};
use crate::control::fixture::{bare, definition, owned};
use ostia_proto::v1;
use proptest::{
    collection::{btree_map, vec},
    option,
    prelude::*,
    strategy::ValueTree as _,
    test_runner::TestRunner,
};
use std::collections::BTreeMap;

/// Pairs of manifests; each is some dozen statements.
const CASES: usize = 20;

/// Few names, so that two manifests often have the same.
fn named<T: std::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = BTreeMap<String, T>> {
    btree_map("[a-c]", value, 0..4)
}

fn globs() -> impl Strategy<Value = Vec<String>> {
    vec("[a-c]\\.(get|list)_[a-z]{1,3}\\*?", 0..3)
}

fn manifests() -> impl Strategy<Value = v1::Manifest> {
    let number = || option::of(1..1_000u32);
    let quota = || option::of(1..1_000u64);
    let limits = (number(), number(), (quota(), quota()));
    let texts = (option::of("[a-z é\"\\n]{1,12}"), option::of("[a-z]{1,9}"));
    (
        named((globs(), number(), option::of("/[a-z]{1,5}"), any::<bool>())),
        named((globs(), globs(), 0..3i32)),
        named(limits),
        named((globs(), option::of(texts))),
        (option::of(0..3usize), option::of(0..3usize)),
        named((0..1_000_000u64, "[A-Z]{3}")),
    )
        .prop_map(|(upstreams, policies, plans, bundles, group, prices)| {
            let plans: Vec<_> = plans.into_iter().map(plan).collect();
            let policies: Vec<_> = policies.into_iter().map(policy).collect();
            let groups = vec![v1::ManifestGroup {
                name: "staff".to_owned(),
                policies: group
                    .0
                    .and_then(|at| Some(policies.get(at)?.name.clone()))
                    .into_iter()
                    .collect(),
                plan: group.1.and_then(|at| Some(plans.get(at)?.name.clone())),
                members: Some(v1::GroupMembers::default()),
            }];
            v1::Manifest {
                upstreams: upstreams.into_iter().map(upstream).collect(),
                policies,
                plans,
                bundles: bundles.into_iter().map(bundle).collect(),
                groups,
                prices: prices.into_iter().map(price).collect(),
            }
        })
}

type Named<T> = (String, T);
type Worker = (Vec<String>, Option<u32>, Option<String>, bool);
type Texts = Option<(Option<String>, Option<String>)>;

fn upstream((name, (args, workers, cwd, keep)): Named<Worker>) -> v1::UpstreamDefinition {
    let mut upstream = definition(&name, &[]);
    if let Some(v1::upstream_definition::Transport::Stdio(command)) = &mut upstream.transport {
        command.args = args;
        command.cwd = cwd;
    }
    // What is unset comes back as the default, so all of it is set.
    let milliseconds = |ms: i32| prost_types::Duration {
        seconds: (ms / 1_000).into(),
        nanos: ms % 1_000 * 1_000_000,
    };
    upstream.keep_arguments = keep;
    upstream.set_isolation(v1::Isolation::Shared);
    upstream.call_timeout = Some(milliseconds(1_500));
    upstream.pool = Some(v1::PoolLimits {
        min_idle: Some(0),
        max_workers: Some(workers.unwrap_or(1)),
        max_in_flight: Some(2),
        max_queue: Some(3),
        queue_timeout: Some(milliseconds(20)),
        idle_timeout: Some(milliseconds(3_000)),
        calls_per_minute: workers,
        tool_calls_per_minute: None,
    });
    upstream
}

fn policy(
    (name, (allow, deny, tier)): Named<(Vec<String>, Vec<String>, i32)>,
) -> v1::ManifestPolicy {
    let rules = v1::Rules {
        upstreams: owned(&["*"]),
        allow,
        deny,
        max_tier: tier + 1,
        ..v1::Rules::default()
    };
    v1::ManifestPolicy {
        name,
        rules: Some(rules),
        preset: None,
    }
}

/// Calls per minute, in flight, and per day and month.
type Limits = (Option<u32>, Option<u32>, (Option<u64>, Option<u64>));

fn plan((name, (per_minute, in_flight, (per_day, per_month))): Named<Limits>) -> v1::ManifestPlan {
    let limits = v1::Limits {
        calls_per_minute: per_minute,
        burst: per_minute,
        max_in_flight: in_flight,
        calls_per_day: per_day,
        calls_per_month: per_month,
    };
    v1::ManifestPlan {
        name,
        limits: Some(limits),
    }
}

fn bundle((name, (include, texts)): Named<(Vec<String>, Texts)>) -> v1::ManifestBundle {
    let overrides = texts.map(|(description, name)| v1::ToolOverride {
        tool: "a.get".to_owned(),
        name,
        description,
    });
    v1::ManifestBundle {
        name,
        selection: Some(v1::Selection {
            include,
            overrides: overrides.into_iter().collect(),
        }),
    }
}

fn price((name, (micros, currency)): Named<(u64, String)>) -> v1::ManifestPrice {
    v1::ManifestPrice {
        tools: format!("{name}.*"),
        micros,
        currency,
    }
}

/// Whatever there was: afterwards everything is as the manifest says, an export says the same, and
/// applying either again changes nothing.
#[tokio::test]
async fn an_installation_is_what_its_last_manifest_says() {
    let mut runner = TestRunner::deterministic();
    let control = bare().await;
    for _ in 0..CASES {
        let tree = manifests().new_tree(&mut runner).expect("a manifest");
        let manifest = tree.current();
        let pruned = apply(&control, manifest.clone(), super::PRUNE).await;
        let pruned = pruned.expect("applied");
        let exported = export(&control).await;
        assert_eq!(exported, manifest, "{pruned:?}");
        for again in [manifest, exported] {
            let objects = applied(&control, again).await;
            let changed: Vec<_> = told(&objects)
                .into_iter()
                .filter(|line| !line.starts_with("unchanged "))
                .collect();
            assert_eq!(changed, [""; 0]);
        }
    }
    crate::control::chain::intact(&control).await;
}
