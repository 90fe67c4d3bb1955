//! What an upstream asks of its client in the middle of a call, in all four combinations of eras, and who
//! may answer.

use super::documented::assert_refused;
use crate::harness::{
    control,
    mcp::{Answer, Endpoint, Events, legacy, legacy::Session, modern},
    ostia::Ostia,
    upstreams,
};
use ostia_proto::v1;
use serde_json::{Value, json};

const TOOL: &str = "fixture__test_elicitation";

fn askable() -> Value {
    json!({"elicitation": {"form": {}}})
}

struct Asking {
    ostia: Ostia,
    endpoint: Endpoint,
    key: String,
    tool: &'static str,
}

impl Asking {
    /// An upstream of that era, and a key.
    async fn start(era: &str) -> Self {
        Self::with_limits(era, v1::Limits::default()).await
    }

    /// The key has these limits of its own.
    async fn with_limits(era: &str, limits: v1::Limits) -> Self {
        let ostia = Ostia::start().await;
        let control = control::client(&ostia);
        upstreams::fixture("fixture", era).add(&control).await;
        control::policy(&control, "all", control::everything_of(&["*"])).await;
        let request = v1::CreateKeyRequest {
            policies: vec!["all".to_owned()],
            restrictions: Some(v1::KeyRestrictions {
                limits: Some(limits),
                ..v1::KeyRestrictions::default()
            }),
            ..control::named("all")
        };
        let key = control::create_key(&control, request).await.secret;
        control.settled().await;
        let endpoint = Endpoint::new(&ostia.mcp_url, &key);
        Self {
            ostia,
            endpoint,
            key,
            tool: TOOL,
        }
    }

    /// A tool that wants a state of its own back, where it is modern.
    fn with_state(self) -> Self {
        Self {
            tool: "fixture__test_input_required_result_request_state",
            ..self
        }
    }

    /// A modern call, with more members in its params.
    async fn call(&self, endpoint: &Endpoint, message: &str, more: Value) -> Answer {
        let mut params = json!({
            "name": self.tool,
            "arguments": {"message": message},
            "_meta": modern::meta_as(&askable()),
        });
        for (name, value) in more.as_object().expect("members") {
            params[name] = value.clone();
        }
        modern::request(endpoint, 1, "tools/call", &params)
            .send()
            .await
    }

    /// A modern call up to what it asks: the name of the question, and the state.
    async fn asked(&self) -> (String, Value) {
        let result = self.call(&self.endpoint, "who?", json!({})).await.result();
        assert_eq!(result["resultType"], "input_required", "{result:#}");
        let requests = result["inputRequests"].as_object().expect("questions");
        let (name, question) = requests.iter().next().expect("a question");
        assert_eq!(question["method"], "elicitation/create");
        (name.clone(), result["requestState"].clone())
    }
}

fn answer(name: &str, state: &Value) -> Value {
    json!({
        "inputResponses": {name: {"action": "accept", "content": {"username": "ann", "email": "a@b.c", "ok": true}}},
        "requestState": state,
    })
}

/// A legacy client is asked on its call's stream, and answers with a message of its own.
async fn a_legacy_client_is_asked(era: &str) {
    let asking = Asking::start(era).await;
    let session = Session::open_as(&asking.endpoint, &askable()).await;
    let params = json!({"name": TOOL, "arguments": {"message": "who?"}});
    let call = session.post(legacy::request(7, "tools/call", &params));
    let mut events = Events::new(call.begin().await);
    let question = events.next().await.expect("a question");
    assert_eq!(question["method"], "elicitation/create", "{question:#}");
    let reply = json!({
        "jsonrpc": "2.0", "id": question["id"],
        "result": {"action": "accept", "content": {"username": "ann", "email": "a@b.c"}},
    });

    // Nobody else may answer, not even with the same key.
    let other = Session::open_as(&asking.endpoint, &askable()).await;
    let stolen = other.post(reply.to_string()).send().await;
    assert_refused(&stolen, 400, -32600, "invalid-request");

    let accepted = session.post(reply.to_string()).send().await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    let result = events.next().await.expect("the answer");
    assert_eq!(result["id"], 7);
    let text = result["result"]["content"][0]["text"].to_string();
    assert!(text.contains("ann"), "{result:#}");
    let twice = session.post(reply.to_string()).send().await;
    assert_refused(&twice, 400, -32600, "invalid-request");
}

#[tokio::test]
async fn a_legacy_client_of_a_legacy_upstream_is_asked_on_its_stream() {
    a_legacy_client_is_asked("legacy").await;
}

#[tokio::test]
async fn a_legacy_client_of_a_modern_upstream_is_asked_on_its_stream() {
    a_legacy_client_is_asked("modern").await;
}

/// A modern client gets a state, makes the call again with the answer, and gets the result.
async fn a_modern_client_is_asked(era: &str) {
    let asking = Asking::start(era).await;
    let (name, state) = asking.asked().await;
    let answered = asking.call(&asking.endpoint, "who?", answer(&name, &state));
    let text = answered.await.first_text();
    assert!(text.contains("ann"), "{text}");
}

#[tokio::test]
async fn a_modern_client_of_a_legacy_upstream_makes_its_call_again() {
    a_modern_client_is_asked("legacy").await;
}

#[tokio::test]
async fn a_modern_client_of_a_modern_upstream_makes_its_call_again() {
    a_modern_client_is_asked("modern").await;
}

/// A state is worth nothing to another key, for another call, or changed; and its call still waits.
#[tokio::test]
async fn a_state_is_for_its_own_call_and_caller() {
    for era in ["legacy", "modern"] {
        let asking = Asking::start(era).await.with_state();
        let control = control::client(&asking.ostia);
        let (name, state) = asking.asked().await;

        let other = control::master_key(&control, "other").await;
        let stolen = asking.endpoint.with_key(&other);
        let stolen = asking.call(&stolen, "who?", answer(&name, &state)).await;
        assert_refused(&stolen, 400, -32602, "request-state-invalid");

        let another = asking.call(&asking.endpoint, "else?", answer(&name, &state));
        assert_refused(&another.await, 400, -32602, "request-state-invalid");

        let changed = json!(format!("{}x", state.as_str().expect("a text")));
        let changed = asking.call(&asking.endpoint, "who?", answer(&name, &changed));
        assert_refused(&changed.await, 400, -32602, "request-state-invalid");

        let own = asking.call(&asking.endpoint, "who?", answer(&name, &state));
        assert!(own.await.first_text().contains("true"), "{era}");
    }
}

/// Without the answer the question is put again, and the call goes on waiting.
#[tokio::test]
async fn a_question_that_was_not_answered_is_put_again() {
    let asking = Asking::start("legacy").await;
    let (_, state) = asking.asked().await;
    let again = asking.call(&asking.endpoint, "who?", json!({"requestState": state}));
    let again = again.await.result();
    assert_eq!(again["resultType"], "input_required", "{again:#}");
    let requests = again["inputRequests"].as_object().expect("questions");
    let name = requests.keys().next().expect("a question");
    let answered = answer(name, &again["requestState"]);
    let answered = asking.call(&asking.endpoint, "who?", answered).await;
    assert!(answered.first_text().contains("ann"));
}

/// Who did not say that it can be asked is not asked.
#[tokio::test]
async fn a_client_that_cannot_be_asked_is_told_what_is_missing() {
    let asking = Asking::start("modern").await;
    let session = Session::open(&Endpoint::new(&asking.ostia.mcp_url, &asking.key)).await;
    let refused = session.call(TOOL, &json!({"message": "who?"})).await;
    let error = &refused.json()["error"];
    assert_eq!(error["code"], -31021, "{refused:?}");
}

/// A call that waits for its client has been let in, and has its place: going on with it costs nothing more, and is
/// possible when nothing else is.
#[tokio::test]
async fn a_call_that_waits_for_its_client_is_counted_once() {
    let one = Some(1);
    for (limits, code) in [
        (
            v1::Limits {
                max_in_flight: one,
                ..v1::Limits::default()
            },
            "too-many-calls",
        ),
        (
            v1::Limits {
                calls_per_minute: one,
                ..v1::Limits::default()
            },
            "rate-limited",
        ),
        (
            v1::Limits {
                calls_per_month: Some(1),
                ..v1::Limits::default()
            },
            "quota-used-up",
        ),
    ] {
        let asking = Asking::with_limits("legacy", limits).await;
        let (_, state) = asking.asked().await;
        // Another call is one too many while this one waits.
        let refused = asking.call(&asking.endpoint, "else?", json!({})).await;
        assert_eq!(refused.refusal().2, code, "{refused:?}");
        // However often it is asked again.
        let again = asking.call(&asking.endpoint, "who?", json!({"requestState": state}));
        let again = again.await.result();
        let requests = again["inputRequests"].as_object().expect("questions");
        let name = requests.keys().next().expect("a question");
        let answered = answer(name, &again["requestState"]);
        let answered = asking.call(&asking.endpoint, "who?", answered).await;
        assert!(answered.first_text().contains("ann"), "{code}");
    }
}

/// Rates of one tool count calls as well: that of a policy, and that of an upstream.
#[tokio::test]
async fn a_call_that_waits_for_its_client_is_one_of_its_tool() {
    let asking = Asking::start("legacy").await;
    let control = control::client(&asking.ostia);
    let rules = v1::Rules {
        constraints: vec![v1::Constraint {
            tools: vec!["fixture.*".to_owned()],
            calls_per_minute: Some(1),
            ..v1::Constraint::default()
        }],
        ..control::everything_of(&["*"])
    };
    let request = v1::UpdatePolicyRequest {
        policy: "all".to_owned(),
        rules: Some(rules),
    };
    let updated = control.policies().update_policy(request).await;
    updated.expect("a policy");
    control.settled().await;
    let (name, state) = asking.asked().await;
    let refused = asking.call(&asking.endpoint, "else?", json!({})).await;
    assert_refused(&refused, 429, -31029, "rate-limited");
    let answered = asking.call(&asking.endpoint, "who?", answer(&name, &state));
    assert!(answered.await.first_text().contains("ann"));
}

/// Who may call the tool no more does not go on with a call of it either.
#[tokio::test]
async fn a_call_that_waits_for_its_client_is_judged_again() {
    let asking = Asking::start("legacy").await;
    let control = control::client(&asking.ostia);
    let (name, state) = asking.asked().await;
    let request = v1::UpdatePolicyRequest {
        policy: "all".to_owned(),
        rules: Some(control::everything_of(&["demo"])),
    };
    let updated = control.policies().update_policy(request).await;
    updated.expect("a policy");
    control.settled().await;
    let refused = asking.call(&asking.endpoint, "who?", answer(&name, &state));
    assert_refused(&refused.await, 200, -32602, "tool-unavailable");
}
