//! The command line as clap reads it. Every flag has its `OSTIA_…` variable, but for those that name
//! one thing to do; `config` merges both with `ostia.toml`.

#![allow(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    reason = "these comments are the help texts"
)]

mod edge;
mod mail;
mod web;

pub(crate) use edge::{EdgeArgs, NameForm};
pub(crate) use mail::MailArgs;
pub(crate) use web::WebArgs;

use crate::{cli, config::Given, stdio};
use clap::{Parser, Subcommand, ValueEnum, builder::FalseyValueParser};
use serde::Deserialize;
use std::{net::SocketAddr, path::PathBuf};

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  refused or failed; the message says why
  2  the command line or the configuration is not right
  3  no control answers
  4  the thing that was named does not exist
  5  `apply --dry-run --exit-code`: something would change

Flags win over OSTIA_… variables, those over ostia.toml, that over the defaults.";

/// One door between agents and every MCP server an organisation runs
#[derive(Parser)]
#[command(name = "ostia", version, after_help = EXIT_CODES, propagate_version = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run roles: all three in one process, or those that are named
    Run(Box<RunArgs>),
    /// Bring the database up to this version
    Migrate,
    /// Print a script that completes this command line in a shell
    Completions { shell: clap_complete::Shell },
    /// Make everything as a file says
    Apply(cli::manifest::ApplyArgs),
    /// Write everything to a file that `apply` takes
    Export(cli::manifest::ExportArgs),
    /// Write everything in the database to a file, while everything goes on
    Backup(cli::backup::BackupArgs),
    /// Fill an empty database from such a file; no control may run on it
    Restore(cli::backup::RestoreArgs),
    /// What runs, and with which settings
    #[command(subcommand)]
    Settings(cli::settings::Command),
    /// Check the data folder, the database, the ports and the upstreams
    Doctor(cli::doctor::Args),
    /// API keys
    #[command(subcommand)]
    Keys(cli::keys::Command),
    /// MCP servers behind Ostia
    #[command(subcommand)]
    Upstreams(cli::upstreams::Command),
    /// Who may call what
    #[command(subcommand)]
    Policies(cli::policies::Command),
    /// The master keys that seal what upstreams are given
    #[command(subcommand)]
    Vault(cli::vault::Command),
    /// Named selections of tools, at endpoints of their own
    #[command(subcommand)]
    Bundles(cli::bundles::Command),
    /// How much may be done
    #[command(subcommand)]
    Plans(cli::plans::Command),
    /// What calls cost, for reports
    #[command(subcommand)]
    Prices(cli::prices::Command),
    /// People
    #[command(subcommand)]
    Users(cli::users::Command),
    /// Users who may do the same
    #[command(subcommand)]
    Groups(cli::groups::Command),
    /// Make a link that signs a user in to the dashboard once
    LoginLink(cli::login_link::Args),
    /// Tool calls that were made
    #[command(subcommand)]
    Usage(cli::usage::Command),
    /// What happened: every decision and every change
    #[command(subcommand)]
    Audit(cli::audit::Command),

    /// MCP on stdin and stdout, for clients that only start processes
    Stdio(stdio::Args),

    /// The process between an edge and its workers: kills them when the edge dies
    #[command(hide = true)]
    WorkerGuard,
    /// The built-in stdio MCP server
    #[command(hide = true)]
    DemoUpstream,
}

/// What every command takes.
#[derive(clap::Args, Clone, Default)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Global {
    /// Folder with the database and the secrets [default: ./ostia-data]
    #[arg(long, global = true, env = "OSTIA_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Configuration file [default: ./ostia.toml where there is one]
    #[arg(long, global = true, env = "OSTIA_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// sqlite:///PATH or postgres://… [default: ostia.db in the data folder]
    #[arg(
        long,
        global = true,
        env = "OSTIA_DATABASE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub(crate) database_url: Option<String>,
    /// File with the master keys of the vault [default: OSTIA_MASTER_KEY, else secrets.toml in the data
    /// folder]
    #[arg(
        long,
        global = true,
        env = "OSTIA_MASTER_KEY_FILE",
        value_name = "FILE"
    )]
    pub(crate) master_key_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) control: ControlArgs,
    /// Print one JSON value for programs
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Say on stderr what is being done
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
    /// What to log, as `info` or `warn,ostia_edge=debug` [default: info for run, else warn]
    #[arg(long, global = true, env = "OSTIA_LOG", value_name = "FILTER")]
    pub(crate) log: Option<String>,
    /// How to log [default: pretty on a terminal, else json]
    #[arg(long, global = true, env = "OSTIA_LOG_FORMAT", value_name = "FORMAT")]
    pub(crate) log_format: Option<LogFormat>,
    /// Which of all these were given, and how.
    #[arg(skip)]
    pub(crate) given: Given,
}

/// Where control runs, for a client that is not in its process.
#[derive(clap::Args, Clone, Default)]
pub(crate) struct ControlArgs {
    /// Control to talk to [default: the one that runs on the data folder]
    #[arg(long, global = true, env = "OSTIA_CONTROL_URL", value_name = "URL")]
    pub(crate) control_url: Option<String>,
    /// Certificates to trust for an https control, PEM
    #[arg(long, global = true, env = "OSTIA_CONTROL_CA", value_name = "FILE")]
    pub(crate) control_ca: Option<PathBuf>,
    /// Certificate to present to control, PEM
    #[arg(
        long,
        global = true,
        env = "OSTIA_CONTROL_CLIENT_CERT",
        value_name = "FILE"
    )]
    pub(crate) control_client_cert: Option<PathBuf>,
    /// Its private key, PEM
    #[arg(
        long,
        global = true,
        env = "OSTIA_CONTROL_CLIENT_KEY",
        value_name = "FILE"
    )]
    pub(crate) control_client_key: Option<PathBuf>,
    /// File with the service token [default: OSTIA_SERVICE_TOKEN, else secrets.toml in the data folder]
    #[arg(
        long,
        global = true,
        env = "OSTIA_SERVICE_TOKEN_FILE",
        value_name = "FILE"
    )]
    pub(crate) service_token_file: Option<PathBuf>,
    /// Speak to control without TLS also over a network, one that encrypts by itself
    #[arg(long, global = true, env = "OSTIA_CONTROL_PLAINTEXT", value_parser = FalseyValueParser::new())]
    pub(crate) control_plaintext: bool,
}

#[derive(clap::Args, Clone, Default)]
pub(crate) struct RunArgs {
    /// Roles of this process [default: all three]
    #[arg(env = "OSTIA_ROLES", value_delimiter = ',', value_name = "ROLE")]
    pub(crate) roles: Vec<Role>,
    /// Seed a demo upstream, a read-only policy and an API key
    #[arg(long, env = "OSTIA_DEMO", value_parser = FalseyValueParser::new())]
    pub(crate) demo: bool,
    /// Bring the database up to this version first; done without asking for SQLite and for all roles
    /// in one process
    #[arg(long, env = "OSTIA_MIGRATE", value_parser = FalseyValueParser::new())]
    pub(crate) migrate: bool,
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
    #[command(flatten)]
    pub(crate) tls: TlsArgs,
    /// Longest that an API key may live from when it is made, in days; none is made without an end then [default: for
    /// ever]
    #[arg(
        long,
        env = "OSTIA_MAX_KEY_LIFETIME_DAYS",
        value_name = "DAYS",
        help_heading = "API keys",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub(crate) max_key_lifetime_days: Option<u32>,
    /// Days after which a key that nobody uses is made inactive [default: never]
    #[arg(
        long,
        env = "OSTIA_MAX_KEY_IDLE_DAYS",
        value_name = "DAYS",
        help_heading = "API keys",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub(crate) max_key_idle_days: Option<u32>,
    #[command(flatten)]
    pub(crate) mail: MailArgs,
    #[command(flatten)]
    pub(crate) edge: EdgeArgs,
    #[command(flatten)]
    pub(crate) urls: UrlArgs,
    #[command(flatten)]
    pub(crate) web: WebArgs,
    #[command(flatten)]
    pub(crate) keep: KeepArgs,
    /// Origin whose pages may use the REST API, as https://app.example.com; repeatable [default: none]
    #[arg(
        long,
        env = "OSTIA_API_ORIGINS",
        value_delimiter = ',',
        value_name = "ORIGIN",
        help_heading = "REST"
    )]
    pub(crate) api_origin: Vec<String>,
    /// Where to send traces, OTLP over gRPC [default: OTEL_EXPORTER_OTLP_ENDPOINT, else nowhere]
    #[arg(
        long,
        env = "OSTIA_OTLP_ENDPOINT",
        value_name = "URL",
        help_heading = "Telemetry"
    )]
    pub(crate) otlp_endpoint: Option<String>,
}

/// Addresses to listen on; port 0 takes a free one.
#[derive(clap::Args, Clone, Default)]
#[command(next_help_heading = "Addresses")]
pub(crate) struct ListenArgs {
    /// gRPC of control [default: 127.0.0.1:7070]
    #[arg(
        long = "control-listen",
        env = "OSTIA_CONTROL_LISTEN",
        value_name = "ADDR"
    )]
    pub(crate) control: Option<SocketAddr>,
    /// MCP of the edge [default: 127.0.0.1:8080]
    #[arg(long = "mcp-listen", env = "OSTIA_MCP_LISTEN", value_name = "ADDR")]
    pub(crate) mcp: Option<SocketAddr>,
    /// The dashboard [default: 127.0.0.1:8081]
    #[arg(long = "web-listen", env = "OSTIA_WEB_LISTEN", value_name = "ADDR")]
    pub(crate) web: Option<SocketAddr>,
    /// /livez, /readyz and /metrics [default: 127.0.0.1:9090]
    #[arg(long = "admin-listen", env = "OSTIA_ADMIN_LISTEN", value_name = "ADDR")]
    pub(crate) admin: Option<SocketAddr>,
}

/// TLS of control's own listener.
#[derive(clap::Args, Clone, Default)]
#[command(next_help_heading = "TLS of control")]
pub(crate) struct TlsArgs {
    /// Certificate chain, PEM
    #[arg(long = "tls-cert", env = "OSTIA_TLS_CERT", value_name = "FILE")]
    pub(crate) cert: Option<PathBuf>,
    /// Its private key, PEM
    #[arg(long = "tls-key", env = "OSTIA_TLS_KEY", value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// Demand client certificates signed by these, PEM
    #[arg(
        long = "tls-client-ca",
        env = "OSTIA_TLS_CLIENT_CA",
        value_name = "FILE"
    )]
    pub(crate) client_ca: Option<PathBuf>,
}

/// What is printed where a proxy stands in front.
#[derive(clap::Args, Clone, Default)]
#[command(next_help_heading = "Public addresses")]
pub(crate) struct UrlArgs {
    /// Address of the MCP endpoint as clients reach it [default: from --mcp-listen]
    #[arg(long, env = "OSTIA_MCP_URL", value_name = "URL")]
    pub(crate) mcp_url: Option<String>,
    /// Address of the dashboard as people reach it [default: from --web-listen]
    #[arg(long, env = "OSTIA_WEB_URL", value_name = "URL")]
    pub(crate) web_url: Option<String>,
}

/// How long control keeps what happened, as 90d or `forever`.
#[derive(clap::Args, Clone, Default)]
#[command(next_help_heading = "Retention (90d, or forever)")]
pub(crate) struct KeepArgs {
    /// Audit of calls [default: 90d]
    #[arg(
        long = "keep-audit-calls",
        env = "OSTIA_KEEP_AUDIT_CALLS",
        value_name = "AGE"
    )]
    pub(crate) audit_calls: Option<String>,
    /// Audit of changes [default: 730d]
    #[arg(
        long = "keep-audit-changes",
        env = "OSTIA_KEEP_AUDIT_CHANGES",
        value_name = "AGE"
    )]
    pub(crate) audit_changes: Option<String>,
    /// Usage, call by call [default: 90d]
    #[arg(
        long = "keep-usage-records",
        env = "OSTIA_KEEP_USAGE_RECORDS",
        value_name = "AGE"
    )]
    pub(crate) usage_records: Option<String>,
    /// Usage by the hour [default: 180d]
    #[arg(
        long = "keep-usage-hours",
        env = "OSTIA_KEEP_USAGE_HOURS",
        value_name = "AGE"
    )]
    pub(crate) usage_hours: Option<String>,
    /// Usage by the day [default: 1095d]
    #[arg(
        long = "keep-usage-days",
        env = "OSTIA_KEEP_USAGE_DAYS",
        value_name = "AGE"
    )]
    pub(crate) usage_days: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    Control,
    Edge,
    Web,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    Pretty,
    Json,
}
