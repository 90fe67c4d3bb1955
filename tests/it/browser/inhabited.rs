//! An installation that people have used for a month: something to see on every page.

mod keys;
mod month;

use crate::harness::{
    control::{self, Control},
    environment,
    mcp::{Endpoint, modern},
    ostia::Ostia,
    upstreams::python,
    wait,
};
use ostia_proto::v1;
use serde_json::{Value, json};
use std::{path::Path, time::Duration};

pub(super) struct Inhabited {
    pub(super) ostia: Ostia,
    /// The parts of addresses that no page table can know, by what they are of.
    pub(super) places: Value,
}

/// In an event of audit whose arguments are kept.
const KEPT: &str = "kept_arguments";

/// People, in the order of their names. `ada` has keys, `noor` was given nothing yet.
const USERS: [(&str, &str); 6] = [
    ("ada", "administrator"),
    ("grace", "member"),
    ("mia", "member"),
    ("noor", "member"),
    ("olga", "operator"),
    ("sam", "auditor"),
];

pub(super) async fn inhabited() -> Inhabited {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    for (name, role) in USERS {
        let user = ["users", "create", name, "--role", role];
        ostia.cli(&user).await.ok();
    }
    let service = [
        "users",
        "create",
        "deploy",
        "--service",
        "--role",
        "operator",
    ];
    ostia.cli(&service).await.ok();
    for price in [["github.*", "0.002", "EUR"], ["demo.echo", "0.01", "USD"]] {
        let set = [&["prices", "set"], &price[..]].concat();
        ostia.cli(&set).await.ok();
    }
    let manifest = ostia.data_dir().join("manifest.yaml");
    std::fs::write(&manifest, manifest_text()).expect("a file");
    let manifest = manifest.to_str().expect("UTF-8").to_owned();
    ostia.cli(&["apply", "-f", &manifest]).await.ok();
    // A version before and one after what the manifest says.
    for allow in ["github.list_*", "github.get_*"] {
        let change = [
            "policies", "update", "readers", "--allow", "docs.*", "--allow", allow,
        ];
        ostia.cli(&change).await.ok();
    }
    discovered(&control).await;
    let keys = keys::of_ada(&control).await;
    month::of_calls(&control, &keys).await;
    served(&ostia, &keys[0].secret).await;
    real_calls(&ostia, &keys[0].secret).await;
    let places = places(&control, &ostia, &keys).await;
    Inhabited { ostia, places }
}

/// YAML is JSON as well.
fn manifest_text() -> String {
    let script = environment::repository().join("tests/peers/lister.py");
    let github = [
        ("get_issue", "Reads one issue with its comments", Some(true)),
        ("list_issues", "Lists issues of a repository", Some(true)),
        (
            "search_code",
            "Searches code in all repositories of an organisation that the token reaches",
            Some(true),
        ),
        ("create_issue", "Opens an issue", Some(false)),
        (
            "merge_pull_request",
            "Merges a pull request into its base branch",
            None,
        ),
    ];
    let docs = [
        (
            "search",
            "Finds pages of the handbook by their words",
            Some(true),
        ),
        (
            "read_page",
            "Reads one page of the handbook as Markdown",
            Some(true),
        ),
    ];
    let manifest = json!({
        "version": 1,
        "upstreams": [
            lister("github", &script, &github),
            kept(lister("docs", &script, &docs)),
            // Nothing listens on the port of `discard`.
            {"name": "linear", "transport": "http", "url": "http://127.0.0.1:9/mcp", "allow_private_network": true},
        ],
        "policies": [
            {"name": "readers", "preset": "read-only"},
            {"name": "triage", "rules": {
                "upstreams": ["github", "docs", "demo"], "allow": ["github.*", "docs.*", "demo.*"],
                "deny": ["github.merge_*"], "max_tier": "write",
                "arguments": [{"tools": ["github.*"], "argument": "/owner", "glob": ["acme-*"]}],
                "constraints": [{"tools": ["github.search_*"], "calls_per_minute": 30}],
            }},
            {"name": "everything", "rules": {"upstreams": ["*"], "allow": ["*"]}},
        ],
        "plans": [
            {"name": "team", "calls_per_minute": 120, "burst": 40, "max_in_flight": 8, "calls_per_day": 400, "calls_per_month": 5000},
            {"name": "trial", "calls_per_month": 200},
        ],
        "bundles": [{"name": "support", "include": ["github.*_issue*", "docs.*"]}],
        "groups": [{"name": "engineering", "policies": ["readers", "triage"], "plan": "team", "members": ["ada", "grace", "mia"]}],
    });
    manifest.to_string()
}

/// A server of ours that offers these tools: name, description, and whether it only reads.
fn lister(name: &str, script: &Path, tools: &[(&str, &str, Option<bool>)]) -> Value {
    let tools: Vec<_> = tools
        .iter()
        .map(|(name, description, reads)| {
            let annotations = match reads {
                Some(reads) => json!({"readOnlyHint": reads, "destructiveHint": false}),
                None => json!({}),
            };
            let schema = json!({"type": "object", "required": ["owner"], "properties": {
                "owner": {"type": "string", "description": "Whose it is"},
                "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
                "state": {"enum": ["open", "closed"]},
            }});
            json!({"name": name, "description": description, "inputSchema": schema, "annotations": annotations})
        })
        .collect();
    let says = format!(
        "{name}: listening, with a token that is not shown here and a line that is long enough to be cut"
    );
    let offer = json!({"tools": [tools], "says": says}).to_string();
    json!({"name": name, "transport": "stdio", "program": python(), "args": ["-B", script, offer]})
}

/// With arguments for auditors to read.
fn kept(mut upstream: Value) -> Value {
    upstream["keep_arguments"] = json!(true);
    upstream
}

/// Waits until all tools are known, and the problem of the one that is not there.
async fn discovered(control: &Control) {
    let what = "control knows what upstreams offer";
    let known = wait::until(Duration::from_secs(60), what, || async {
        let request = v1::ListUpstreamsRequest::default();
        let upstreams = control.upstreams().list_upstreams(request).await;
        let upstreams = upstreams.expect("upstreams").into_inner().upstreams;
        let open: Vec<_> = upstreams
            .iter()
            .filter(|one| one.catalogue.is_none() && one.problem.is_none())
            .map(|one| format!("{one:?}"))
            .collect();
        if open.is_empty() { Ok(()) } else { Err(open) }
    });
    known.await;
}

/// Waits until the edge knows what the key may use, without a policy that marks it: those are seen on pages.
async fn served(ostia: &Ostia, key: &str) {
    let endpoint = Endpoint::new(&ostia.mcp_url, key);
    let what = "the edge serves what policies allow";
    let served = wait::until(Duration::from_secs(10), what, || async {
        let tools = modern::tools(&endpoint).await;
        let all = ["docs__search", "github__get_issue"];
        if all.iter().all(|tool| tools.iter().any(|name| name == tool)) {
            Ok(())
        } else {
            Err(tools)
        }
    });
    served.await;
}

/// A few that really happened.
async fn real_calls(ostia: &Ostia, key: &str) {
    let endpoint = Endpoint::new(&ostia.mcp_url, key);
    for (tool, arguments) in [
        ("demo__echo", json!({"message": "hello"})),
        ("docs__search", json!({"owner": "acme"})),
        ("github__merge_pull_request", json!({"owner": "acme-web"})),
        ("linear__list_issues", json!({})),
    ] {
        modern::call(&endpoint, tool, &arguments).send().await;
    }
}

async fn places(control: &Control, ostia: &Ostia, keys: &[keys::Made]) -> Value {
    let request = v1::ListEventsRequest {
        page_size: 1_000,
        ..v1::ListEventsRequest::default()
    };
    // Edges tell of calls after they were answered.
    let what = "the call whose arguments are kept is in audit";
    let told = wait::until(Duration::from_secs(20), what, || async {
        let events = control.audit().list_events(request.clone()).await;
        let events = events.expect("events").into_inner().events;
        let kept = events.iter().any(|event| event.detail.contains(KEPT));
        if kept { Ok(events) } else { Err(events.len()) }
    });
    let events = told.await.0;
    let event = |what: &dyn Fn(&&v1::AuditEvent) -> bool| {
        let found = events.iter().find(what);
        found.expect("such an event").id.clone()
    };
    let id_of = async |args: [&str; 3]| ostia.cli(&args).await.ok().json()["id"].clone();
    let prices = ostia.cli(&["prices", "list"]).await.ok().json();
    json!({
        "price": prices[0]["id"],
        "key": keys[0].id,
        "rotatedKey": keys[1].id,
        "revokedKey": keys[keys.len() - 1].id,
        "keyPrefix": keys[0].prefix,
        "user": id_of(["users", "show", "mia"]).await,
        "service": id_of(["users", "show", "deploy"]).await,
        "group": id_of(["groups", "show", "engineering"]).await,
        "call": event(&|event| event.action == "tools/call"),
        "keptCall": event(&|event| event.detail.contains(KEPT)),
        "change": event(&|event| event.action == "policies.update"),
    })
}
