//! The operator's command line: one file per noun, each with its arguments, what it does, and how it
//! shows the result.

pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod bundles;
mod confirm;
mod connect;
mod criteria;
mod csv;
pub(crate) mod doctor;
mod export;
pub(crate) mod groups;
mod import;
pub(crate) mod keys;
pub(crate) mod login_link;
pub(crate) mod manifest;
mod migrate;
mod moment;
pub(crate) mod plans;
pub(crate) mod policies;
pub(crate) mod prices;
pub(crate) mod settings;
mod show;
pub(crate) mod span;
mod table;
pub(crate) mod upstreams;
pub(crate) mod usage;
pub(crate) mod users;
pub(crate) mod vault;

use crate::{
    args::{self, Global},
    config,
    data_dir::DataDir,
    failure::Failure,
    output::Output,
    telemetry,
};
pub(crate) use connect::demand_database;
pub(crate) use show::count;

use connect::Connection;
use ostia_proto::ControlClient;

/// Runs any command but `run` and those that are other programs.
pub(crate) async fn execute(
    global: &Global,
    command: args::Command,
    output: Output,
) -> Result<(), Failure> {
    let command = match command {
        args::Command::Settings(settings::Command::Show(args)) => {
            return settings::show(global, &args, output);
        }
        command => command,
    };
    let (settings, log) = config::settings(global)?;
    telemetry::start(&log, None)?;
    match command {
        args::Command::Migrate => migrate::run(&settings, output).await,
        args::Command::Restore(args) => backup::restore(args, &settings, output).await,
        args::Command::Doctor(args) => doctor::run(global, &settings, &args, output).await,
        command => {
            let connection = Connection::open(&settings, output).await?;
            let outcome = with_control(&settings, command, connection.client(), output).await;
            connection.close().await;
            outcome.map_err(|failure| failure.documented_by(dashboard(&settings)))
        }
    }
}

/// Where the dashboard is, as far as it is known here.
fn dashboard(settings: &config::Settings) -> Option<String> {
    let named = settings.web_url(None).ok().flatten();
    named.or_else(|| DataDir::at(&settings.data_dir).announced("web"))
}

async fn with_control(
    settings: &config::Settings,
    command: args::Command,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    match command {
        args::Command::Apply(args) => manifest::apply(args, control, output).await,
        args::Command::Export(args) => manifest::export(args, control, output).await,
        args::Command::Backup(args) => backup::create(args, control, output).await,
        args::Command::Keys(command) => keys::run(command, control, output).await,
        args::Command::Upstreams(command) => upstreams::run(command, control, output).await,
        args::Command::Vault(command) => vault::run(command, control, output).await,
        args::Command::Policies(command) => policies::run(command, control, output).await,
        args::Command::Bundles(command) => bundles::run(command, control, output).await,
        args::Command::Plans(command) => plans::run(command, control, output).await,
        args::Command::Groups(command) => groups::run(command, control, output).await,
        args::Command::Users(command) => users::run(command, control, output).await,
        args::Command::LoginLink(args) => login_link::run(settings, args, control, output).await,
        args::Command::Prices(command) => prices::run(command, control, output).await,
        args::Command::Usage(command) => usage::run(command, control, output).await,
        args::Command::Audit(command) => audit::run(command, control, output).await,
        args::Command::Settings(settings::Command::List) => settings::list(control, output).await,
        // Dispatched before a control is looked for.
        args::Command::Run(_)
        | args::Command::Migrate
        | args::Command::Completions { .. }
        | args::Command::Doctor(_)
        | args::Command::Settings(settings::Command::Show(_))
        | args::Command::Restore(_)
        | args::Command::Stdio(_)
        | args::Command::WorkerGuard
        | args::Command::DemoUpstream => Ok(()),
    }
}
