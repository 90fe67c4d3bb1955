//! The admin listener: `/livez`, `/readyz` and `/metrics`.

use super::{health::Health, listen};
use crate::failure::Failure;
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::{Map, Value, json};
use std::{sync::Arc, time::Duration};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Histograms keep samples until somebody sums them up, scraped or not.
const UPKEEP: Duration = Duration::from_secs(5);

pub(crate) async fn serve(
    listener: TcpListener,
    health: Arc<Health>,
    metrics: PrometheusHandle,
    stop: CancellationToken,
) -> Result<(), Failure> {
    let router = Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(readyz).with_state(health))
        .route("/metrics", get(render).with_state(metrics.clone()));
    tokio::select! {
        served = listen::serve_http(listener, router, stop) => served,
        () = upkeep(metrics) => Ok(()),
    }
}

async fn upkeep(metrics: PrometheusHandle) {
    let mut ticks = tokio::time::interval(UPKEEP);
    loop {
        ticks.tick().await;
        metrics.run_upkeep();
    }
}

async fn readyz(State(health): State<Arc<Health>>) -> Response {
    let stopping = health.is_stopping();
    let roles = health.roles().await;
    let ready = !stopping && !roles.is_empty() && roles.iter().all(|(_, ready)| *ready);
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let roles: Map<String, Value> = roles
        .into_iter()
        .map(|(role, ready)| (role.to_owned(), ready.into()))
        .collect();
    let mut body = json!({ "ready": ready, "stopping": stopping, "roles": roles });
    if let Some(serving) = health.snapshot() {
        body["snapshot"] = json!({
            "revision": serving.revision,
            "age_seconds": serving.age.map(|age| age.as_secs()),
            "unreadable": serving.unreadable,
            "problem": serving.problem,
        });
    }
    let json = [(CONTENT_TYPE, "application/json")];
    (status, json, format!("{body}\n")).into_response()
}

async fn render(State(metrics): State<PrometheusHandle>) -> Response {
    let text = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (text, metrics.render()).into_response()
}
