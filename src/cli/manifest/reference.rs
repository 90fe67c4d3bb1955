//! Where a secret of a manifest comes from. It is never in the manifest.

use crate::{config, failure::Failure};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::{
    fmt,
    path::{Path, PathBuf},
};

/// `{env: NAME}`, `{file: PATH}` or `{keep: true}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Reference {
    /// A variable where the manifest is applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) env: Option<String>,
    /// A file there; a relative path begins at the manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<PathBuf>,
    /// Where the variable is not set, the upstream keeps the value that it has.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    keep: bool,
}

impl Reference {
    /// What an export says of a value that nobody can read.
    pub(super) fn exported(variable: String) -> Self {
        Self {
            env: Some(variable),
            file: None,
            keep: true,
        }
    }

    /// The value; empty where the upstream is to keep what it has.
    pub(super) fn value(&self, folder: &Path) -> Result<String, Failure> {
        let value = match (&self.env, &self.file) {
            (Some(name), _) => match config::environment_variable(name) {
                Some(value) => value,
                None if self.keep => return Ok(String::new()),
                None => {
                    let problem = format!("there is no variable {name} in the environment");
                    return Err(Failure::usage(problem));
                }
            },
            (None, Some(path)) => config::read_named("file", &folder.join(path))?,
            (None, None) => return Ok(String::new()),
        };
        let value = value.trim_end_matches(['\r', '\n']);
        if value.is_empty() {
            return Err(Failure::usage("the value is empty"));
        }
        Ok(value.to_owned())
    }
}

/// By hand, because an error of the library would repeat what stands there, which may be a secret.
impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor;

const FORM: &str = "a secret is not written down: take it from {env: NAME} or {file: PATH}, or leave it \
                    as it is with {keep: true}";

impl<'de> de::Visitor<'de> for Visitor {
    type Value = Reference;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{env: NAME}, {file: PATH} or {keep: true}")
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Reference, E> {
        Err(E::custom(FORM))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Reference, E> {
        Err(E::custom(FORM))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Reference, E> {
        Err(E::custom(FORM))
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Reference, E> {
        Err(E::custom(FORM))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Reference, E> {
        Err(E::custom(FORM))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Reference, E> {
        Err(E::custom(FORM))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, _: A) -> Result<Reference, A::Error> {
        Err(de::Error::custom(FORM))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Reference, A::Error> {
        let mut reference = Reference::default();
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "env" => reference.env = Some(map.next_value()?),
                "file" => reference.file = Some(map.next_value()?),
                "keep" => reference.keep = map.next_value()?,
                _ => return Err(de::Error::custom(FORM)),
            }
        }
        let Reference { env, file, keep } = &reference;
        match (env, file, keep) {
            (Some(_), None, _) | (None, Some(_), false) | (None, None, true) => Ok(reference),
            _ => Err(de::Error::custom(FORM)),
        }
    }
}
