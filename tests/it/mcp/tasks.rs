//! Calls that go on after they were answered: who may ask about them, where, and when they are gone.

use super::documented::assert_refused;
use crate::harness::{
    control,
    mcp::{Answer, Endpoint, legacy::Session, modern},
    ostia::Ostia,
    processes, upstreams, wait,
};
use futures_util::future::join_all;
use ostia_proto::v1;
use serde_json::{Value, json};
use std::time::Duration;

const EXTENSION: &str = "io.modelcontextprotocol/tasks";
const SOON: Duration = Duration::from_secs(10);

/// What a client with tasks declares.
fn meta() -> Value {
    modern::meta_as(&json!({"extensions": {EXTENSION: {}}}))
}

async fn call(endpoint: &Endpoint, tool: &str, arguments: &Value) -> Answer {
    let params = json!({"name": tool, "arguments": arguments, "_meta": meta()});
    let request = modern::request(endpoint, 1, "tools/call", &params);
    request.send().await
}

/// Begins a task; gives its id.
pub(crate) async fn begin(endpoint: &Endpoint, tool: &str, arguments: &Value) -> String {
    let result = call(endpoint, tool, arguments).await.result();
    assert_eq!(result["resultType"], "task", "{result:#}");
    result["taskId"].as_str().expect("an id").to_owned()
}

/// `tasks/<what>`.
pub(crate) async fn ask(endpoint: &Endpoint, what: &str, task: &str) -> Answer {
    update(endpoint, what, task, &json!({})).await
}

async fn update(endpoint: &Endpoint, what: &str, task: &str, responses: &Value) -> Answer {
    let mut params = json!({"taskId": task, "_meta": meta()});
    if what == "update" {
        params["inputResponses"] = responses.clone();
    }
    let method = format!("tasks/{what}");
    modern::request(endpoint, 2, &method, &params).send().await
}

/// Waits until a task says this of itself.
pub(crate) async fn becomes(endpoint: &Endpoint, task: &str, status: &str) -> Value {
    let told = wait::until(SOON, "the task gets on", || async {
        let told = ask(endpoint, "get", task).await.result();
        assert_eq!(told["taskId"], task, "{told:#}");
        if told["status"] == status {
            Ok(told)
        } else {
            Err(told)
        }
    });
    told.await.0
}

struct Tasks {
    ostia: Ostia,
    control: control::Control,
    endpoint: Endpoint,
}

impl Tasks {
    /// The fixture as an upstream of that era, and a key that may do everything.
    async fn start(upstream: upstreams::Definition) -> Self {
        let ostia = Ostia::start().await;
        let control = control::client(&ostia);
        upstream.add(&control).await;
        let key = control::master_key(&control, "all").await;
        let endpoint = Endpoint::new(&ostia.mcp_url, &key);
        Self {
            ostia,
            control,
            endpoint,
        }
    }
}

#[tokio::test]
async fn a_task_goes_on_until_it_has_its_answers() {
    let tasks = Tasks::start(upstreams::fixture("fixture", "modern")).await;
    let (everything, one) = (&tasks.endpoint, tasks.endpoint.at("fixture"));
    let discovered = modern::request(everything, 1, "server/discover", &json!({}))
        .send()
        .await
        .result();
    let capabilities = &discovered["capabilities"];
    assert!(
        capabilities["extensions"][EXTENSION].is_object(),
        "{discovered:#}"
    );
    assert!(capabilities.get("tasks").is_none(), "{discovered:#}");

    let tool = "fixture__confirm_delete";
    let task = begin(everything, tool, &json!({"filename": "a.txt"})).await;
    let told = becomes(everything, &task, "input_required").await;
    let asked = told["inputRequests"].as_object().expect("questions");
    assert_eq!(asked["confirm"]["method"], "elicitation/create");
    // The same task at the upstream's own endpoint, by the same id.
    let yes = json!({"confirm": {"action": "accept", "content": {"confirm": true}}});
    let updated = update(&one, "update", &task, &yes).await.result();
    assert_eq!(updated, json!({"resultType": "complete"}));
    let told = becomes(&one, &task, "completed").await;
    assert_eq!(told["result"]["content"][0]["text"], "Deleted a.txt");

    let task = begin(&one, "slow_compute", &json!({"seconds": 300})).await;
    assert_eq!(
        ask(everything, "cancel", &task).await.result(),
        json!({"resultType": "complete"})
    );
    becomes(everything, &task, "cancelled").await;
}

/// Several workers of one upstream, each with tasks of its own.
#[tokio::test]
async fn a_task_is_found_at_its_worker() {
    let upstream = upstreams::fixture("fixture", "modern").pool(3, 1, 64);
    let tasks = Tasks::start(upstream).await;
    let endpoint = &tasks.endpoint;
    // Calls that take their time: no worker is enough for all of them.
    let waits = (0..3)
        .map(|_| modern::call(endpoint, "fixture__test_tool_with_progress", &json!({})).send());
    join_all(waits).await;
    let begun = join_all((0..12).map(|_| {
        let arguments = json!({"seconds": 300});
        async move { begin(endpoint, "fixture__slow_compute", &arguments).await }
    }))
    .await;
    for task in &begun {
        becomes(endpoint, task, "working").await;
    }
    let workers = workers(&tasks.ostia);
    assert!(workers.len() > 1, "{workers:#?}");
}

fn workers(ostia: &Ostia) -> Vec<processes::Process> {
    let family = processes::descendants(ostia.pid());
    let is_fixture = |process: &processes::Process| {
        !process.zombie && process.command_line.contains("fixture-upstream")
    };
    family.into_iter().filter(is_fixture).collect()
}

/// Another key's task, one that is made up, and one whose tool is forbidden by now look the same.
#[tokio::test]
async fn a_task_is_its_keys_alone() {
    let tasks = Tasks::start(upstreams::fixture("fixture", "modern")).await;
    let (control, endpoint) = (&tasks.control, &tasks.endpoint);
    let other = endpoint.with_key(&control::master_key(control, "other").await);
    let task = begin(endpoint, "fixture__slow_compute", &json!({"seconds": 300})).await;
    for (whose, id) in [(&other, task.as_str()), (endpoint, "made-up")] {
        for what in ["get", "update", "cancel"] {
            let answer = ask(whose, what, id).await;
            assert_refused(&answer, 400, -32602, "task-unknown");
        }
    }
    // To a key that may use nothing with tasks there are none at all.
    let rules = control::everything_of(&["demo"]);
    let without = control::key(control, "without", rules).await.secret;
    let answer = ask(&endpoint.with_key(&without), "get", &task).await;
    assert_refused(&answer, 404, -32601, "method-not-found");
    let unknown = ask(endpoint, "get", "made-up").await.json();
    becomes(endpoint, &task, "working").await;

    let rules = v1::Rules {
        deny: vec!["fixture.slow_*".to_owned()],
        ..control::everything_of(&["*"])
    };
    let request = v1::UpdatePolicyRequest {
        policy: "all".to_owned(),
        rules: Some(rules),
    };
    control
        .policies()
        .update_policy(request)
        .await
        .expect("a policy");
    control.settled().await;
    let answer = ask(endpoint, "get", &task).await;
    assert_refused(&answer, 400, -32602, "task-unknown");
    assert_eq!(
        answer.json()["error"]["message"],
        unknown["error"]["message"]
    );
    let denied = wait::until(SOON, "the refusal is in audit", || async {
        let events = control::audit(control).await;
        let found = events
            .into_iter()
            .find(|event| event.error == "task-unknown" && event.outcome == "denied");
        found.ok_or("no such event")
    });
    assert_eq!(denied.await.0.action, "tasks/get");
}

#[tokio::test]
async fn a_task_ends_with_its_worker() {
    let tasks = Tasks::start(upstreams::fixture("fixture", "modern")).await;
    let endpoint = &tasks.endpoint;
    let task = begin(endpoint, "fixture__slow_compute", &json!({"seconds": 300})).await;
    becomes(endpoint, &task, "working").await;
    for worker in workers(&tasks.ostia) {
        processes::kill9(worker.pid);
    }
    let lost = wait::until(SOON, "the end of the worker is noticed", || async {
        let answer = ask(endpoint, "get", &task).await;
        match answer.json()["error"]["data"]["code"].as_str() {
            Some("task-lost") => Ok(answer),
            _ => Err(answer),
        }
    });
    assert_refused(&lost.await.0, 200, -31038, "task-lost");
    // The next call has another worker.
    begin(endpoint, "fixture__slow_compute", &json!({"seconds": 300})).await;
}

/// Where every key has its own worker and there is one for them: its task is not ended to make room.
#[tokio::test]
async fn a_worker_with_a_task_is_in_use() {
    let upstream = upstreams::fixture("fixture", "modern")
        .isolation(v1::Isolation::Key)
        .with(|definition| {
            definition.pool = Some(v1::PoolLimits {
                min_idle: Some(0),
                // One of them is listened to, and nobody's own.
                max_workers: Some(2),
                queue_timeout: Some(Duration::from_secs(2).try_into().expect("a duration")),
                ..v1::PoolLimits::default()
            });
        });
    let tasks = Tasks::start(upstream).await;
    let endpoint = &tasks.endpoint;
    let other = endpoint.with_key(&control::master_key(&tasks.control, "other").await);
    let task = begin(endpoint, "fixture__slow_compute", &json!({"seconds": 300})).await;
    let busy = call(&other, "fixture__greet", &json!({"name": "x"})).await;
    assert_refused(&busy, 200, -31030, "upstream-busy");
    becomes(endpoint, &task, "working").await;
}

/// The call that began it was counted: how it gets on can be asked when nothing is left.
#[tokio::test]
async fn a_task_costs_one_call_of_a_quota() {
    let tasks = Tasks::start(upstreams::fixture("fixture", "modern")).await;
    control::policy(&tasks.control, "everything", control::everything_of(&["*"])).await;
    let request = v1::CreateKeyRequest {
        policies: vec!["everything".to_owned()],
        restrictions: Some(v1::KeyRestrictions {
            limits: Some(v1::Limits {
                calls_per_month: Some(1),
                ..v1::Limits::default()
            }),
            ..v1::KeyRestrictions::default()
        }),
        ..control::named("one call")
    };
    let made = control::create_key(&tasks.control, request).await;
    tasks.control.settled().await;
    let endpoint = tasks.endpoint.with_key(&made.secret);
    let task = begin(&endpoint, "fixture__slow_compute", &json!({"seconds": 300})).await;
    let more = call(&endpoint, "fixture__greet", &json!({"name": "x"})).await;
    assert_refused(&more, 429, -31028, "quota-used-up");
    becomes(&endpoint, &task, "working").await;
    ask(&endpoint, "cancel", &task).await.result();
    becomes(&endpoint, &task, "cancelled").await;
}

#[tokio::test]
async fn a_task_is_named_in_its_header() {
    let tasks = Tasks::start(upstreams::fixture("fixture", "modern")).await;
    let endpoint = &tasks.endpoint;
    let task = begin(endpoint, "fixture__slow_compute", &json!({"seconds": 300})).await;
    let params = json!({"taskId": task, "_meta": meta()});
    let request = || modern::request(endpoint, 1, "tasks/get", &params);
    let answer = request().header(modern::NAME, "another").send().await;
    assert_refused(&answer, 400, -32020, "header-mismatch");
    let answer = request().without(modern::NAME).send().await;
    assert_refused(&answer, 400, -32020, "header-mismatch");

    let params = json!({"taskId": task});
    let undeclared = modern::request(endpoint, 1, "tasks/get", &params);
    let answer = undeclared.send().await;
    assert_refused(&answer, 400, -32021, "client-capability-missing");
    let needed = &answer.json()["error"]["data"]["requiredCapabilities"];
    assert!(needed["extensions"][EXTENSION].is_object(), "{needed:#}");
}

/// A bundle without the tool is no way to its tasks.
#[tokio::test]
async fn a_bundle_has_the_tasks_of_its_tools() {
    let tasks = Tasks::start(upstreams::fixture("fixture", "modern")).await;
    for (name, tool) in [("slow", "fixture.slow_*"), ("other", "fixture.greet")] {
        let selection = v1::Selection {
            include: vec![tool.to_owned()],
            ..v1::Selection::default()
        };
        let request = v1::CreateBundleRequest {
            name: name.to_owned(),
            selection: Some(selection),
        };
        let made = tasks.control.bundles().create_bundle(request).await;
        made.expect("a bundle");
    }
    tasks.control.settled().await;
    let (slow, other) = (tasks.endpoint.at("@slow"), tasks.endpoint.at("@other"));
    let task = begin(&slow, "fixture__slow_compute", &json!({"seconds": 300})).await;
    becomes(&slow, &task, "working").await;
    let answer = ask(&other, "get", &task).await;
    assert_refused(&answer, 400, -32602, "task-unknown");
}

/// Neither era says what the other would do with its tasks: they are not offered, and calls are calls.
#[tokio::test]
async fn no_task_crosses_the_eras() {
    let tasks = Tasks::start(upstreams::fixture("modern", "modern")).await;
    let session = Session::open(&tasks.endpoint).await;
    let capabilities = &session.initialized["capabilities"];
    assert!(capabilities.get("tasks").is_none(), "{capabilities:#}");
    assert!(capabilities.get("extensions").is_none(), "{capabilities:#}");
    let params = json!({
        "name": "modern__slow_compute", "arguments": {"seconds": 0}, "task": {"ttl": 60000}
    });
    let called = session.request(1, "tools/call", &params).await;
    assert_eq!(called.first_text(), "Computed for 0 s");
    for method in ["tasks/get", "tasks/result", "tasks/cancel", "tasks/list"] {
        let answer = session.request(1, method, &json!({"taskId": "x"})).await;
        assert_refused(&answer, 200, -32601, "method-not-found");
    }
    // A task of the other era does not exist either.
    let task = begin(
        &tasks.endpoint,
        "modern__slow_compute",
        &json!({"seconds": 300}),
    )
    .await;
    let answer = session
        .request(1, "tasks/get", &json!({"taskId": task}))
        .await;
    assert_refused(&answer, 200, -32601, "method-not-found");

    let tasks = Tasks::start(upstreams::fixture("legacy", "legacy")).await;
    let endpoint = &tasks.endpoint;
    let discovered = modern::request(endpoint, 1, "server/discover", &json!({}))
        .send()
        .await
        .result();
    assert!(discovered["capabilities"].get("extensions").is_none());
    let called = call(endpoint, "legacy__slow_compute", &json!({"seconds": 0})).await;
    assert_eq!(called.first_text(), "Computed for 0 s");
    for what in ["get", "update", "cancel", "list", "result"] {
        let answer = ask(endpoint, what, "x").await;
        assert_refused(&answer, 404, -32601, "method-not-found");
    }
}
