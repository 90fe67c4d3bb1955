//! Logs, traces and metrics of the process.

use crate::{args::LogFormat, config::LogSettings, failure::Failure};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use opentelemetry::{global, trace::TracerProvider as _};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{Resource, propagation::TraceContextPropagator, trace::SdkTracerProvider};
use ostia_edge::trace::TARGET as REQUEST_SPANS;
use std::io::{self, IsTerminal as _};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{LevelFilter, Targets},
    fmt,
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

/// Bounds of the histograms, in seconds: from a call that a worker answers at once to one that runs
/// into the default call timeout.
const BUCKETS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
    60.0, 300.0,
];

/// Holds what must be flushed when the process stops.
pub(crate) struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

/// Logs to stderr, and sends spans to `otlp_endpoint` where there is one. Call it within the runtime:
/// the exporter starts tasks.
pub(crate) fn start(log: &LogSettings, otlp_endpoint: Option<&str>) -> Result<Telemetry, Failure> {
    global::set_text_map_propagator(TraceContextPropagator::new());
    let traces = otlp_endpoint.map(tracer_provider).transpose()?;
    // Each layer has a filter of its own: what is traced does not depend on what is logged, and without
    // an exporter request spans are not even made, which on the path of a call is measurable.
    let spans = traces.as_ref().map(|provider| {
        tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("ostia"))
            .with_filter(Targets::new().with_target(REQUEST_SPANS, LevelFilter::INFO))
    });
    let mut filter = EnvFilter::try_new(&log.filter)
        .map_err(|error| Failure::usage(format!("--log {:?}", log.filter)).because(&error))?;
    if spans.is_none()
        && let Ok(off) = format!("{REQUEST_SPANS}=off").parse()
    {
        filter = filter.add_directive(off);
    }
    Registry::default()
        .with(spans)
        .with(lines(log.format).with_filter(filter))
        .try_init()
        .map_err(|error| Failure::new("cannot start logging").because(&error))?;
    Ok(Telemetry { traces })
}

fn lines<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'span> tracing_subscriber::registry::LookupSpan<'span>,
{
    let layer = fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    match format {
        LogFormat::Pretty => layer.boxed(),
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    }
}

fn tracer_provider(endpoint: &str) -> Result<SdkTracerProvider, Failure> {
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .build()
        .map_err(|error| {
            Failure::usage(format!(
                "cannot send traces to {endpoint} (--otlp-endpoint)"
            ))
            .because(&error)
        })?;
    let resource = Resource::builder().with_service_name("ostia").build();
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource)
        .build())
}

impl Telemetry {
    /// Sends the spans that still wait. Blocks for as long as the collector takes, at most 5 s.
    pub(crate) async fn stop(self) {
        let Some(traces) = self.traces else { return };
        let flushed = tokio::task::spawn_blocking(move || traces.shutdown()).await;
        if let Ok(Err(error)) = flushed {
            tracing::warn!(%error, "not every trace was sent");
        }
    }
}

/// Installs the recorder that every `metrics` macro of this process writes to; once per process.
pub(crate) fn metrics() -> Result<PrometheusHandle, Failure> {
    let broken =
        |error: &dyn std::error::Error| Failure::new("cannot start the metrics").because(error);
    let handle = PrometheusBuilder::new()
        .set_buckets(BUCKETS)
        .map_err(|error| broken(&error))?
        .install_recorder()
        .map_err(|error| broken(&error))?;
    metrics::describe_gauge!("ostia_build_info", "1, with the version as a label");
    metrics::gauge!("ostia_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(handle)
}
