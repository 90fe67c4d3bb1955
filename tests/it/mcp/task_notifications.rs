//! What upstreams tell of tasks reaches whoever named them, under the names that they know, and nobody
//! else.

use crate::harness::{
    control,
    mcp::{Endpoint, Events, modern},
    ostia::Ostia,
    upstreams,
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    response::{IntoResponse as _, Response},
    routing::post,
};
use futures_util::stream;
use ostia_proto::v1;
use serde_json::{Value, json};
use std::{convert::Infallible, sync::Arc};
use tokio::sync::broadcast::Sender;

const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";

fn meta() -> Value {
    modern::meta_as(&json!({"extensions": {"io.modelcontextprotocol/tasks": {}}}))
}

/// Begins a task; gives its id.
async fn begin(endpoint: &Endpoint) -> String {
    let params = json!({"name": "own__work", "arguments": {}, "_meta": meta()});
    let begun = modern::request(endpoint, 1, "tools/call", &params);
    let result = begun.send().await.result();
    let id = result["taskId"].as_str();
    id.unwrap_or_else(|| panic!("no task: {result:#}"))
        .to_owned()
}

async fn cancel(endpoint: &Endpoint, task: &str) {
    let params = json!({"taskId": task, "_meta": meta()});
    let cancelled = modern::request(endpoint, 1, "tasks/cancel", &params);
    cancelled.send().await.result();
}

/// Listens to these tasks; gives those that are promised as well.
async fn listen(endpoint: &Endpoint, tasks: &[&str]) -> (Events, Value) {
    let params = json!({"notifications": {"taskIds": tasks}, "_meta": meta()});
    let listen = modern::request(endpoint, "mine", "subscriptions/listen", &params);
    let mut events = Events::new(listen.begin().await);
    let mut first = events.next().await.expect("an acknowledgement");
    assert_eq!(first["method"], "notifications/subscriptions/acknowledged");
    (events, first["params"]["notifications"]["taskIds"].take())
}

fn assert_told(message: &Value, task: &str) {
    assert_eq!(message["method"], "notifications/tasks", "{message:#}");
    let params = &message["params"];
    assert_eq!(params["taskId"], task, "{message:#}");
    assert_eq!(params["status"], "cancelled");
    assert_eq!(params["_meta"][SUBSCRIPTION], "mine", "{message:#}");
}

async fn start(upstream: upstreams::Definition) -> (Ostia, control::Control, Endpoint) {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    upstream.add(&control).await;
    let key = control::master_key(&control, "all").await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &key);
    (ostia, control, endpoint)
}

/// Two keys, each with a worker of its own whose first task is called the same.
#[tokio::test]
async fn a_worker_tells_those_who_named_a_task() {
    let script = upstreams::script("own", "tasks.py", &[]);
    let (_ostia, control, mine) = start(script.isolation(v1::Isolation::Key)).await;
    let theirs = mine.with_key(&control::master_key(&control, "other").await);
    let (first, second, third) = (begin(&mine).await, begin(&mine).await, begin(&mine).await);
    let other = begin(&theirs).await;

    // Somebody else's is not promised, nor is one that the upstream does not tell of.
    let (mut events, promised) = listen(&mine, &[&first, &second, &third, &other, "made-up"]).await;
    assert_eq!(promised, json!([first, second]));
    let (mut others, promised) = listen(&theirs, &[&other, &first]).await;
    assert_eq!(promised, json!([other]));

    cancel(&theirs, &other).await;
    assert_told(&others.next().await.expect("a notification"), &other);
    cancel(&mine, &third).await;
    cancel(&mine, &second).await;
    let told = events.next().await.expect("a notification");
    assert_told(&told, &second);
    assert_eq!(told["params"]["own"].to_string(), "1.0", "as it was sent");
    cancel(&mine, &first).await;
    assert_told(&events.next().await.expect("a notification"), &first);
}

/// Who may not call the tool any more hears no more of its tasks.
#[tokio::test]
async fn what_is_forbidden_is_not_told() {
    let script = upstreams::script("own", "tasks.py", &[]);
    let (_ostia, control, mine) = start(script).await;
    let task = begin(&mine).await;
    let (mut events, _) = listen(&mine, &[&task]).await;
    let theirs = mine.with_key(&control::master_key(&control, "other").await);
    let rules = |deny: &[&str]| v1::Rules {
        deny: deny.iter().map(ToString::to_string).collect(),
        ..control::everything_of(&["*"])
    };
    let update = |rules| async {
        let request = v1::UpdatePolicyRequest {
            policy: "all".to_owned(),
            rules: Some(rules),
        };
        let updated = control.policies().update_policy(request).await;
        updated.expect("a policy");
        control.settled().await;
    };
    let tell = |status: &str| {
        let arguments = json!({"told": {"taskId": "task-1", "status": status}});
        let params = json!({"name": "own__work", "arguments": arguments, "_meta": meta()});
        let call = modern::request(&theirs, 1, "tools/call", &params);
        async move { call.send().await.result() }
    };
    update(rules(&["own.*"])).await;
    tell("forbidden").await;
    let (_, promised) = listen(&mine, &[&task]).await;
    assert_eq!(promised, Value::Null);
    update(rules(&[])).await;
    tell("allowed").await;
    let told = events.next().await.expect("a notification");
    assert_eq!(told["params"]["status"], "allowed", "{told:#}");
}

/// A limit of results is one of tasks as well: what is asked is cut, and what is told without being asked
/// has no result.
#[tokio::test]
async fn a_limited_result_is_limited_in_a_task() {
    let script = upstreams::script("own", "tasks.py", &[]);
    let (ostia, control, _) = start(script).await;
    let one = v1::Constraint {
        tools: vec!["own.work".to_owned()],
        max_results: Some(1),
        ..v1::Constraint::default()
    };
    let rules = v1::Rules {
        constraints: vec![one],
        ..control::everything_of(&["*"])
    };
    let key = control::key(&control, "limited", rules).await.secret;
    let endpoint = Endpoint::new(&ostia.mcp_url, &key);
    let text = json!({"type": "text", "text": "x"});
    let result = json!({"content": [text, text, text]});
    let begin = |arguments: Value| {
        let params = json!({"name": "own__work", "arguments": arguments, "_meta": meta()});
        let begun = modern::request(&endpoint, 1, "tools/call", &params);
        async move { begun.send().await.result()["taskId"].clone() }
    };
    let task = begin(json!({"result": result})).await;
    let params = json!({"taskId": task, "_meta": meta()});
    let asked = modern::request(&endpoint, 1, "tasks/get", &params).send();
    let told = asked.await.result();
    assert_eq!(told["taskId"], task);
    assert_eq!(told["result"]["content"], json!([text]), "{told:#}");
    assert_eq!(told["result"]["_meta"]["dev.ostia/leftOut"], 2, "{told:#}");

    let id = task.as_str().expect("an id");
    let (mut events, _) = listen(&endpoint, &[id]).await;
    let own = |status: &str| json!({"taskId": "task-1", "status": status});
    let mut with_result = own("completed");
    with_result["result"] = result;
    begin(json!({"told": with_result})).await;
    begin(json!({"told": own("cancelled")})).await;
    assert_told(&events.next().await.expect("a notification"), id);
}

/// The same over HTTP, where each subscription has a stream of its own.
#[tokio::test]
async fn an_upstream_over_http_tells_on_its_stream() {
    let cancelled = Sender::new(8);
    let router = Router::new()
        .route("/mcp", post(serve))
        .with_state(Arc::new(cancelled));
    let url = serving(router).await;
    let (_ostia, _control, endpoint) = start(upstreams::http("own", &url)).await;
    let task = begin(&endpoint).await;
    let (mut events, promised) = listen(&endpoint, &[&task]).await;
    assert_eq!(promised, json!([task]));
    cancel(&endpoint, &task).await;
    assert_told(&events.next().await.expect("a notification"), &task);
}

#[allow(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
async fn serving(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/mcp")
}

/// A modern server with one task, `own-1`.
async fn serve(State(cancelled): State<Arc<Sender<()>>>, body: Bytes) -> Response {
    let message: Value = serde_json::from_slice(&body).expect("JSON");
    let params = &message["params"];
    let result = match message["method"].as_str().unwrap_or_default() {
        "server/discover" => json!({
            "resultType": "complete",
            "supportedVersions": ["2026-07-28"],
            "capabilities": {"tools": {}, "extensions": {"io.modelcontextprotocol/tasks": {}}},
        }),
        "tools/list" => json!({
            "resultType": "complete",
            "tools": [{"name": "work", "inputSchema": {"type": "object"}}],
        }),
        "tools/call" => json!({"resultType": "task", "taskId": "own-1", "status": "working"}),
        "tasks/cancel" => {
            assert_eq!(params["taskId"], "own-1");
            cancelled.send(()).expect("somebody listens");
            json!({"resultType": "complete"})
        }
        "subscriptions/listen" => {
            let id = message["id"].clone();
            return told(&id, &params["notifications"], &cancelled);
        }
        _ => json!({"resultType": "complete"}),
    };
    let answer = json!({"jsonrpc": "2.0", "id": message["id"], "result": result});
    ([("content-type", "application/json")], answer.to_string()).into_response()
}

fn told(id: &Value, notifications: &Value, cancelled: &Sender<()>) -> Response {
    let event = |method: &str, mut params: Value| {
        params["_meta"] = json!({SUBSCRIPTION: id});
        let message = json!({"jsonrpc": "2.0", "method": method, "params": params});
        Bytes::from(format!("data: {message}\n\n"))
    };
    let acknowledged = json!({"notifications": notifications});
    let first = event("notifications/subscriptions/acknowledged", acknowledged);
    let task = json!({"taskId": "own-1", "status": "cancelled"});
    let then = event("notifications/tasks", task);
    let events = (Some(first), then, cancelled.subscribe());
    let events = stream::unfold(events, |(first, then, mut cancelled)| async {
        if let Some(first) = first {
            return Some((Ok::<_, Infallible>(first), (None, then, cancelled)));
        }
        cancelled.recv().await.ok()?;
        Some((Ok(then.clone()), (None, then, cancelled)))
    });
    let headers = [("content-type", "text/event-stream")];
    (headers, Body::from_stream(events)).into_response()
}
