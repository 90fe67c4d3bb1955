//! Where logs and traces go.

use super::{file::File, variable};
use crate::{
    args::{Global, LogFormat},
    failure::Failure,
};
use std::io::{self, IsTerminal as _};

/// What everybody who sends traces looks at.
pub(super) const OTLP_VARIABLE: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

pub(crate) struct LogSettings {
    pub(crate) filter: String,
    pub(crate) format: LogFormat,
}

pub(crate) fn settings(
    global: &Global,
    file: &File,
    default: &str,
) -> Result<LogSettings, Failure> {
    let filter = global
        .log
        .clone()
        .or_else(|| file.log.filter.clone())
        .unwrap_or_else(|| default.to_owned());
    if let Err(error) = tracing_subscriber::EnvFilter::try_new(&filter) {
        return Err(Failure::usage(format!("--log (log.filter) {filter:?}")).because(&error));
    }
    let usual = if io::stderr().is_terminal() {
        LogFormat::Pretty
    } else {
        LogFormat::Json
    };
    Ok(LogSettings {
        filter,
        format: global.log_format.or(file.log.format).unwrap_or(usual),
    })
}

pub(crate) fn otlp_endpoint(flag: Option<String>, file: &File) -> Result<Option<String>, Failure> {
    let endpoint = flag
        .or_else(|| file.telemetry.otlp_endpoint.clone())
        .or_else(|| variable(OTLP_VARIABLE));
    match endpoint {
        Some(url) if !url.starts_with("http://") => Err(Failure::usage(format!(
            "--otlp-endpoint (telemetry.otlp_endpoint) {url:?} does not start with http://"
        ))
        .hint("send to a collector beside Ostia, which can pass it on with TLS")),
        endpoint => Ok(endpoint),
    }
}
