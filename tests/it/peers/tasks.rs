//! Tasks of the last legacy revision, which the official test server has: made, asked about, waited for.

use super::{compatibility::serve, installed};
use crate::harness::{
    control,
    mcp::{
        Endpoint, Events,
        legacy::{self, Session},
    },
    ostia::Ostia,
    upstreams,
};
use serde_json::{Value, json};
use tokio::process::Child;

const TOOL: &str = "everything__simulate-research-query";
const RELATED: &str = "io.modelcontextprotocol/related-task";

struct Everything {
    _ostia: Ostia,
    control: control::Control,
    endpoint: Endpoint,
    _server: Option<Child>,
}

impl Everything {
    async fn start() -> Self {
        let (node, server) = (installed::node(), installed::everything());
        let path = |path: &std::path::Path| path.to_str().expect("UTF-8").to_owned();
        let (node, server) = (path(&node), path(&server));
        let upstream = upstreams::program("everything", &node, &[&server, "stdio"]);
        Self::behind(upstream, None).await
    }

    async fn over_http() -> Self {
        let (server, address) = serve("streamableHttp").await;
        let upstream = upstreams::http("everything", &format!("http://{address}/mcp"));
        Self::behind(upstream, Some(server)).await
    }

    async fn behind(upstream: upstreams::Definition, server: Option<Child>) -> Self {
        let ostia = Ostia::start().await;
        let control = control::client(&ostia);
        upstream.add(&control).await;
        let key = control::master_key(&control, "all").await;
        let endpoint = Endpoint::new(&ostia.mcp_url, &key);
        Self {
            _ostia: ostia,
            control,
            endpoint,
            _server: server,
        }
    }
}

/// Begins a task; gives its id.
async fn begin(session: &Session, ambiguous: bool) -> String {
    let params = json!({
        "name": TOOL,
        "arguments": {"topic": "ostia", "ambiguous": ambiguous},
        "task": {"ttl": 60000},
    });
    let result = session.request(1, "tools/call", &params).await.result();
    assert_eq!(result["task"]["status"], "working", "{result:#}");
    result["task"]["taskId"].as_str().expect("an id").to_owned()
}

async fn ask(session: &Session, method: &str, task: &str) -> crate::harness::mcp::Answer {
    session.request(2, method, &json!({"taskId": task})).await
}

#[tokio::test]
async fn a_task_is_waited_for() {
    wait_for_a_task(Everything::start().await).await;
}

#[tokio::test]
async fn a_task_is_waited_for_over_http() {
    wait_for_a_task(Everything::over_http().await).await;
}

async fn wait_for_a_task(everything: Everything) {
    let session = Session::open(&everything.endpoint).await;
    let offered = &session.initialized["capabilities"]["tasks"];
    let tools = json!({"requests": {"tools": {"call": {}}}, "cancel": {}});
    assert_eq!(offered, &tools, "no list: {offered:#}");

    let task = begin(&session, false).await;
    let told = ask(&session, "tasks/get", &task).await.result();
    assert_eq!(
        (&told["taskId"], &told["status"]),
        (&json!(task), &json!("working"))
    );
    let result = ask(&session, "tasks/result", &task).await;
    let text = result.first_text();
    assert!(text.contains("Research Report: ostia"), "{text}");
    assert_eq!(result.result()["_meta"][RELATED]["taskId"], json!(task));
    let told = ask(&session, "tasks/get", &task).await.result();
    assert_eq!(told["status"], "completed");

    let task = begin(&session, false).await;
    let told = ask(&session, "tasks/cancel", &task).await.result();
    assert_eq!(
        (&told["taskId"], &told["status"]),
        (&json!(task), &json!("cancelled"))
    );

    // Whoever else it may be, the task is not there.
    let other = control::master_key(&everything.control, "other").await;
    let other = Session::open(&everything.endpoint.with_key(&other)).await;
    for method in ["tasks/get", "tasks/result", "tasks/cancel"] {
        let answer = ask(&other, method, &task).await;
        assert_eq!(answer.refusal(), (200, -32602, "task-unknown".to_owned()));
    }
    let answer = ask(&session, "tasks/list", &task).await;
    assert_eq!(
        answer.refusal(),
        (200, -32601, "method-not-found".to_owned())
    );
}

/// The question of a task comes while its result is waited for, and names the task as the client does.
#[tokio::test]
async fn a_task_asks_its_client() {
    let everything = Everything::start().await;
    let askable = json!({"elicitation": {"form": {}}});
    let session = Session::open_as(&everything.endpoint, &askable).await;
    let task = begin(&session, true).await;
    let wait = legacy::request(3, "tasks/result", &json!({"taskId": task}));
    let mut events = Events::new(session.post(wait).begin().await);
    let question = loop {
        let message = events.next().await.expect("a question");
        if message["method"] == "elicitation/create" {
            break message;
        }
    };
    assert_eq!(
        question["params"]["_meta"][RELATED]["taskId"],
        json!(task),
        "{question:#}"
    );
    let choice = &question["params"]["requestedSchema"]["properties"]["interpretation"];
    let answer = json!({
        "jsonrpc": "2.0", "id": question["id"],
        "result": {
            "action": "accept",
            "content": {"interpretation": choice["oneOf"][0]["const"]},
            "_meta": {RELATED: {"taskId": task}},
        },
    });
    let answered = session.post(answer.to_string()).send().await;
    assert_eq!(answered.status, 202, "{answered:?}");
    let end: Value = loop {
        let message = events.next().await.expect("the result");
        if message["id"] == 3 {
            break message;
        }
    };
    let text = end["result"]["content"][0]["text"].as_str();
    let text = text.unwrap_or_else(|| panic!("no text: {end:#}"));
    assert!(text.contains("**Clarification**"), "{text}");
}

/// What the server tells of a task by itself goes to the session that began it, and to no other.
#[tokio::test]
async fn a_session_hears_of_its_own_tasks() {
    let everything = Everything::start().await;
    let other = control::master_key(&everything.control, "other").await;
    let other = everything.endpoint.with_key(&other);
    let heard = [&everything.endpoint, &other].map(|endpoint| async {
        let session = Session::open(endpoint).await;
        let mut events = Events::new(session.listen().begin().await);
        let task = begin(&session, false).await;
        let mut statuses = Vec::new();
        while statuses.last() != Some(&json!("completed")) {
            let told = events.next().await.expect("a notification");
            if told["method"] == "notifications/tasks/status" {
                assert_eq!(told["params"]["taskId"], json!(task), "{told:#}");
                statuses.push(told["params"]["status"].clone());
            }
        }
        statuses.len()
    });
    for heard in futures_util::future::join_all(heard).await {
        assert!(heard > 1, "working before it is completed: {heard}");
    }
}
