//! The secrets of an installation: `secrets.toml` in the data folder, 0600, made on the first start.
//! Any of them can come from a variable instead.

use super::{Settings, effective::shown, master_keys, variable};
use crate::failure::Failure;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ostia_domain::{key::Secret, settings::Source};
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

const FILE: &str = "secrets.toml";
const BYTES: usize = 32;
const HEADER: &str = "\
# Made by Ostia on its first start. Whoever reads this file can open every stored credential and act
# as any service. Keep it 0600 and back it up apart from the database: without it no key works.
";

/// As in the file; every member may be missing there when its variable is set.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    service_token: Option<String>,
    key_pepper: Option<String>,
    master_key: Option<String>,
    #[serde(default)]
    session_keys: Vec<String>,
}

/// What was found. A variable wins over the file, and is never written to it.
pub(crate) struct Secrets {
    file: Stored,
    environment: Stored,
    /// Once they were found.
    master_keys: Option<Vec<Secret>>,
    path: PathBuf,
}

/// Whether the secrets were there or have just been made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Existing,
    Made,
}

pub(crate) fn path(data_dir: &Path) -> PathBuf {
    data_dir.join(FILE)
}

/// Where each secret is, of those that are there.
pub(super) struct Sources {
    pub(super) service_token: Option<Source>,
    pub(super) key_pepper: Option<Source>,
    /// In `secrets.toml`, if nothing else was named.
    pub(super) master_key: Option<Source>,
    pub(super) session_keys: Option<Source>,
}

impl Secrets {
    pub(super) fn sources(&self) -> Sources {
        let source = |variable: &str, is_in: fn(&Stored) -> bool| {
            if is_in(&self.environment) {
                return Some(Source::Variable(variable.to_owned()));
            }
            is_in(&self.file).then(|| Source::File(shown(&self.path)))
        };
        Sources {
            service_token: source("OSTIA_SERVICE_TOKEN", |from| from.service_token.is_some()),
            key_pepper: source("OSTIA_KEY_PEPPER", |from| from.key_pepper.is_some()),
            master_key: source(master_keys::VARIABLE, |from| from.master_key.is_some()),
            session_keys: source("OSTIA_SESSION_KEYS", |from| !from.session_keys.is_empty()),
        }
    }

    /// Reads what is there. The file may be missing; one that others can read is refused.
    pub(crate) fn read(data_dir: &Path) -> Result<Self, Failure> {
        let path = path(data_dir);
        let file = match fs::read_to_string(&path) {
            Ok(text) => {
                check_mode(&path)?;
                // The text is not repeated in the error: it is all secrets.
                toml::from_str(&text).map_err(|error| {
                    Failure::usage(format!("{}: {}", path.display(), error.message()))
                        .hint("restore the file from a backup")
                })?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Stored::default(),
            Err(error) => {
                let what = format!("cannot read {}", path.display());
                return Err(Failure::usage(what).because(&error));
            }
        };
        let session_keys = variable("OSTIA_SESSION_KEYS").unwrap_or_default();
        let environment = Stored {
            service_token: variable("OSTIA_SERVICE_TOKEN"),
            key_pepper: variable("OSTIA_KEY_PEPPER"),
            // Where that is to come from is a setting of its own.
            master_key: None,
            session_keys: session_keys
                .split_terminator(',')
                .map(|key| key.trim().to_owned())
                .collect(),
        };
        Ok(Self {
            file,
            environment,
            master_keys: None,
            path,
        })
    }

    /// The same with the master keys, wherever they are: for whoever opens control.
    pub(crate) async fn of_control(settings: &Settings) -> Result<Self, Failure> {
        let named = settings.master_keys.read().await?;
        Self::read(&settings.data_dir)?.with_master_keys(named)
    }

    /// Those that were named, or else those of the file.
    fn with_master_keys(mut self, named: Option<Vec<Secret>>) -> Result<Self, Failure> {
        let kept = self.file.master_key.as_deref().filter(|_| named.is_none());
        let kept = kept.map(|text| master_keys::parse(text, &self.path.display().to_string()));
        self.master_keys = kept.transpose()?.or(named);
        Ok(self)
    }

    /// Makes in memory what is missing, for an installation that has none yet.
    pub(crate) fn complete(&mut self) -> Result<Found, Failure> {
        let mut found = Found::Existing;
        let (file, environment) = (&mut self.file, &self.environment);
        for (member, given) in [
            (&mut file.service_token, &environment.service_token),
            (&mut file.key_pepper, &environment.key_pepper),
        ] {
            if member.is_none() && given.is_none() {
                *member = Some(random()?);
                found = Found::Made;
            }
        }
        if self.master_keys.is_none() {
            let key = file.master_key.insert(random()?);
            self.master_keys = Some(vec![Secret::new(&*key)]);
            found = Found::Made;
        }
        if self.session_key_list().is_empty() {
            self.file.session_keys.push(random()?);
            found = Found::Made;
        }
        Ok(found)
    }

    /// Writes the file, whole or not at all, readable for this user alone from its first byte.
    pub(crate) fn write(&self) -> Result<(), Failure> {
        let text = toml::to_string(&self.file)
            .map_err(|error| Failure::new("cannot write the secrets").because(&error))?;
        let partial = self.path.with_extension("toml.new");
        let written = (|| {
            let _ = fs::remove_file(&partial);
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&partial)?;
            file.write_all(HEADER.as_bytes())?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&partial, &self.path)
        })();
        written.map_err(|error: io::Error| {
            Failure::new(format!("cannot write {}", self.path.display())).because(&error)
        })
    }

    pub(crate) fn service_token(&self) -> Result<Secret, Failure> {
        self.demand("service_token", "OSTIA_SERVICE_TOKEN", |from| {
            &from.service_token
        })
    }

    pub(crate) fn key_pepper(&self) -> Result<Secret, Failure> {
        self.demand("key_pepper", "OSTIA_KEY_PEPPER", |from| &from.key_pepper)
    }

    /// The first seals what upstreams are given, every one opens it. Only [`Self::of_control`] has found them.
    pub(crate) fn master_keys(&self) -> Result<Vec<Secret>, Failure> {
        let missing = || self.missing("master_key", master_keys::VARIABLE);
        self.master_keys.clone().ok_or_else(missing)
    }

    /// The first seals session ids, every one opens them. An edge that was given none makes one: its
    /// sessions are then its own.
    pub(crate) fn session_keys(&mut self) -> Result<Vec<Secret>, Failure> {
        if self.session_key_list().is_empty() {
            self.file.session_keys.push(random()?);
            self.write()?;
        }
        let keys = self.session_key_list().iter();
        keys.map(|key| self.check_length("session_keys", Secret::new(key)))
            .collect()
    }

    fn session_key_list(&self) -> &[String] {
        if self.environment.session_keys.is_empty() {
            &self.file.session_keys
        } else {
            &self.environment.session_keys
        }
    }

    fn demand(
        &self,
        name: &str,
        variable: &str,
        member: impl Fn(&Stored) -> &Option<String>,
    ) -> Result<Secret, Failure> {
        let value = member(&self.environment)
            .as_ref()
            .or(member(&self.file).as_ref());
        value
            .map(Secret::new)
            .ok_or_else(|| self.missing(name, variable))
    }

    fn missing(&self, name: &str, variable: &str) -> Failure {
        Failure::usage(format!("there is no {name} in {}", self.path.display()))
            .hint(format!("restore the file from a backup, or set {variable}"))
    }

    fn check_length(&self, name: &str, key: Secret) -> Result<Secret, Failure> {
        match STANDARD.decode(key.expose()) {
            Ok(bytes) if bytes.len() == BYTES => Ok(key),
            _ => Err(Failure::usage(format!(
                "{name} in {} (or its variable) is not {BYTES} bytes in base64",
                self.path.display()
            ))),
        }
    }
}

fn check_mode(path: &Path) -> Result<(), Failure> {
    let mode = fs::metadata(path).map_or(0, |data| data.permissions().mode());
    if mode.trailing_zeros() >= 6 {
        // Nothing for group and others.
        return Ok(());
    }
    let shown = path.display();
    Err(
        Failure::usage(format!("{shown} can be read by others")).hint(format!(
            "chmod 600 {shown}, and rotate the secrets if others use this machine"
        )),
    )
}

fn random() -> Result<String, Failure> {
    let mut bytes = [0; BYTES];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Failure::new("the system gives no random numbers"))?;
    Ok(STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_for_this_user_alone_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let read = || Secrets::read(folder.path()).unwrap().with_master_keys(None);
        let mut made = read().unwrap();
        assert_eq!(made.complete().unwrap(), Found::Made);
        made.write().unwrap();
        let permissions = fs::metadata(path(folder.path()))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(permissions & 0o777, 0o600);

        let mut read = read().unwrap();
        assert_eq!(read.complete().unwrap(), Found::Existing);
        assert_eq!(read.master_keys().unwrap(), made.master_keys().unwrap());
        assert_eq!(read.session_keys().unwrap().len(), 1);
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(path(folder.path()), "").unwrap();
        let failure = Secrets::read(folder.path()).err().unwrap();
        assert!(failure.hint.unwrap().contains("chmod 600"));
    }

    #[test]
    fn a_broken_file_does_not_end_up_in_its_error() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(path(folder.path()), "key_pepper = \"hunter2").unwrap();
        fs::set_permissions(path(folder.path()), fs::Permissions::from_mode(0o600)).unwrap();
        let failure = Secrets::read(folder.path()).err().unwrap();
        assert!(!failure.message.contains("hunter2"), "{failure:?}");
    }
}
