//! What was asked of this process: flags, then `OSTIA_…` variables, then `ostia.toml`, then defaults.
//! The only place of the binary that reads the environment or files of configuration, and everything
//! is checked here, before anything is opened or bound.

mod edge;
mod effective;
mod endpoint;
mod file;
mod given;
mod listen;
mod log;
mod mail;
mod master_keys;
mod oidc;
mod plaintext;
mod retention;
mod secrets;
mod tls;
mod web;

pub(crate) use edge::EdgeSettings;
pub(crate) use effective::secrets as listed_secrets;
pub(crate) use endpoint::Endpoint;
pub(crate) use given::Given;
pub(crate) use listen::Listen;
pub(crate) use log::LogSettings;
pub(crate) use master_keys::MasterKeySource;
pub(crate) use secrets::{Found, Secrets};
pub(crate) use web::WebSettings;

use crate::{
    args::{Global, ListenArgs, Role, RunArgs},
    data_dir::DATABASE,
    failure::{Exit, Failure},
};
use file::File;
use ostia_domain::{key::Secret, settings::Setting};
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

const DEFAULT_DATA_DIR: &str = "ostia-data";
const DEFAULT_FILE: &str = "ostia.toml";
/// What is counted in days is not looked at by the minute.
const LOOK_FOR_IDLE_KEYS: Duration = Duration::from_secs(3_600);

/// What every command needs.
pub(crate) struct Settings {
    pub(crate) data_dir: PathBuf,
    /// `sqlite://…` or `postgres://…`; may hold a password.
    pub(crate) database_url: String,
    /// Whether it was named, rather than found in the data folder.
    pub(crate) database_named: bool,
    pub(crate) endpoint: Endpoint,
    pub(crate) master_keys: MasterKeySource,
    pub(crate) verbose: bool,
    /// The dashboard's address in the file.
    web_url: Option<String>,
}

impl Settings {
    /// The dashboard's address as people reach it, if it is set.
    pub(crate) fn web_url(&self, flag: Option<String>) -> Result<Option<String>, Failure> {
        endpoint::public_url("--web-url", flag, self.web_url.clone())
    }
}

/// What `ostia run` needs.
pub(crate) struct RunSettings {
    pub(crate) common: Settings,
    pub(crate) roles: Roles,
    pub(crate) demo: bool,
    pub(crate) migrate: bool,
    pub(crate) listen: Listen,
    pub(crate) tls: Option<ostia_control::Tls>,
    /// The longest that an API key may live.
    pub(crate) max_key_lifetime: Option<Duration>,
    pub(crate) max_key_idle: Option<ostia_control::MaxKeyIdle>,
    pub(crate) mail: Option<ostia_control::Mail>,
    pub(crate) edge: EdgeSettings,
    pub(crate) retention: ostia_control::Retention,
    pub(crate) mcp_url: Option<String>,
    pub(crate) web_url: Option<String>,
    pub(crate) web: WebSettings,
    pub(crate) log: LogSettings,
    pub(crate) otlp_endpoint: Option<String>,
    /// All of it for people, but for the secrets.
    pub(crate) listed: Vec<Setting>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Roles {
    pub(crate) control: bool,
    pub(crate) edge: bool,
    pub(crate) web: bool,
}

impl Roles {
    pub(crate) fn all(self) -> bool {
        self.control && self.edge && self.web
    }

    pub(crate) fn names(self) -> Vec<&'static str> {
        let roles = [
            ("control", self.control),
            ("edge", self.edge),
            ("web", self.web),
        ];
        let run = roles.into_iter().filter(|(_, runs)| *runs);
        run.map(|(name, _)| name).collect()
    }
}

/// A flag of days, or what the file says under `keys`.
fn days(name: &str, flag: Option<u32>, file: Option<u32>) -> Result<Option<Duration>, Failure> {
    match flag.or(file) {
        Some(0) => Err(Failure::usage(format!("keys.{name}: must be at least 1"))),
        days => Ok(days.map(|days| Duration::from_secs(u64::from(days) * 86_400))),
    }
}

/// Settings of a command other than `run`, and how it logs.
pub(crate) fn settings(global: &Global) -> Result<(Settings, LogSettings), Failure> {
    let file = read_file(global)?;
    let filter = if global.verbose { "info" } else { "warn" };
    let log = log::settings(global, &file, filter)?;
    Ok((common(global, &file)?, log))
}

/// The addresses that `ostia run` would listen on with these flags.
pub(crate) fn listen_settings(global: &Global, args: &ListenArgs) -> Result<Listen, Failure> {
    let file = read_file(global)?;
    Ok(listen::settings(args, &file.listen))
}

/// Settings of `ostia run`.
pub(crate) fn run_settings(global: &Global, args: &RunArgs) -> Result<RunSettings, Failure> {
    let file = read_file(global)?;
    let common = common(global, &file)?;
    let roles = roles(&args.roles, &file.roles);
    if args.demo || file.demo {
        demand_control(roles)?;
    }
    let listen = listen::settings(&args.listen, &file.listen);
    let tls = tls::server(&args.tls, &file.tls)?;
    if roles.control {
        let allowed = endpoint::plaintext(&global.control, &file.control);
        plaintext::check_listener(listen.control, tls.is_some(), allowed)?;
    }
    let web_url = endpoint::public_url(
        "--web-url",
        args.urls.web_url.clone(),
        file.urls.web.clone(),
    )?;
    let mut settings = RunSettings {
        roles,
        demo: args.demo || file.demo,
        migrate: args.migrate || file.migrate,
        listen,
        tls,
        max_key_lifetime: days(
            "max_lifetime_days",
            args.max_key_lifetime_days,
            file.keys.max_lifetime_days,
        )?,
        max_key_idle: days(
            "max_idle_days",
            args.max_key_idle_days,
            file.keys.max_idle_days,
        )?
        .map(|idle| ostia_control::MaxKeyIdle {
            idle,
            every: LOOK_FOR_IDLE_KEYS,
        }),
        mail: mail::settings(&args.mail, &file.mail, web_url.as_deref())?,
        edge: edge::settings(&args.edge, &file.edge)?,
        retention: retention::settings(&args.keep, &file.keep)?,
        mcp_url: endpoint::public_url(
            "--mcp-url",
            args.urls.mcp_url.clone(),
            file.urls.mcp.clone(),
        )?,
        web_url,
        web: web::settings(&args.web, &args.api_origin, &file)?,
        log: log::settings(global, &file, "info,sea_orm_migration=warn")?,
        otlp_endpoint: log::otlp_endpoint(args.otlp_endpoint.clone(), &file)?,
        common,
        listed: Vec::new(),
    };
    settings.listed = effective::list(&settings, global, args, &file);
    Ok(settings)
}

fn common(global: &Global, file: &File) -> Result<Settings, Failure> {
    let data_dir = global
        .data_dir
        .clone()
        .or_else(|| file.data_dir.clone())
        .unwrap_or_else(|| PathBuf::from(DEFAULT_DATA_DIR));
    let named = global
        .database_url
        .clone()
        .or_else(|| file.database_url.clone());
    Ok(Settings {
        database_named: named.is_some(),
        database_url: match named {
            Some(url) => check_database_url(url)?,
            None => sqlite_url(&data_dir)?,
        },
        endpoint: endpoint::settings(&global.control, &file.control)?,
        master_keys: master_keys::settings(global.master_key_file.as_ref(), &file.vault)?,
        data_dir,
        verbose: global.verbose,
        web_url: file.urls.web.clone(),
    })
}

fn read_file(global: &Global) -> Result<File, Failure> {
    let path = global
        .config
        .clone()
        .unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && global.config.is_none() => {
            return Ok(File::default());
        }
        Err(error) => {
            let what = format!("cannot read the configuration file {}", path.display());
            return Err(Failure::usage(what).because(&error));
        }
    };
    let file: File = toml::from_str(&text)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display()).trim_end()))?;
    let file = file.relative_to(path.parent().unwrap_or(Path::new("")));
    Ok(file.read_from(&path, &text))
}

fn roles(flags: &[Role], file: &[Role]) -> Roles {
    let named = if flags.is_empty() { file } else { flags };
    let runs = |role| named.is_empty() || named.contains(&role);
    Roles {
        control: runs(Role::Control),
        edge: runs(Role::Edge),
        web: runs(Role::Web),
    }
}

fn demand_control(roles: Roles) -> Result<(), Failure> {
    if roles.control {
        return Ok(());
    }
    Err(
        Failure::usage("--demo seeds the database, and this process does not run control")
            .hint("pass --demo to the process that runs control"),
    )
}

fn check_database_url(url: String) -> Result<String, Failure> {
    let known = ["sqlite:", "postgres://", "postgresql://"];
    if known.iter().any(|scheme| url.starts_with(scheme)) {
        return Ok(url);
    }
    // The value may hold a password, so it is not repeated.
    Err(
        Failure::usage("--database-url (database_url) is no database Ostia knows")
            .hint("write sqlite:///absolute/path.db or postgres://user:password@host/name"),
    )
}

fn sqlite_url(data_dir: &Path) -> Result<String, Failure> {
    let folder = std::path::absolute(data_dir).map_err(|error| {
        Failure::usage(format!("--data-dir {}", data_dir.display())).because(&error)
    })?;
    let path = folder.join(DATABASE);
    let text = path
        .to_str()
        .ok_or_else(|| Failure::usage(format!("--data-dir {} is not UTF-8", path.display())))?;
    if text.contains(['?', '#', '%']) {
        return Err(Failure::usage(format!(
            "--data-dir {text} has a character that means something else in a database URL (? # %)"
        )));
    }
    Ok(format!("sqlite://{text}"))
}

/// A variable that is set to something.
#[allow(clippy::disallowed_methods, reason = "this is config")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The API key of a client, from a file or from `OSTIA_API_KEY`; never from the command line, which
/// everybody may list.
pub(crate) fn api_key(file: Option<&Path>) -> Result<Secret, Failure> {
    let key = match file {
        Some(path) => read_named("--key-file", path)?,
        None => {
            return api_key_variable().ok_or_else(|| {
                Failure::usage("there is no API key")
                    .hint("set OSTIA_API_KEY, or name a file with --key-file")
            });
        }
    };
    Ok(Secret::new(key.trim()))
}

/// An API key that the environment has.
pub(crate) fn api_key_variable() -> Option<Secret> {
    variable("OSTIA_API_KEY").map(|key| Secret::new(key.trim()))
}

/// A file that a setting names; `what` is the setting.
pub(crate) fn read_named(what: &str, path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| {
        Failure {
            exit: Exit::Usage,
            ..Failure::new(format!("cannot read {} ({what})", path.display()))
        }
        .because(&error)
    })
}

/// The value that `upstreams add --env NAME` copies.
pub(crate) fn environment_value(name: &str) -> Result<String, Failure> {
    environment_variable(name).ok_or_else(|| {
        Failure::usage(format!(
            "--env {name}: there is no such variable in the environment"
        ))
        .hint("set it before this command, or read it from a file with --env-file")
    })
}

/// A variable of the operator's own environment, also an empty one.
#[allow(clippy::disallowed_methods, reason = "this is config")]
pub(crate) fn environment_variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
