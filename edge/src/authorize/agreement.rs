//! What is listed can be called, and nothing else, for whatever policies, catalogues and keys there are.

mod others;

use super::{authorize, find, visible};
use crate::{
    error::Error,
    pool::{Pool, Pools},
    route::{self, Endpoint, Wanted},
    view::{Item, Kind, View},
};
use ostia_domain::{
    bundle::{Bundle, Override, Selection},
    code::Code,
    glob::Glob,
    key::Mode,
    name::{ExposedNames, UpstreamName, canonical},
    policy::{ArgumentRule, Arguments, Grant, Pointer, Policy, Rules, Scope},
    principal::Principal,
    snapshot::{Snapshot, objects},
    tool::{Listed, Tier, Tool},
    upstream::{
        Catalogue, Command, DEFAULT_CALL_TIMEOUT, Era, Isolation, PoolLimits, Protocol, Transport,
        Upstream,
    },
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Value, value::RawValue};
use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
    sync::Arc,
};
use uuid::Uuid;

const UPSTREAMS: [&str; 3] = ["a", "b", "a-b"];
/// Only this one is the demo.
const DEMO: usize = 1;
/// Names that are easily mistaken for others: with separators, with upstreams in them, and such that
/// clients cannot be shown.
const TOOLS: [&str; 9] = [
    "x",
    "y",
    "x.y",
    "x_y",
    "x__y",
    "b__x",
    "a.x",
    "\u{e9}\"",
    "long-enough-that-it-has-to-be-cut-before-clients-of-today-see-it",
];
/// Some that patterns over tools match as well.
const PROMPTS: [&str; 2] = ["x", "y.z"];
const RESOURCES: [&str; 2] = ["x:1", "y:2"];
const BUNDLE: &str = "some";
/// With all that a policy of this test may want, and without.
const PASSES: &str = r#"{"p":"ok"}"#;
const FAILS: &str = r#"{"p":"no"}"#;

fn glob() -> impl Strategy<Value = Glob> + Clone {
    let text = prop_oneof![
        6 => Just("*".to_owned()),
        2 => (select(&UPSTREAMS), prop_oneof![Just("*"), select(&TOOLS)])
            .prop_map(|(upstream, tool)| format!("{upstream}.{tool}")),
        1 => "[ab?*]{1,2}\\.[xy_*]{1,3}",
    ];
    text.prop_map(|text| Glob::new(text).unwrap())
}

fn upstream_glob() -> impl Strategy<Value = Glob> + Clone {
    let text = prop_oneof![3 => Just("*"), 1 => select(&UPSTREAMS), 1 => Just("a*")];
    text.prop_map(|text| Glob::new(text).unwrap())
}

fn tier() -> impl Strategy<Value = Tier> {
    prop_oneof![1 => Just(Tier::Read), 1 => Just(Tier::Write), 2 => Just(Tier::Destructive)]
}

fn argument_rule() -> impl Strategy<Value = ArgumentRule> {
    let rule = |(tools, optional, text): (_, _, &str)| ArgumentRule {
        tools,
        argument: Pointer::new("/p").unwrap(),
        optional,
        glob: vec![Glob::new(text).unwrap()],
        regex: None,
        min: None,
        max: None,
    };
    (
        vec(glob(), 1..3),
        any::<bool>(),
        select(&["ok", "o*", "?k"]),
    )
        .prop_map(rule)
}

/// Rarely nothing, which allows nothing.
fn some(glob: impl Strategy<Value = Glob> + Clone) -> impl Strategy<Value = Vec<Glob>> {
    prop_oneof![8 => vec(glob.clone(), 1..4), 1 => vec(glob, 0..1)]
}

/// Several of these hold at once: most say yes to much, so that something is left.
fn rules() -> impl Strategy<Value = Rules> {
    let rules = |(upstreams, allow, deny, max_tier, arguments)| Rules {
        upstreams,
        allow,
        deny,
        max_tier,
        arguments,
        ..Rules::default()
    };
    let denied = prop_oneof![4 => Just(Vec::new()), 1 => vec(glob(), 1..2)];
    (
        some(upstream_glob()),
        some(glob()),
        denied,
        tier(),
        vec(argument_rule(), 0..2),
    )
        .prop_map(rules)
}

/// One in ten of the policies that it names is not to be read.
fn scope() -> impl Strategy<Value = Scope> {
    let id = prop_oneof![9 => 0u128..4, 1 => Just(99)].prop_map(Uuid::from_u128);
    let ids = prop_oneof![8 => vec(id.clone(), 1..4), 1 => vec(id, 0..1)];
    prop_oneof![1 => Just(Scope::Unlimited), 2 => ids.prop_map(Scope::Policies)]
}

fn principal() -> impl Strategy<Value = Principal> {
    let mode = prop_oneof![4 => Just(Mode::Live), 1 => Just(Mode::Test)];
    let principal = |(mode, owner, key, rules)| Principal {
        secret_id: None,
        key_id: Uuid::nil(),
        key_name: "key".to_owned(),
        mode,
        owner_id: Uuid::nil(),
        owner_name: "owner".to_owned(),
        grant: Grant { owner, key, rules },
        limits: Vec::new(),
        networks: Vec::new(),
        window: None,
        expires_at: None,
    };
    (mode, scope(), scope(), option::of(rules())).prop_map(principal)
}

/// Servers may list a name twice.
fn tools() -> impl Strategy<Value = Vec<Tool>> {
    let tool = |(name, tier): (&str, _)| Tool {
        name: name.to_owned(),
        definition: serde_json::json!({"name": name, "inputSchema": {"type": "object"}})
            .to_string(),
        tier,
        asks_client: false,
    };
    vec((select(&TOOLS), tier()).prop_map(tool), 0..6)
}

/// As control takes them: tools and names are there once.
fn selection() -> impl Strategy<Value = Selection> {
    let shown = (
        select(&UPSTREAMS),
        select(&TOOLS),
        option::of(select(&["x", "say", "a-b", "x__y"])),
    );
    let selection = |(include, shown): (_, Vec<(&str, &str, Option<&str>)>)| {
        let (mut tools, mut names) = (BTreeSet::new(), BTreeSet::new());
        let shown = shown.into_iter().filter(|(upstream, tool, name)| {
            tools.insert((*upstream, *tool)) && name.is_none_or(|name| names.insert(name))
        });
        let shown = shown.map(|(upstream, tool, name)| Override {
            tool: format!("{upstream}.{tool}"),
            name: name.map(str::to_owned),
            description: Some("other".to_owned()),
        });
        Selection {
            include,
            overrides: shown.collect(),
        }
    };
    (vec(glob(), 0..4), vec(shown, 0..4)).prop_map(selection)
}

fn upstream(n: usize) -> Upstream {
    Upstream {
        id: Uuid::from_u128(n as u128),
        name: UpstreamName::new(UPSTREAMS[n]).unwrap(),
        version: 1,
        enabled: true,
        demo: n == DEMO,
        transport: Transport::Stdio(Command {
            program: "true".to_owned(),
            args: Vec::new(),
            env: BTreeMap::new(),
            cwd: None,
        }),
        isolation: Isolation::Shared,
        protocol: Protocol::Modern,
        pool: PoolLimits::default(),
        call_timeout: DEFAULT_CALL_TIMEOUT,
        keep_arguments: false,
        listing: 0,
    }
}

fn listing(names: &[&str], member: &str) -> Vec<Listed> {
    let listed = names.iter().map(|name| Listed {
        name: (*name).to_owned(),
        definition: serde_json::json!({member: name}).to_string(),
    });
    listed.collect()
}

fn catalogue(n: usize, tools: Vec<Tool>) -> Catalogue {
    Catalogue {
        upstream_id: Uuid::from_u128(n as u128),
        upstream_version: 1,
        era: Era::Modern,
        server_info: "{}".to_owned(),
        capabilities: r#"{"tools":{},"prompts":{},"resources":{}}"#.to_owned(),
        instructions: None,
        tools,
        prompts: listing(&PROMPTS, "name"),
        resources: listing(&RESOURCES, "uri"),
        resource_templates: Vec::new(),
    }
}

/// Pools that never start a worker: nobody drives their tasks.
struct Idle {
    runtime: tokio::runtime::Runtime,
    pools: HashMap<Uuid, Arc<Pool>>,
}

impl Idle {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        // There is nothing to guard, so it may end at once.
        let pools = {
            let _within = runtime.enter();
            let upstreams = (0..UPSTREAMS.len()).map(|n| (Arc::new(upstream(n)), None));
            let upstreams: Vec<_> = upstreams.collect();
            Pools::start(Path::new("true"))
                .unwrap()
                .reconcile(&upstreams)
        };
        Self { runtime, pools }
    }

    fn view(
        &self,
        policies: Vec<Rules>,
        tools: Vec<Vec<Tool>>,
        selection: Selection,
        names: ExposedNames,
    ) -> View {
        let _within = self.runtime.enter();
        let policies = policies.into_iter().enumerate().map(|(n, rules)| Policy {
            id: Uuid::from_u128(n as u128),
            name: format!("p{n}"),
            rules,
            preset: None,
        });
        let catalogues = tools.into_iter().enumerate();
        let snapshot = Snapshot {
            revision: 1,
            upstreams: objects((0..UPSTREAMS.len()).map(upstream)),
            catalogues: objects(catalogues.map(|(n, tools)| catalogue(n, tools))),
            policies: objects(policies),
            bundles: objects([Bundle {
                id: Uuid::nil(),
                name: UpstreamName::new(BUNDLE).unwrap(),
                selection,
            }]),
            ..Snapshot::default()
        };
        let before = View::default();
        View::compile(&snapshot, &before, &self.pools, HashMap::new(), names)
    }
}

/// Everything that somebody might call a tool.
fn names() -> BTreeSet<String> {
    let mut names: BTreeSet<_> = TOOLS.map(str::to_owned).into();
    names.extend(["say".to_owned(), "a-b".to_owned(), String::new()]);
    for upstream in UPSTREAMS {
        let name = UpstreamName::new(upstream).unwrap();
        for tool in TOOLS {
            names.insert(canonical(&name, tool));
            names.insert(ExposedNames::Safe.expose(&name, tool));
        }
    }
    names
}

fn call(
    view: &View,
    principal: &Principal,
    endpoint: &Endpoint,
    (kind, name): (Kind, &str),
    arguments: Option<&str>,
) -> Result<Arc<Item>, Error> {
    let wanted = Wanted { kind, name };
    let arguments: Option<&RawValue> = arguments.map(|text| serde_json::from_str(text).unwrap());
    let found = find(view, principal, endpoint, wanted);
    authorize(view, principal, found, wanted, Arguments::Known(arguments))
        .map(|permit| Arc::clone(permit.item()))
        .map_err(|refusal| refusal.error)
}

/// By the name that a list shows.
fn listed(
    view: &View,
    principal: &Principal,
    endpoint: &Endpoint,
    kind: Kind,
) -> Vec<(String, Arc<Item>)> {
    visible(view, principal, endpoint, kind)
        .map(|item| {
            let shown: Value =
                serde_json::from_str(&route::definition(view, endpoint, item)).unwrap();
            let name = shown[kind.name_member()].as_str().unwrap();
            (name.to_owned(), Arc::clone(item))
        })
        .collect()
}

fn endpoints() -> Vec<Endpoint> {
    let parts = UPSTREAMS.iter().map(ToString::to_string);
    let parts = parts.chain(["none".to_owned(), format!("@{BUNDLE}"), "@none".to_owned()]);
    [Endpoint::Everything]
        .into_iter()
        .chain(parts.map(Endpoint::named))
        .collect()
}

#[test]
fn a_tool_can_be_called_if_and_only_if_it_is_listed() {
    let (idle, every_name) = (Idle::new(), names());
    let spelling = prop_oneof![Just(ExposedNames::Safe), Just(ExposedNames::Dotted)];
    let world = (
        vec(rules(), 4),
        vec(tools(), UPSTREAMS.len()),
        selection(),
        spelling,
        principal(),
    );
    let (allowed, refused) = (Cell::new(0), Cell::new(0));
    proptest!(|((policies, tools, selection, spelling, principal) in world)| {
        let view = idle.view(policies, tools, selection, spelling);
        for endpoint in endpoints() {
            let listed = listed(&view, &principal, &endpoint, Kind::Tool);
            // What is listed is what its name means, and some arguments do.
            for (name, item) in &listed {
                let called = call(&view, &principal, &endpoint, (Kind::Tool, name), Some(PASSES));
                let called = called.map_err(|error| TestCaseError::fail(format!("{name}: {error:?}")))?;
                prop_assert!(Arc::ptr_eq(&called, item), "{} is {} at {:?}", name, called.canonical, endpoint);
            }
            // What can be called by any name is listed, and the rest is not there.
            for name in &every_name {
                for arguments in [Some(PASSES), Some(FAILS), None] {
                    match call(&view, &principal, &endpoint, (Kind::Tool, name), arguments) {
                        Ok(item) => {
                            let found = listed.iter().any(|(_, known)| Arc::ptr_eq(known, &item));
                            prop_assert!(found, "{} at {:?} is not listed", name, endpoint);
                            allowed.set(allowed.get() + 1);
                        }
                        Err(error) if error.code == Code::ArgumentRefused => {
                            let passes = call(&view, &principal, &endpoint, (Kind::Tool, name), Some(PASSES));
                            prop_assert!(passes.is_ok(), "{} is refused for any argument", name);
                        }
                        Err(error) => {
                            let nothing = call(&View::default(), &principal, &endpoint, (Kind::Tool, name), None);
                            let nothing = nothing.err().unwrap();
                            prop_assert_eq!((error.code, error.message), (nothing.code, nothing.message));
                            refused.set(refused.get() + 1);
                        }
                    }
                }
            }
        }
    });
    // A tenth of what there usually is.
    for times in [allowed, refused] {
        assert!(times.get() > 300, "random worlds that say little");
    }
}
