use super::{FieldError, all, from_timestamp, timestamp, uuid};
use crate::v1;
use ostia_domain::settings::{Process, Setting, Source, Value};

impl From<Process> for v1::Process {
    fn from(process: Process) -> Self {
        Self {
            id: process.id.to_string(),
            name: process.name,
            version: process.version,
            roles: process.roles,
            started_at: Some(timestamp(process.started_at)),
            settings: all(process.settings),
        }
    }
}

impl TryFrom<v1::Process> for Process {
    type Error = FieldError;
    fn try_from(process: v1::Process) -> Result<Self, FieldError> {
        let started_at = process.started_at;
        let started_at = started_at.ok_or(FieldError::missing("process.started_at"))?;
        Ok(Self {
            id: uuid("process.id", &process.id)?,
            name: process.name,
            version: process.version,
            roles: process.roles,
            started_at: from_timestamp("process.started_at", started_at)?,
            settings: all(process.settings),
        })
    }
}

impl From<Setting> for v1::Setting {
    fn from(setting: Setting) -> Self {
        let (value, secret) = match setting.value {
            Value::Text(text) => (Some(text), false),
            Value::Secret => (None, true),
            Value::Unset => (None, false),
        };
        let (source, from) = match setting.source {
            Source::Default => (v1::SettingSource::Unspecified, String::new()),
            Source::Flag(flag) => (v1::SettingSource::Flag, flag),
            Source::Variable(name) => (v1::SettingSource::Variable, name),
            Source::File(path) => (v1::SettingSource::File, path),
            Source::Program(program) => (v1::SettingSource::Program, program),
        };
        Self {
            name: setting.name,
            value,
            secret,
            source: source.into(),
            from,
        }
    }
}

impl From<v1::Setting> for Setting {
    fn from(setting: v1::Setting) -> Self {
        let source = match setting.source() {
            v1::SettingSource::Unspecified => Source::Default,
            v1::SettingSource::Flag => Source::Flag(setting.from),
            v1::SettingSource::Variable => Source::Variable(setting.from),
            v1::SettingSource::File => Source::File(setting.from),
            v1::SettingSource::Program => Source::Program(setting.from),
        };
        Self {
            name: setting.name,
            value: match setting.value {
                // What says that it is one is believed, whatever else it says.
                _ if setting.secret => Value::Secret,
                Some(text) => Value::Text(text),
                None => Value::Unset,
            },
            source,
        }
    }
}
