//! `ostia settings`: what `ostia run` runs with, and where each setting comes from. Secrets are not shown.

use super::{
    show::{moment, timestamp},
    table::Table,
};
use crate::{
    args::{Global, RunArgs},
    config::{self, Secrets},
    failure::Failure,
    output::Output,
};
use clap::Subcommand;
use ostia_domain::settings::{Process, Setting, Source, Value};
use ostia_proto::{ControlClient, v1};
use serde::Serialize;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// What `ostia run` with the same flags would run with here
    Show(Box<RunArgs>),
    /// What runs with what: the control that answers, and the edges that follow it
    List,
}

#[derive(Serialize)]
struct Listed {
    name: String,
    /// Null: it has none, or is a secret.
    value: Option<String>,
    /// There is one, and it is not shown.
    secret: bool,
    source: &'static str,
    /// The flag, the variable, the path or the program.
    from: Option<String>,
}

#[derive(Serialize)]
struct Running {
    id: String,
    name: String,
    version: String,
    roles: Vec<String>,
    started_at: Option<String>,
    /// Null: the control that answered.
    heard_at: Option<String>,
    settings: Vec<Listed>,
}

/// Without starting or making anything.
pub(crate) fn show(global: &Global, args: &RunArgs, output: Output) -> Result<(), Failure> {
    let settings = config::run_settings(global, args)?;
    let secrets = Secrets::read(&settings.common.data_dir)?;
    let mut listed = settings.listed.clone();
    listed.extend(config::listed_secrets(&settings, &secrets));
    let listed: Vec<_> = listed.into_iter().map(Listed::from).collect();
    output.result(&listed, |listed| table(listed))
}

pub(crate) async fn list(control: &ControlClient, output: Output) -> Result<(), Failure> {
    let request = v1::ListProcessesRequest {};
    let answer = control.settings().list_processes(request).await?;
    let known = answer.into_inner().processes.into_iter();
    let running = known.map(Running::try_from).collect::<Result<Vec<_>, _>>();
    let running = running.map_err(|error| Failure::new("control's answer").because(&error))?;
    output.result(&running, |running| {
        if running.is_empty() {
            return "nothing runs; start it with `ostia run`".to_owned();
        }
        let texts: Vec<_> = running.iter().map(Running::text).collect();
        texts.join("\n\n")
    })
}

impl TryFrom<v1::KnownProcess> for Running {
    type Error = ostia_proto::FieldError;
    fn try_from(known: v1::KnownProcess) -> Result<Self, Self::Error> {
        let process = known.process.unwrap_or_default();
        let started_at = timestamp(process.started_at);
        let process = Process::try_from(process)?;
        Ok(Self {
            id: process.id.to_string(),
            name: process.name,
            version: process.version,
            roles: process.roles,
            started_at,
            heard_at: timestamp(known.heard_at),
            settings: process.settings.into_iter().map(Listed::from).collect(),
        })
    }
}

impl Running {
    fn text(&self) -> String {
        let started = moment(self.started_at.as_ref(), "-");
        let heard = moment(self.heard_at.as_ref(), "now");
        format!(
            "{} on {}, version {}\nstarted {started}, heard {heard}\n{}",
            self.roles.join(", "),
            self.name,
            self.version,
            table(&self.settings)
        )
    }
}

impl From<Setting> for Listed {
    fn from(setting: Setting) -> Self {
        let (source, from) = match setting.source {
            Source::Default => ("default", None),
            Source::Flag(flag) => ("flag", Some(flag)),
            Source::Variable(name) => ("variable", Some(name)),
            Source::File(path) => ("file", Some(path)),
            Source::Program(program) => ("program", Some(program)),
        };
        Self {
            name: setting.name,
            secret: setting.value == Value::Secret,
            value: match setting.value {
                Value::Text(text) => Some(text),
                Value::Secret | Value::Unset => None,
            },
            source,
            from,
        }
    }
}

fn table(settings: &[Listed]) -> String {
    let rows = settings.iter().map(|setting| {
        let value = match (&setting.value, setting.secret) {
            (Some(text), _) => text.clone(),
            (None, true) => "set".to_owned(),
            (None, false) => "-".to_owned(),
        };
        let from = setting.from.iter().map(|from| format!(" {from}"));
        let source = std::iter::once(setting.source.to_owned()).chain(from);
        [setting.name.clone(), value, source.collect()]
    });
    Table::new(["SETTING", "VALUE", "FROM"], "no settings")
        .rows(rows)
        .text()
}
