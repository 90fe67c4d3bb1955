//! The checks, in the order in which one thing needs the other.

use super::{super::connect::Connection, Check};
use crate::{
    config::{Listen, Secrets, Settings},
    data_dir::DataDir,
    failure::Failure,
    output::Output,
};
use ostia_proto::v1::{self, upstream_definition::Transport};
use std::net::SocketAddr;
use tokio::net::TcpListener;

pub(crate) fn folder(data: &DataDir) -> Check {
    let (name, shown) = ("data folder", data.path().display());
    if !data.path().is_dir() {
        return Check::bad(
            name,
            format!("{shown} does not exist"),
            "start once with `ostia run`, or name the right folder with --data-dir",
        );
    }
    if data.open_to_others() {
        let fix = format!("chmod 700 {shown}");
        return Check::bad(name, format!("{shown} is open to other users"), fix);
    }
    Check::good(name, format!("{shown} is for this user alone"))
}

pub(crate) async fn secrets(settings: &Settings) -> Check {
    let name = "secrets";
    let complete = async {
        let secrets = Secrets::of_control(settings).await?;
        secrets.service_token()?;
        secrets.key_pepper()?;
        secrets.master_keys().map(drop)
    };
    match complete.await {
        Ok(()) => Check::good(name, "complete, and for this user alone"),
        Err(failure) => Check::failed(name, failure),
    }
}

pub(crate) async fn database(settings: &Settings) -> Check {
    let name = "database";
    match ostia_migrations::pending(&settings.database_url).await {
        Ok(0) => Check::good(name, "answers and is up to date"),
        Ok(steps) => Check::bad(
            name,
            format!("{steps} migrations are missing"),
            "ostia migrate",
        ),
        Err(error) => Check::failed(
            name,
            Failure::new("cannot be used")
                .because(&error)
                .hint("check --database-url and that the database runs"),
        ),
    }
}

/// A port is right when it is free, or when the role that should have it runs on this folder.
pub(crate) async fn ports(listen: Listen, data: &DataDir) -> Vec<Check> {
    let ports = [
        ("control", "--control-listen", listen.control),
        ("edge", "--mcp-listen", listen.mcp),
        ("web", "--web-listen", listen.web),
        ("admin", "--admin-listen", listen.admin),
    ];
    let runs = ["control", "edge"].iter().any(|role| data.is_locked(role));
    let mut checks = Vec::new();
    for (role, flag, address) in ports {
        checks.push(port(role, flag, address, runs).await);
    }
    checks
}

async fn port(role: &str, flag: &str, address: SocketAddr, runs: bool) -> Check {
    let name = format!("port of {role}");
    match TcpListener::bind(address).await {
        Ok(_) => Check::good(name, format!("{address} is free")),
        Err(_) if runs => Check::good(name, format!("{address} is in use, and Ostia runs")),
        Err(error) => Check::bad(
            name,
            format!("{address}: {error}"),
            format!("stop the program that has it, or choose another with {flag}"),
        ),
    }
}

/// Control answers, and what it knows about the upstreams.
pub(crate) async fn control(
    settings: &Settings,
    running: Option<String>,
    output: Output,
) -> Vec<Check> {
    let name = "control";
    let connection = match Connection::open(settings, output).await {
        Ok(connection) => connection,
        Err(failure) => return vec![Check::failed(name, failure)],
    };
    let (mut upstreams, mut vault) = (connection.client().upstreams(), connection.client().vault());
    let answers = async {
        let listed = upstreams
            .list_upstreams(v1::ListUpstreamsRequest {})
            .await?;
        let status = vault.get_vault_status(v1::GetVaultStatusRequest {}).await?;
        Ok::<_, tonic::Status>((listed.into_inner().upstreams, status.into_inner().keys))
    };
    let answers = answers.await;
    connection.close().await;
    let (upstreams, keys) = match answers {
        Ok(answers) => answers,
        Err(status) => return vec![Check::failed(name, status.into())],
    };
    let url = settings.endpoint.url.clone().or(running);
    let found = match url {
        Some(url) => format!("answers at {url}"),
        None => "none runs; its database was opened here".to_owned(),
    };
    let mut checks = vec![Check::good(name, found), master_keys(&keys)];
    checks.extend(upstreams.into_iter().map(upstream));
    checks
}

/// Whether everything that was sealed can be opened.
fn master_keys(keys: &[v1::MasterKey]) -> Check {
    let name = "vault";
    let missing = keys
        .iter()
        .filter(|key| key.r#use() == v1::MasterKeyUse::Missing);
    let (ids, values): (Vec<_>, Vec<_>) = missing.map(|key| (&*key.id, key.values)).unzip();
    let values: u64 = values.iter().sum();
    if values == 0 {
        return Check::good(name, "every value opens");
    }
    Check::bad(
        name,
        format!(
            "{values} values are sealed with a master key that is not there: {}",
            ids.join(", ")
        ),
        "put it behind the one that seals, and see docs/vault.md",
    )
}

fn upstream(upstream: v1::Upstream) -> Check {
    let definition = upstream.definition.unwrap_or_default();
    let named = definition.name;
    let name = format!("upstream {named}");
    match (upstream.problem, upstream.catalogue) {
        (Some(problem), _) => {
            let what = match definition.transport {
                Some(Transport::Http(_) | Transport::Sse(_)) => {
                    "ask its URL from the edge's machine"
                }
                Some(Transport::Stdio(_)) | None => "run its command by hand",
            };
            let fix = format!("{what}; `ostia upstreams show {named}` has it");
            Check::bad(name, problem, fix)
        }
        (None, Some(found)) => Check::good(name, offers(&found)),
        (None, None) => Check::good(name, "no edge has tried it yet"),
    }
}

/// The tools, and what else there is.
fn offers(found: &v1::CatalogueSummary) -> String {
    let rest = [
        ("prompts", found.prompts),
        ("resources", found.resources + found.resource_templates),
    ];
    let rest = rest.into_iter().filter(|(_, count)| *count > 0);
    let rest = rest.map(|(what, count)| format!(", {count} {what}"));
    format!("{} tools{}", found.tools, rest.collect::<String>())
}
