//! `ostia.toml`: the same settings as the flags, by section. Unknown keys are refused; paths are
//! relative to the file.

use super::effective::shown;
use crate::args::{LogFormat, NameForm, Role};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::{Path, PathBuf},
};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct File {
    /// `--data-dir`
    pub(crate) data_dir: Option<PathBuf>,
    /// `--database-url`
    pub(crate) database_url: Option<String>,
    /// The roles to run.
    pub(crate) roles: Vec<Role>,
    /// `--demo`
    pub(crate) demo: bool,
    /// `--migrate`
    pub(crate) migrate: bool,
    pub(crate) listen: Listen,
    pub(crate) control: Control,
    pub(crate) tls: Tls,
    pub(crate) keys: Keys,
    pub(crate) mail: Mail,
    pub(crate) vault: Vault,
    pub(crate) edge: Edge,
    pub(crate) urls: Urls,
    pub(crate) web: Web,
    pub(crate) oidc: Vec<Oidc>,
    pub(crate) keep: Keep,
    pub(crate) log: Log,
    pub(crate) telemetry: Telemetry,
    #[serde(skip)]
    read: Read,
}

/// What was read, without any value.
#[derive(Clone, Debug, Default)]
struct Read {
    path: String,
    /// Names of settings, as `edge.name`.
    names: BTreeSet<String>,
}

impl File {
    /// The same, knowing what is in it.
    pub(super) fn read_from(mut self, path: &Path, text: &str) -> Self {
        let mut names = BTreeSet::new();
        for (name, value) in text.parse::<toml::Table>().unwrap_or_default() {
            let inner = value.as_table().into_iter().flatten();
            names.extend(inner.map(|(member, _)| format!("{name}.{member}")));
            names.insert(name);
        }
        self.read = Read {
            path: shown(path),
            names,
        };
        self
    }

    /// The path of the file, if it says anything about this setting.
    pub(super) fn path_of(&self, setting: &str) -> Option<String> {
        let read = &self.read;
        read.names.contains(setting).then(|| read.path.clone())
    }

    /// The same with every path resolved.
    pub(crate) fn relative_to(mut self, folder: &Path) -> Self {
        let paths = [
            &mut self.data_dir,
            &mut self.control.ca,
            &mut self.control.client_cert,
            &mut self.control.client_key,
            &mut self.control.service_token_file,
            &mut self.tls.cert,
            &mut self.tls.key,
            &mut self.tls.client_ca,
            &mut self.vault.master_key_file,
            &mut self.mail.smtp_url_file,
        ];
        let secrets = self.oidc.iter_mut();
        let secrets = secrets.map(|provider| &mut provider.client_secret_file);
        for path in paths.into_iter().chain(secrets).flatten() {
            *path = folder.join(&*path);
        }
        self
    }
}

/// `[listen]`: `--control-listen` and its siblings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Listen {
    pub(crate) control: Option<SocketAddr>,
    pub(crate) mcp: Option<SocketAddr>,
    pub(crate) web: Option<SocketAddr>,
    pub(crate) admin: Option<SocketAddr>,
}

/// `[control]`: where control runs, as `--control-url` and its siblings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Control {
    pub(crate) url: Option<String>,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) client_cert: Option<PathBuf>,
    pub(crate) client_key: Option<PathBuf>,
    pub(crate) service_token_file: Option<PathBuf>,
    /// `--control-plaintext`
    pub(crate) plaintext: bool,
}

/// `[tls]`: of control's own listener, as `--tls-cert` and its siblings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Tls {
    pub(crate) cert: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
    pub(crate) client_ca: Option<PathBuf>,
}

/// `[vault]`: where the master keys come from, if not from `secrets.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Vault {
    /// `--master-key-file`
    pub(crate) master_key_file: Option<PathBuf>,
    /// A program that prints them, and its arguments; never a shell line.
    pub(crate) master_key_command: Option<Vec<String>>,
}

/// `[edge]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Edge {
    pub(crate) name: Option<String>,
    pub(crate) advertise_url: Option<String>,
    pub(crate) allowed_hosts: Vec<String>,
    pub(crate) allowed_origins: Vec<String>,
    pub(crate) trusted_proxies: Vec<String>,
    pub(crate) exposed_names: Option<NameForm>,
    pub(crate) max_body_bytes: Option<usize>,
    pub(crate) drain_timeout_ms: Option<u64>,
    pub(crate) max_revocation_age_s: Option<u64>,
}

/// `[keys]`: what API keys may be.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Keys {
    /// `--max-key-lifetime-days`
    pub(crate) max_lifetime_days: Option<u32>,
    /// `--max-key-idle-days`
    pub(crate) max_idle_days: Option<u32>,
}

/// `[mail]`: how people are told what they would not look for, as `--smtp-url` and its siblings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Mail {
    pub(crate) smtp_url: Option<String>,
    pub(crate) smtp_url_file: Option<PathBuf>,
    /// `--mail-from`
    pub(crate) from: Option<String>,
}

/// `[urls]`: public addresses, as `--mcp-url` and `--web-url`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Urls {
    pub(crate) mcp: Option<String>,
    pub(crate) web: Option<String>,
}

/// `[web]`: the dashboard, as `--session-idle` and its siblings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Web {
    /// `--api-origin`
    pub(crate) api_origins: Vec<String>,
    pub(crate) session_idle: Option<String>,
    pub(crate) session_max: Option<String>,
    /// `--oidc-recheck-min`
    pub(crate) oidc_recheck_min: Option<u32>,
}

/// `[[oidc]]`: an OpenID provider that people sign in with; only here, because it is too much for flags.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Oidc {
    pub(crate) name: String,
    pub(crate) label: Option<String>,
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    pub(crate) client_secret_file: Option<PathBuf>,
    pub(crate) client_secret_env: Option<String>,
    pub(crate) scopes: Option<Vec<String>>,
    pub(crate) groups_claim: Option<String>,
    /// What a group of the provider may do here.
    #[serde(default)]
    pub(crate) roles: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) allowed_email_domains: Vec<String>,
    #[serde(default)]
    pub(crate) allow_private_network: bool,
}

/// `[keep]`: how long what happened is kept, as `--keep-audit-calls` and its siblings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Keep {
    pub(crate) audit_calls: Option<String>,
    pub(crate) audit_changes: Option<String>,
    pub(crate) usage_records: Option<String>,
    pub(crate) usage_hours: Option<String>,
    pub(crate) usage_days: Option<String>,
}

/// `[log]`: as `--log` and `--log-format`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Log {
    pub(crate) filter: Option<String>,
    pub(crate) format: Option<LogFormat>,
}

/// `[telemetry]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Telemetry {
    pub(crate) otlp_endpoint: Option<String>,
}
