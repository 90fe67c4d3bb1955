//! What `ostia run` runs with, setting by setting, and where each comes from: for `ostia settings` and the
//! dashboard. Whatever may hold a secret is shown without it.

mod roles;
mod secrets;

pub(crate) use secrets::secrets;

use super::{RunSettings, endpoint, file::File, given::Given, log};
use crate::args::{Global, LogFormat, RunArgs};
use ostia_domain::settings::{Setting, Source, Value};
use std::{fmt::Display, path::Path, time::Duration};

/// A list that is being made.
struct List<'a> {
    given: &'a Given,
    file: &'a File,
    settings: Vec<Setting>,
}

pub(super) fn list(
    run: &RunSettings,
    global: &Global,
    args: &RunArgs,
    file: &File,
) -> Vec<Setting> {
    let mut list = List {
        given: &global.given,
        file,
        settings: Vec::new(),
    };
    list.of_process(run, args);
    if run.roles.control {
        list.of_control(run, args);
    } else {
        list.of_client(run, global);
    }
    let (flags, by_file) = (&global.control, &file.control);
    let plain = endpoint::plaintext(flags, by_file);
    let (name, flag) = ("control.plaintext", flags.control_plaintext);
    list.add_switch(name, "control_plaintext", flag, plain);
    if run.roles.edge {
        list.of_edge(run);
    }
    if run.roles.edge || run.roles.web {
        list.of_both(run);
    }
    if run.roles.web {
        list.of_web(run);
    }
    list.settings
}

impl List<'_> {
    /// `name` as in the file, `argument` as clap knows it.
    fn add(&mut self, name: &str, argument: &str, value: Value) {
        let source = match (self.given.source(argument), self.file.path_of(name)) {
            (Some(given), _) => given.clone(),
            (None, Some(path)) => Source::File(path),
            (None, None) => Source::Default,
        };
        self.add_from(name, value, source);
    }

    fn add_from(&mut self, name: &str, value: Value, source: Source) {
        self.settings.push(Setting {
            name: name.to_owned(),
            value,
            source,
        });
    }

    /// A flag without a value. It is on when anybody says so: the file also where the command line is silent
    /// or a variable says no.
    fn add_switch(&mut self, name: &str, argument: &str, flag: bool, on: bool) {
        let by_file = self.file.path_of(name).filter(|_| on && !flag);
        match by_file {
            Some(path) => self.add_from(name, text(on), Source::File(path)),
            None => self.add(name, argument, text(on)),
        }
    }

    fn of_process(&mut self, run: &RunSettings, args: &RunArgs) {
        let roles = run.roles.names().join(", ");
        self.add("roles", "roles", Value::Text(roles));
        self.add("data_dir", "data_dir", path(Some(&run.common.data_dir)));
        self.add("listen.admin", "admin", text(run.listen.admin));
        self.add("log.filter", "log", text(&run.log.filter));
        let format = match run.log.format {
            LogFormat::Pretty => "pretty",
            LogFormat::Json => "json",
        };
        self.add("log.format", "log_format", text(format));
        let (name, argument) = ("telemetry.otlp_endpoint", "otlp_endpoint");
        let value = address(run.otlp_endpoint.as_deref());
        let said = args.otlp_endpoint.is_some() || self.file.path_of(name).is_some();
        if said || run.otlp_endpoint.is_none() {
            self.add(name, argument, value);
        } else {
            let variable = Source::Variable(log::OTLP_VARIABLE.to_owned());
            self.add_from(name, value, variable);
        }
    }
}

fn text(value: impl Display) -> Value {
    Value::Text(value.to_string())
}

fn optional(value: Option<impl Display>) -> Value {
    value.map_or(Value::Unset, text)
}

fn path(value: Option<&impl AsRef<Path>>) -> Value {
    optional(value.map(|path| shown(path.as_ref())))
}

/// Wherever the process was started.
pub(super) fn shown(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.display().to_string()
}

fn items<T: Display>(values: &[T]) -> Value {
    let texts: Vec<_> = values.iter().map(ToString::to_string).collect();
    if texts.is_empty() {
        Value::Unset
    } else {
        Value::Text(texts.join(", "))
    }
}

/// In the largest unit that leaves nothing over.
fn span(span: Duration) -> Value {
    let seconds = span.as_secs();
    for (unit, length) in [("d", 86_400), ("h", 3_600), ("m", 60)] {
        if seconds > 0 && seconds.is_multiple_of(length) {
            return text(format!("{}{unit}", seconds / length));
        }
    }
    text(format!("{seconds}s"))
}

/// Without what comes before the host and after the path, where passwords and tokens are.
fn address(url: Option<&str>) -> Value {
    optional(url.map(|url| {
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let end = rest.find(['?', '#']).unwrap_or(rest.len());
        let (rest, after) = rest.split_at(end);
        // A password may have a slash in it, if somebody forgot to encode it.
        let (before, rest) = rest.rsplit_once('@').unwrap_or(("", rest));
        let before = if before.is_empty() { "" } else { "…@" };
        let after = if after.is_empty() { "" } else { "?…" };
        format!("{scheme}://{before}{rest}{after}")
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Args, Role};
    use clap::CommandFactory as _;
    use std::collections::BTreeSet;

    /// Of a process with control, and of one without.
    fn all() -> Vec<Setting> {
        let mut command = Args::command();
        command.build();
        let run = command.find_subcommand("run").unwrap();
        let global = Global {
            given: Given::all(run),
            ..Global::default()
        };
        let without_control = RunArgs {
            roles: vec![Role::Edge, Role::Web],
            ..RunArgs::default()
        };
        [RunArgs::default(), without_control]
            .iter()
            .flat_map(|args| super::super::run_settings(&global, args).unwrap().listed)
            .collect()
    }

    #[test]
    fn no_flag_is_left_out() {
        let listed: BTreeSet<_> = all().into_iter().map(|setting| setting.source).collect();
        // What a command says and how; and what names where a secret is, which is listed as that.
        let others = [
            "config",
            "json",
            "verbose",
            "help",
            "version",
            "master-key-file",
            "service-token-file",
            "smtp-url-file",
        ];
        let mut command = Args::command();
        command.build();
        let run = command.find_subcommand("run").unwrap();
        for flag in run
            .get_arguments()
            .filter_map(|argument| argument.get_long())
        {
            let flagged = Source::Flag(format!("--{flag}"));
            assert_eq!(
                listed.contains(&flagged),
                !others.contains(&flag),
                "--{flag}"
            );
        }
    }

    #[test]
    fn every_setting_is_called_as_in_the_file() {
        for Setting { name, .. } in all() {
            // No setting is an array of arrays, so all that may be refused is what it is.
            let refused = toml::from_str::<File>(&format!("{name} = [[]]"));
            let said = refused.err().map(|error| error.message().to_owned());
            let said = said.unwrap_or_default();
            assert!(!said.contains("unknown field"), "{name}: {said}");
        }
        let unknown = toml::from_str::<File>("edge.nams = [[]]").unwrap_err();
        assert!(unknown.message().contains("unknown field"), "{unknown}");
    }

    #[test]
    fn an_address_is_shown_without_what_it_hides() {
        for (url, shown) in [
            (
                "postgres://ann:hunter2@db:5432/o?password=hunter2",
                "postgres://…@db:5432/o?…",
            ),
            ("postgres://ann:hun/ter2@db/o", "postgres://…@db/o"),
            ("sqlite:///var/lib/ostia.db", "sqlite:///var/lib/ostia.db"),
            ("http://collector:4317", "http://collector:4317"),
        ] {
            assert_eq!(address(Some(url)), Value::Text(shown.to_owned()), "{url}");
        }
        assert_eq!(address(None), Value::Unset);
    }
}
