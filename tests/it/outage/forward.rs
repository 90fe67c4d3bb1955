//! R16: a request that reaches an edge which does not keep what it is about.

use super::edges::{Edges, answered, ask, at, pid};
use crate::harness::{
    control,
    guarded::Guarded,
    mcp::{Answer, Events, legacy, legacy::Session},
    processes, wait,
};
use serde_json::json;

/// As every edge marks what it forwards.
const HOP: &str = "ostia-hop";

#[tokio::test]
async fn a_session_has_its_worker_at_whatever_edge_its_requests_arrive() {
    let http = Guarded::start().await;
    let edges = Edges::start_together(&http).await;
    let session = Session::open(&edges.first()).await;
    let worker = pid(&session).await;
    let elsewhere = at(&session, edges.second());
    for _ in 0..3 {
        assert_eq!(pid(&elsewhere).await, worker);
        assert_eq!(pid(&session).await, worker);
    }
    // It is the session's other requests too: what is ended is ended everywhere.
    assert_eq!(elsewhere.delete().await.status, 200);
    for ended in [&session, &elsewhere] {
        let answer = ended.call("own__pid", &json!({})).await;
        let code = "session-unknown".to_owned();
        assert_eq!(answer.refusal(), (404, -31008, code));
    }

    // Each call was made once, and is written down once.
    let services = edges.services();
    let expected = 7;
    let usage = wait::until(super::edges::SOON, "records arrive", || async {
        let usage = control::usage(&services).await;
        let count = usage
            .iter()
            .filter(|record| record.tool == "pid" && record.outcome == "ok");
        let count = count.count();
        if count >= expected {
            Ok(count)
        } else {
            Err(count)
        }
    });
    assert_eq!(usage.await.0, expected);
}

/// The question goes out on the stream of one edge, and its answer arrives at the other.
#[tokio::test]
async fn a_question_is_answered_at_whatever_edge_the_answer_arrives() {
    let http = Guarded::start().await;
    let edges = Edges::start_together(&http).await;
    let askable = json!({"elicitation": {"form": {}}});
    let session = Session::open_as(&edges.first(), &askable).await;
    let elsewhere = at(&session, edges.second());
    let params = json!({"name": "asks__test_elicitation", "arguments": {"message": "who?"}});
    let call = elsewhere.post(legacy::request(7, "tools/call", &params));
    let mut events = Events::new(call.begin().await);
    let question = events.next().await.expect("a question");
    assert_eq!(question["method"], "elicitation/create", "{question:#}");
    let content = json!({"username": "ann", "email": "a@b.c"});
    let reply = json!({
        "jsonrpc": "2.0", "id": question["id"],
        "result": {"action": "accept", "content": content},
    });
    let accepted = session.post(reply.to_string()).send().await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    let result = events.next().await.expect("the answer");
    assert!(result.to_string().contains("ann"), "{result:#}");
}

#[tokio::test]
async fn a_call_that_waits_goes_on_at_whatever_edge_it_is_made_again() {
    let http = Guarded::start().await;
    let edges = Edges::start_together(&http).await;
    let asked = ask(&edges.first(), json!({})).await.result();
    let again = ask(&edges.second(), answered(&asked)).await;
    assert!(again.first_text().contains("ann"), "{again:?}");
}

#[track_caller]
fn assert_lost(answer: &Answer) {
    let code = "session-unknown".to_owned();
    assert_eq!(answer.refusal(), (404, -31008, code));
}

/// What the owner kept is lost with it; what needs no owner goes on.
#[tokio::test]
async fn a_session_whose_edge_died_is_taken_over() {
    let http = Guarded::start().await;
    let mut edges = Edges::start_together(&http).await;
    let session = at(&Session::open(&edges.first()).await, edges.second());
    let worker = pid(&session).await;
    edges.kill_the_first().await;
    assert_lost(&session.call("own__pid", &json!({})).await);
    let who = session.call("http__who", &json!({})).await;
    assert_eq!(who.first_text(), "Bearer it");
    // One that has the same address is another edge.
    edges.start_the_first_again().await;
    let who = session.call("http__who", &json!({})).await;
    assert_eq!(who.first_text(), "Bearer it");
    assert_lost(&session.call("own__pid", &json!({})).await);
    assert!(processes::read(worker).is_none_or(|worker| worker.zombie));
}

/// Nobody knows what an edge did that broke off, so that nobody else does it.
#[tokio::test]
async fn a_call_whose_edge_died_over_it_is_not_made_again() {
    let http = Guarded::start().await;
    let mut edges = Edges::start_together(&http).await;
    let session = Session::open(&edges.first()).await;
    let elsewhere = at(&session, edges.second());
    let arrived = http.calls_wait();
    let nothing = json!({});
    let call = elsewhere.call("http__who", &nothing);
    let kill = async {
        arrived.notified().await;
        edges.kill_the_first().await;
    };
    let (answer, ()) = tokio::join!(call, kill);
    assert_eq!(answer.refusal().2, "worker-lost");
    assert_eq!(http.executed(), 1);
}

/// Who is called by another edge records its client, and not the other edge.
#[tokio::test]
async fn a_forwarded_request_comes_from_its_client() {
    let http = Guarded::start().await;
    let edges = Edges::start_together(&http).await;
    let session = at(&Session::open(&edges.first()).await, edges.second());
    let params = json!({"name": "own__pid", "arguments": {}});
    let body = legacy::request(1, "tools/call", &params);
    let call = session.post(body).header("x-forwarded-for", "198.51.100.7");
    let answer = call.send().await;
    let id = answer.header("ostia-request-id").expect("an id").to_owned();
    let services = edges.services();
    let recorded = wait::until(super::edges::SOON, "the call is recorded", || async {
        let events = control::audit(&services).await;
        events
            .into_iter()
            .find(|event| event.request_id == id)
            .ok_or(())
    });
    assert_eq!(recorded.await.0.remote_address, "198.51.100.7");
}

/// A header of a client's own making opens nothing, and is told so.
#[tokio::test]
async fn what_says_that_it_was_forwarded_and_was_not_is_refused() {
    let http = Guarded::start().await;
    let edges = Edges::start_together(&http).await;
    let session = Session::open(&edges.first()).await;
    let body = legacy::request(1, "tools/list", &json!({}));
    let forged = session.post(body).header(HOP, "AAAA").send().await;
    assert_lost(&forged);
}
