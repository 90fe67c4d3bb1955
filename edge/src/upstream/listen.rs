//! Keeps an upstream telling what changes: one task per pool, on one worker.
//!
//! A legacy upstream says by itself that a list changed, and is asked for each resource that somebody
//! watches. A modern one says nothing unless a `subscriptions/listen` is open that names it all.

use super::handshake::modern_meta;
use crate::pool::{Lease, Pool, pending::Lost, worker::Worker};
use ostia_domain::{capability::ClientCapabilities, upstream::Era};
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, sync::Arc, time::Duration};

const FIRST_RETRY: Duration = Duration::from_millis(200);
const MAX_RETRY: Duration = Duration::from_secs(30);

/// Until the pool is retired; the caller drops this then.
pub async fn keep_listening(pool: &Arc<Pool>) {
    let mut retry = FIRST_RETRY;
    loop {
        match listen_when_wanted(pool).await {
            Ok(()) => retry = FIRST_RETRY,
            Err(problem) => {
                let upstream = &pool.upstream.name;
                tracing::debug!(%upstream, problem, "the upstream is not listened to");
                tokio::time::sleep(retry).await;
                retry = (retry * 2).min(MAX_RETRY);
            }
        }
    }
}

/// The lists whose changes a modern upstream must be asked to tell.
fn lists(pool: &Pool) -> bool {
    pool.era() == Era::Modern && !list_filter(pool).is_empty()
}

async fn listen_when_wanted(pool: &Arc<Pool>) -> Result<(), String> {
    // With a worker it is known which lists there are to be told of.
    drop(lease(pool).await?);
    pool.watched.wanted(lists(pool)).await;
    let lease = lease(pool).await?;
    let worker = Arc::clone(lease.worker());
    // Where a worker has one call at a time, listening must not be it.
    let _held = (pool.upstream.pool.max_in_flight.get() > 1).then_some(lease);
    match pool.era() {
        Era::Legacy => legacy(pool, &worker).await,
        Era::Modern => modern(pool, &worker).await,
    }
}

async fn lease(pool: &Arc<Pool>) -> Result<Lease, String> {
    let lease = pool.listen().await;
    lease.ok_or_else(|| "its workers are all for callers".to_owned())
}

/// Subscribes to what is watched and follows the changes of that, until nothing is or the worker ends.
async fn legacy(pool: &Pool, worker: &Arc<Worker>) -> Result<(), String> {
    let mut subscribed = BTreeSet::new();
    loop {
        let wanted = pool.watched.uris();
        for uri in wanted.difference(&subscribed) {
            request(worker, "resources/subscribe", uri).await?;
        }
        for uri in subscribed.difference(&wanted) {
            request(worker, "resources/unsubscribe", uri).await?;
        }
        subscribed = wanted;
        if subscribed.is_empty() {
            return Ok(());
        }
        tokio::select! {
            () = pool.watched.changed(&subscribed) => {}
            () = worker.forgotten() => subscribed.clear(),
            () = worker.over() => return Err("its worker ended".into()),
        }
    }
}

async fn request(worker: &Arc<Worker>, method: &str, uri: &str) -> Result<(), String> {
    let answer = worker.request(method, &json!({"uri": uri})).await;
    let answer = answer.map_err(explain)?;
    if !answer.is_result {
        // It has no such resource, or no subscriptions: its clients hear nothing, which is the truth.
        let error = String::from_utf8_lossy(answer.payload()).into_owned();
        tracing::debug!(method, error, "the upstream refused");
    }
    Ok(())
}

/// One request that stays open and is replaced when something else is watched.
async fn modern(pool: &Pool, worker: &Arc<Worker>) -> Result<(), String> {
    let wanted = pool.watched.uris();
    let mut filter = list_filter(pool);
    if !wanted.is_empty() {
        filter.insert("resourceSubscriptions".into(), json!(wanted));
    }
    if filter.is_empty() {
        return Ok(());
    }
    let params = json!({
        "notifications": filter,
        "_meta": modern_meta(ClientCapabilities::NONE, None),
    });
    let mut pending = worker
        .open("subscriptions/listen", &params)
        .await
        .map_err(explain)?;
    tokio::select! {
        () = pool.watched.changed(&wanted) => {
            pending.cancel("something else is watched now");
            Ok(())
        }
        ended = pending.answer() => match ended {
            Ok(answer) if answer.is_result => Err("it ended the subscription".into()),
            Ok(answer) => Err(String::from_utf8_lossy(answer.payload()).into_owned()),
            Err(lost) => Err(explain(lost)),
        },
    }
}

/// What the upstream declares to tell about its lists.
fn list_filter(pool: &Pool) -> Map<String, Value> {
    let capabilities: Value =
        serde_json::from_str(&pool.introduction().capabilities).unwrap_or_default();
    let mut filter = Map::new();
    for (name, member) in [
        ("tools", "toolsListChanged"),
        ("prompts", "promptsListChanged"),
        ("resources", "resourcesListChanged"),
    ] {
        if capabilities[name]["listChanged"] == true {
            filter.insert(member.into(), true.into());
        }
    }
    filter
}

fn explain(lost: Lost) -> String {
    match lost {
        Lost::Gone => "its worker ended".into(),
        Lost::Refused(refusal) => refusal.problem,
        Lost::Invalid(what) => format!("it answered {what}"),
    }
}
