//! What runs now, on the pages of operators and on the command line.

use super::visitor::Visitor;
use crate::harness::{
    control,
    mcp::{Endpoint, modern},
    ostia::Ostia,
    upstreams, wait,
};
use serde_json::{Value, json};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(30);

/// What the command line says of the only edge's workers.
async fn pool(ostia: &Ostia, upstream: &str) -> Value {
    let pools = ostia.cli(&["upstreams", "pools", upstream]).await;
    let Value::Array(pools) = pools.ok().json() else {
        panic!("no list");
    };
    pools.into_iter().next().unwrap_or_default()
}

async fn until(ostia: &Ostia, upstream: &str, what: &str, wanted: Value) {
    let told = wait::until(SOON, what, || async {
        let pool = pool(ostia, upstream).await;
        let wanted = wanted.as_object().expect("members");
        if wanted.iter().all(|(name, value)| pool[name] == *value) {
            Ok(())
        } else {
            Err(pool)
        }
    });
    told.await;
}

#[tokio::test]
async fn workers_calls_and_those_that_wait_are_there() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    upstreams::script("faulty", "faulty.py", &[])
        .pool(1, 2, 8)
        .add(&control)
        .await;
    let key = control::master_key(&control, "all").await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &key);
    let never = || modern::call(&endpoint, "faulty__never", &json!({}));
    let calls = (0..3).map(|_| never().begin());
    // Held until the end: one that is dropped is cancelled.
    let calling = futures_util::future::join_all(calls);
    let seen = async {
        let busy = json!({
            "workers": 1, "max_workers": 1, "in_flight": 2, "max_in_flight": 2, "queued": 1,
            "max_queue": 8, "breaker": "closed", "problem": null,
        });
        until(&ostia, "faulty", "two are called and one waits", busy).await;
        let admin = Visitor::signed_in(&ostia, "admin").await;
        let page = admin.open("/upstreams/faulty").await;
        page.shows("Workers on each edge");
        page.shows("As needed (breaker closed)");
        page.shows(">2 of 2<");
        page.shows(">1 of 8<");
        let page = admin.open("/upstreams?q=faulty").await;
        page.shows(">1 of 1<");
        page.shows("1 waiting");
        let page = admin.open("/overview").await;
        page.shows("<dt>Calls in them</dt><dd>2</dd>");
        page.shows("<dt>Calls that wait</dt><dd>1</dd>");
        page.shows("<dt>Breakers open</dt><dd>0</dd>");
    };
    tokio::select! {
        () = seen => {}
        answers = calling => panic!("calls were answered: {}", answers.len()),
    }
}
