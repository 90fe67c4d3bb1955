//! Workers: bounded, clean, one environment each.

use super::documented::assert_refused;
use crate::harness::{
    control,
    mcp::{Endpoint, legacy::Session, modern},
    ostia::Ostia,
    processes, upstreams, wait,
};
use futures_util::future::join_all;
use ostia_proto::v1;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpListener;

/// What other gateways lose processes to: sessions that are opened and never closed.
#[tokio::test]
async fn five_hundred_abandoned_sessions_leave_no_more_workers_than_allowed() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let mark = upstreams::mark();
    upstreams::script("faulty", "faulty.py", &[&mark])
        .pool(3, 16, 1000)
        .add(&control)
        .await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &control::master_key(&control, "all").await);
    for _ in 0..10 {
        let sessions = (0..50).map(|_| async {
            let session = Session::open(&endpoint).await;
            assert_eq!(
                session
                    .call("faulty__echo", &json!({"message": "x"}))
                    .await
                    .first_text(),
                "x"
            );
        });
        join_all(sessions).await;
        let workers = workers(&mark);
        assert!(workers.len() <= 3, "{workers:#?}");
    }
    assert!(!workers(&mark).is_empty());
    let zombies: Vec<_> = processes::descendants(ostia.pid())
        .into_iter()
        .filter(|p| p.zombie)
        .collect();
    assert!(zombies.is_empty(), "{zombies:#?}");
}

/// To find out what it shows to clients that can be asked stops the only worker. The next says that its tools
/// changed, as some servers do at each start, and that must not be a reason to begin anew.
#[tokio::test]
async fn a_restless_upstream_with_one_worker_settles() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let mark = upstreams::mark();
    let tools = json!([[{"name": "still", "inputSchema": {"type": "object"}}]]);
    let offer = json!({"tools": tools, "restless": true, "instructions": mark});
    upstreams::script("restless", "lister.py", &[&offer.to_string()])
        .pool(1, 16, 16)
        .add(&control)
        .await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &control::master_key(&control, "all").await);
    let session = Session::open(&endpoint).await;
    let call = async || {
        let answer = session.call("restless__still", &json!({})).await;
        assert_eq!(answer.first_text(), "still", "{answer:?}");
        let workers = workers(&mark).into_iter();
        workers.map(|worker| worker.pid).collect::<Vec<_>>()
    };
    let calls_one_worker = async || {
        let first = call().await;
        for _ in 0..100 {
            if call().await != first {
                return Err("another worker");
            }
        }
        Ok(())
    };
    wait::until(
        Duration::from_secs(30),
        "one worker answers",
        calls_one_worker,
    )
    .await;
}

/// The servers themselves, not those that watch over them.
fn workers(mark: &str) -> Vec<processes::Process> {
    let marked = processes::with_argument(mark);
    marked
        .into_iter()
        .filter(|process| !process.command_line.contains("worker-guard"))
        .collect()
}

#[tokio::test]
async fn a_full_pool_says_so() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    upstreams::script("faulty", "faulty.py", &["full"])
        .pool(1, 1, 1)
        .add(&control)
        .await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &control::master_key(&control, "all").await);
    let gate = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let arguments = json!({"port": gate.local_addr().expect("an address").port()});
    let held = || modern::call(&endpoint, "faulty__held", &arguments).send();
    let all = async {
        let (first, second) = tokio::join!(held(), held());
        [first, second]
    };
    let refused = async {
        let (first, _) = gate.accept().await.expect("a call that runs");
        let waits = || async {
            let metrics = Endpoint::anonymous(&ostia.admin_url).request(Method::GET);
            let metrics = metrics.path("/metrics").send().await;
            let waits = metrics
                .text()
                .contains("ostia_pool_queue{upstream=\"faulty\"} 1");
            if waits { Ok(()) } else { Err(metrics) }
        };
        wait::until(Duration::from_secs(20), "one waits", waits).await;
        let refused = join_all([held(), held()]).await;
        drop(first);
        drop(gate.accept().await.expect("the one that waited"));
        refused
    };
    let (ran, refused) = tokio::join!(all, refused);
    for answer in &ran {
        assert_eq!(answer.first_text(), "let go", "{answer:?}");
    }
    for answer in &refused {
        assert_refused(answer, 200, -31030, "upstream-busy");
        assert!(answer.header("retry-after").is_some(), "{answer:?}");
        assert!(
            answer.json()["error"]["data"]["retryAfterMs"].is_u64(),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn waiting_has_an_end() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let definition = upstreams::script("faulty", "faulty.py", &["wait"])
        .pool(1, 1, 10)
        .with(|definition| {
            let pool = definition.pool.get_or_insert_default();
            pool.queue_timeout = Some(Duration::from_millis(300).try_into().expect("a duration"));
        });
    definition.add(&control).await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &control::master_key(&control, "all").await);
    let call = || modern::call(&endpoint, "faulty__sleep", &json!({"seconds": 2})).send();
    let (one, other) = tokio::join!(call(), call());
    let refused = if one.json().get("error").is_some() {
        one
    } else {
        other
    };
    assert_refused(&refused, 200, -31030, "upstream-busy");
}

/// A pool grows when one worker has all it may have.
#[tokio::test]
async fn calls_beyond_one_worker_get_another() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let mark = upstreams::mark();
    upstreams::script("faulty", "faulty.py", &[&mark])
        .pool(2, 1, 10)
        .add(&control)
        .await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &control::master_key(&control, "all").await);
    let calls =
        (0..4).map(|_| modern::call(&endpoint, "faulty__sleep", &json!({"seconds": 1})).send());
    for answer in join_all(calls).await {
        assert_eq!(answer.first_text(), "slept");
    }
    assert_eq!(workers(&mark).len(), 2);
}

#[tokio::test]
async fn a_worker_sees_its_own_environment_and_no_other() {
    let ostia = Ostia::options()
        .env("CANARY_OF_THE_EDGE", "canary")
        .start()
        .await;
    let control = control::client(&ostia);
    upstreams::script("faulty", "faulty.py", &["environment"])
        .credential("TOKEN", "s3cret-value")
        .add(&control)
        .await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &control::master_key(&control, "all").await);
    let answer = modern::call(&endpoint, "faulty__environment", &json!({}))
        .send()
        .await;
    let seen: serde_json::Map<String, Value> =
        serde_json::from_str(&answer.first_text()).expect("an object");
    assert_eq!(seen["TOKEN"], "s3cret-value");
    let unexpected: Vec<_> = seen
        .keys()
        // Python sets the last of these itself.
        .filter(|name| !["PATH", "HOME", "TOKEN", "LC_CTYPE"].contains(&name.as_str()))
        .collect();
    assert!(unexpected.is_empty(), "{unexpected:?}");
    assert!(!ostia.log().contains("s3cret-value"));
    // Nor does anybody read it in a list of processes or back from control.
    let listed = processes::all()
        .into_iter()
        .filter(|p| p.command_line.contains("s3cret-value"));
    assert_eq!(listed.count(), 0);
    let request = v1::GetUpstreamRequest {
        upstream: "faulty".to_owned(),
    };
    let shown = control
        .upstreams()
        .get_upstream(request)
        .await
        .expect("the upstream")
        .into_inner();
    assert!(!format!("{shown:?}").contains("s3cret-value"));
}

#[tokio::test]
async fn an_upstream_that_is_removed_takes_its_workers_along() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let mark = upstreams::mark();
    upstreams::script("faulty", "faulty.py", &[&mark])
        .add(&control)
        .await;
    assert!(!workers(&mark).is_empty());
    control
        .upstreams()
        .remove_upstream(v1::RemoveUpstreamRequest {
            upstream: "faulty".to_owned(),
        })
        .await
        .expect("removed");
    let gone = wait::until(Duration::from_secs(10), "its workers are gone", || async {
        let left = processes::with_argument(&mark);
        if left.is_empty() { Ok(()) } else { Err(left) }
    });
    gone.await;
}
