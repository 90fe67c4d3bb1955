//! Which secrets there are, and where they come from.

use super::shown;
use crate::config::{MasterKeySource, RunSettings, Secrets};
use ostia_domain::settings::{Setting, Source, Value};

/// Of the roles that run. Those that a first start has yet to make are not set.
pub(crate) fn secrets(run: &RunSettings, secrets: &Secrets) -> Vec<Setting> {
    let found = secrets.sources();
    let endpoint = &run.common.endpoint;
    let token_file = endpoint
        .token_file
        .as_deref()
        .filter(|_| !run.roles.control);
    let master_key = match &run.common.master_keys {
        MasterKeySource::SecretsFile => found.master_key,
        MasterKeySource::Variable(_) => Some(Source::Variable("OSTIA_MASTER_KEY".to_owned())),
        MasterKeySource::File(path) => Some(Source::File(shown(path))),
        // What it is given may be as secret as what it prints.
        MasterKeySource::Command(words) => words.first().cloned().map(Source::Program),
    };
    let token = match token_file {
        Some(path) => Some(Source::File(shown(path))),
        None => found.service_token,
    };
    let (control, edge) = (run.roles.control, run.roles.edge);
    [
        ("service_token", true, token),
        ("key_pepper", control, found.key_pepper),
        ("master_key", control, master_key),
        ("session_keys", edge, found.session_keys),
    ]
    .into_iter()
    .filter(|(_, needed, _)| *needed)
    .map(|(name, _, source)| Setting {
        name: name.to_owned(),
        value: match source {
            Some(_) => Value::Secret,
            None => Value::Unset,
        },
        source: source.unwrap_or(Source::Default),
    })
    .collect()
}
