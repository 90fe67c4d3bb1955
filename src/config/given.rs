//! What was given on the command line and in the environment, and in which of the two.

use clap::{ArgMatches, Command, parser::ValueSource};
use ostia_domain::settings::Source;
use std::collections::HashMap;

/// By the id of the argument. What was not given is not in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given(HashMap<String, Source>);

impl Given {
    /// Of all subcommands that were named; `command` is the one that was parsed with.
    pub(crate) fn of(command: &Command, matches: &ArgMatches) -> Self {
        let mut given = Self::default();
        let (mut command, mut matches) = (command, matches);
        loop {
            given.take(command, matches);
            let inner = matches.subcommand();
            let Some((named, inner)) =
                inner.and_then(|(name, inner)| Some((command.find_subcommand(name)?, inner)))
            else {
                return given;
            };
            (command, matches) = (named, inner);
        }
    }

    fn take(&mut self, command: &Command, matches: &ArgMatches) {
        for argument in command.get_arguments() {
            let id = argument.get_id().as_str();
            let source = match matches.value_source(id) {
                Some(ValueSource::CommandLine) => Source::Flag(match argument.get_long() {
                    Some(long) => format!("--{long}"),
                    None => format!("<{}>", id.to_uppercase()),
                }),
                Some(ValueSource::EnvVariable) => {
                    let name = argument.get_env().unwrap_or_default();
                    Source::Variable(name.to_string_lossy().into_owned())
                }
                _ => continue,
            };
            self.0.insert(id.to_owned(), source);
        }
    }

    pub(super) fn source(&self, argument: &str) -> Option<&Source> {
        self.0.get(argument)
    }
}

#[cfg(test)]
impl Given {
    /// As if every flag had been written.
    pub(super) fn all(command: &Command) -> Self {
        let flags = command.get_arguments().filter_map(|argument| {
            let flag = Source::Flag(format!("--{}", argument.get_long()?));
            Some((argument.get_id().to_string(), flag))
        });
        Self(flags.collect())
    }
}
