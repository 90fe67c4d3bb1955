//! What an edge is told.

#![allow(clippy::doc_markdown, reason = "these comments are the help texts")]

use clap::ValueEnum;
use ostia_domain::name::ExposedNames;
use serde::Deserialize;

#[derive(clap::Args, Clone, Default)]
#[command(next_help_heading = "Edge")]
pub(crate) struct EdgeArgs {
    /// Name of this edge in logs and pages [default: the host's name]
    #[arg(long, env = "OSTIA_EDGE_NAME", value_name = "NAME")]
    pub(crate) edge_name: Option<String>,
    /// Address at which other edges reach this one, where there are several; none is reached without
    #[arg(long, env = "OSTIA_ADVERTISE_URL", value_name = "URL")]
    pub(crate) advertise_url: Option<String>,
    /// Host that clients may ask for, beside loopback and the listen address; repeatable
    #[arg(
        long,
        env = "OSTIA_ALLOWED_HOSTS",
        value_delimiter = ',',
        value_name = "HOST"
    )]
    pub(crate) allowed_host: Vec<String>,
    /// Origin of pages in a browser that may call, beside loopback; repeatable
    #[arg(
        long,
        env = "OSTIA_ALLOWED_ORIGINS",
        value_delimiter = ',',
        value_name = "ORIGIN"
    )]
    pub(crate) allowed_origin: Vec<String>,
    /// Network of proxies in front, whose X-Forwarded-For is believed; repeatable
    #[arg(
        long,
        env = "OSTIA_TRUSTED_PROXIES",
        value_delimiter = ',',
        value_name = "NETWORK"
    )]
    pub(crate) trusted_proxy: Vec<String>,
    /// How clients see tool names: safe is upstream__tool, dotted is upstream.tool [default: safe]
    #[arg(long, env = "OSTIA_EXPOSED_NAMES", value_name = "FORM")]
    pub(crate) exposed_names: Option<NameForm>,
    /// Largest request body, in bytes [default: 4194304]
    #[arg(long, env = "OSTIA_MAX_BODY_BYTES", value_name = "BYTES")]
    pub(crate) max_body_bytes: Option<usize>,
    /// How long a stop waits for calls in flight, in milliseconds [default: 30000]
    #[arg(long, env = "OSTIA_DRAIN_TIMEOUT_MS", value_name = "MS")]
    pub(crate) drain_timeout_ms: Option<u64>,
    /// How long known keys stay good while control cannot be reached, in seconds, at least 10 [default: 60]
    #[arg(long, env = "OSTIA_MAX_REVOCATION_AGE_S", value_name = "SECONDS")]
    pub(crate) max_revocation_age_s: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NameForm {
    Safe,
    Dotted,
}

impl From<NameForm> for ExposedNames {
    fn from(form: NameForm) -> Self {
        match form {
            NameForm::Safe => Self::Safe,
            NameForm::Dotted => Self::Dotted,
        }
    }
}
