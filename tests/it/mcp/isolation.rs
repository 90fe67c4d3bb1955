//! Answers and sessions belong to who asked.

use super::documented::assert_refused;
use crate::harness::{
    control,
    mcp::{Endpoint, legacy::Session, modern},
    ostia::Ostia,
    upstreams,
};
use futures_util::future::join_all;
use ostia_proto::v1;
use serde_json::{Value, json};

/// Widely used clients send the same id with every request, at the same time, on one session.
#[tokio::test]
async fn fifty_calls_with_one_id_never_cross() {
    let ostia = Ostia::start().await;
    let other = control::master_key(&control::client(&ostia), "other").await;
    let mine = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let session = Session::open(&mine).await;
    let foreign = Session::open(&mine.with_key(&other)).await;
    let calls = (0..50).map(|n| {
        let (mine, session, foreign) = (&mine, &session, &foreign);
        async move {
            let message = format!("call {n}");
            let arguments = json!({"message": message});
            let answer = match n % 3 {
                0 => session.call("demo__echo", &arguments).await,
                1 => foreign.call("demo__echo", &arguments).await,
                _ => modern::call(mine, "demo__echo", &arguments).send().await,
            };
            assert_eq!(answer.json()["id"], 1);
            assert_eq!(answer.first_text(), message);
        }
    });
    join_all(calls).await;
}

/// Ids come back as they were written, whatever they are.
#[tokio::test]
async fn ids_come_back_byte_for_byte() {
    let ostia = Ostia::start().await;
    let session = Session::open(&Endpoint::new(&ostia.mcp_url, &ostia.key)).await;
    for id in [
        r#""""#,
        r#""caf\u00e9 \/""#,
        "0",
        "-7",
        "9007199254740993",
        "1234567890123456789012345678901234567890",
    ] {
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"demo__echo","arguments":{{"message":"x"}}}}}}"#
        );
        let answer = session.post(body).send().await;
        assert_eq!(answer.status, 200, "{id}: {answer:?}");
        let written = answer.messages().pop().expect("a message");
        assert!(
            written.contains(&format!(r#""id":{id}"#)),
            "{id} is not in {written}"
        );
    }
}

#[tokio::test]
async fn a_session_belongs_to_its_key() {
    let ostia = Ostia::start().await;
    let other = control::master_key(&control::client(&ostia), "other").await;
    let session = Session::open(&Endpoint::new(&ostia.mcp_url, &ostia.key)).await;
    let stolen = session.stolen_by(&other);
    assert_refused(
        &stolen.request(1, "tools/list", &json!({})).await,
        404,
        -31008,
        "session-unknown",
    );
    assert_refused(
        &stolen.call("demo__echo", &json!({"message": "x"})).await,
        404,
        -31008,
        "session-unknown",
    );
    assert_eq!(stolen.delete().await.status, 404);
    assert_eq!(
        session
            .call("demo__echo", &json!({"message": "still mine"}))
            .await
            .first_text(),
        "still mine"
    );
}

#[tokio::test]
async fn sessions_survive_a_restart() {
    let mut ostia = Ostia::start().await;
    let session = Session::open(&Endpoint::new(&ostia.mcp_url, &ostia.key)).await;
    ostia.restart().await;
    assert_eq!(
        session
            .call("demo__echo", &json!({"message": "again"}))
            .await
            .first_text(),
        "again"
    );
    ostia.kill9().await;
    ostia.start_again().await;
    assert_eq!(
        session
            .call("demo__echo", &json!({"message": "and again"}))
            .await
            .first_text(),
        "and again"
    );
}

/// Two keys see and may call different tools; the list and the call agree.
#[tokio::test]
async fn every_key_has_its_own_tools() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let mut rules = control::everything_of(&["demo"]);
    rules.deny = vec!["demo.echo".to_owned()];
    let narrow = control::key(&control, "narrow", rules).await.secret;
    let mut allowed = control::everything_of(&["*"]);
    allowed.allow = vec!["demo.echo".to_owned()];
    let echo_only = control::key(&control, "echo-only", allowed).await.secret;

    let endpoint = Endpoint::new(&ostia.mcp_url, &narrow);
    let all = ["demo__echo", "demo__add", "demo__now"];
    for (key, visible) in [(narrow, &all[1..]), (echo_only, &all[..1])] {
        let endpoint = endpoint.with_key(&key);
        let listed = modern::tools(&endpoint).await;
        for tool in all {
            assert_eq!(
                listed.iter().any(|name| name == tool),
                visible.contains(&tool),
                "{listed:?}"
            );
            let answer = modern::call(&endpoint, tool, &json!({"message": "m", "a": 1, "b": 2}))
                .send()
                .await;
            if visible.contains(&tool) {
                assert_ne!(answer.result()["isError"], true, "{tool}: {answer:?}");
            } else {
                assert_refused(&answer, 200, -32602, "tool-unavailable");
            }
        }
    }
}

/// Nobody can tell a tool that is denied from one that does not exist.
#[tokio::test]
async fn denied_and_unknown_look_the_same() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let mut rules = control::everything_of(&["demo"]);
    rules.deny = vec!["demo.echo".to_owned()];
    let key = control::key(&control, "narrow", rules).await.secret;
    let session = Session::open(&Endpoint::new(&ostia.mcp_url, &key)).await;
    let shape = |mut message: Value| {
        message["error"]["data"]["requestId"].take();
        message.to_string()
    };
    let denied = session.call("demo__echo", &json!({})).await;
    let unknown = session.call("demo__nope", &json!({})).await;
    let nowhere = session.call("none__echo", &json!({})).await;
    assert_refused(&denied, 200, -32602, "tool-unavailable");
    let denied = shape(denied.json());
    assert_eq!(
        denied.replace("demo__echo", "NAME"),
        shape(unknown.json()).replace("demo__nope", "NAME")
    );
    assert_eq!(
        denied.replace("demo__echo", "NAME"),
        shape(nowhere.json()).replace("none__echo", "NAME")
    );
}

/// Which process answers.
async fn pid(session: &Session) -> String {
    session.call("faulty__pid", &json!({})).await.first_text()
}

/// Who is to share a worker does, and nobody else.
#[tokio::test]
async fn workers_are_kept_apart_as_their_upstream_asks() {
    for isolation in [
        v1::Isolation::Shared,
        v1::Isolation::Key,
        v1::Isolation::Session,
    ] {
        let ostia = Ostia::start().await;
        let control = control::client(&ostia);
        upstreams::script("faulty", "faulty.py", &["slow"])
            .isolation(isolation)
            .pool(8, 64, 256)
            .add(&control)
            .await;
        let mine = control::master_key(&control, "mine").await;
        let other = control::master_key(&control, "other").await;
        let endpoint = Endpoint::new(&ostia.mcp_url, &mine);
        let first = Session::open(&endpoint).await;
        let second = Session::open(&endpoint).await;
        let foreign = Session::open(&endpoint.with_key(&other)).await;
        let pids = [pid(&first).await, pid(&second).await, pid(&foreign).await];
        let same_key = isolation != v1::Isolation::Session;
        let same_anybody = isolation == v1::Isolation::Shared;
        assert_eq!(pids[0] == pids[1], same_key, "{isolation:?}: {pids:?}");
        assert_eq!(pids[0] == pids[2], same_anybody, "{isolation:?}: {pids:?}");
        assert_eq!(pid(&first).await, pids[0], "{isolation:?}");
    }
}

/// Hearing what an upstream says about its lists, or about a resource, keeps no worker from its callers.
#[tokio::test]
async fn listening_takes_nobodys_worker() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    for era in ["modern", "legacy"] {
        upstreams::fixture(era, era)
            .pool(1, 8, 10)
            .isolation(v1::Isolation::Key)
            .add(&control)
            .await;
    }
    let key = control::master_key(&control, "all").await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &key);
    let asked = json!({"elicitation": {"form": {}}});
    let session = Session::open_as(&endpoint, &asked).await;
    let uri = json!({"uri": "legacy+test://watched-resource"});
    let subscribed = session.request(1, "resources/subscribe", &uri).await;
    assert_eq!(subscribed.status, 200, "{subscribed:?}");
    for _ in 0..3 {
        for upstream in ["modern", "legacy"] {
            let tool = format!("{upstream}__test_simple_text");
            let answer = session.call(&tool, &json!({})).await;
            assert!(answer.first_text().contains("simple text"), "{answer:?}");
        }
    }
}
