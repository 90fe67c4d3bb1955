//! The data folder: `ostia.db`, `secrets.toml`, and, while roles run on
//! it, their addresses.

use crate::failure::Failure;
use std::{
    fs::{self, DirBuilder, File, TryLockError},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// The database, unless another one is named.
pub(crate) const DATABASE: &str = "ostia.db";

#[derive(Clone, Debug)]
pub(crate) struct DataDir(PathBuf);

impl DataDir {
    /// The folder, made for this user alone where there is none.
    pub(crate) fn prepare(path: &Path) -> Result<Self, Failure> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|error| {
            Failure::new(format!("cannot make the data folder {}", path.display()))
                .because(&error)
                .hint("choose another one with --data-dir")
        })?;
        let folder = Self(path.to_owned());
        if folder.open_to_others() {
            tracing::warn!(
                data_dir = %path.display(),
                "others can read the data folder; `chmod 700` it"
            );
        }
        Ok(folder)
    }

    /// The folder as it is; it may be missing.
    pub(crate) fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Makes the file of the database, empty, if there is none: SQLite would make it readable for
    /// everybody, and gives what it makes beside it the same mode.
    pub(crate) fn make_database(&self) -> Result<(), Failure> {
        let path = self.0.join(DATABASE);
        private(&path, false).map(drop).map_err(|error| {
            Failure::new(format!("cannot open {}", path.display())).because(&error)
        })
    }

    pub(crate) fn has_database(&self) -> bool {
        self.0.join(DATABASE).exists()
    }

    pub(crate) fn spool(&self) -> PathBuf {
        self.0.join("spool")
    }

    pub(crate) fn open_to_others(&self) -> bool {
        fs::metadata(&self.0).is_ok_and(|data| data.permissions().mode() & 0o077 != 0)
    }

    /// Keeps a second process from running the same role on this folder, for as long as the value
    /// lives; the kernel lets go of it however the process ends.
    pub(crate) fn lock(&self, role: &str) -> Result<File, Failure> {
        let path = self.0.join(format!("{role}.lock"));
        let problem = |error: &io::Error| {
            Failure::new(format!("cannot lock {}", path.display())).because(error)
        };
        let file = private(&path, false).map_err(|error| problem(&error))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(Failure::new(format!(
                "another ostia already runs {role} on {}",
                self.0.display()
            ))
            .hint("stop it first, or choose another folder with --data-dir")),
            Err(TryLockError::Error(error)) => Err(problem(&error)),
        }
    }

    /// Whether a process runs the role on this folder.
    pub(crate) fn is_locked(&self, role: &str) -> bool {
        File::open(self.0.join(format!("{role}.lock")))
            .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Writes down where a role listens, for the command line and for other roles.
    pub(crate) fn announce(&self, role: &str, url: &str) -> Result<Announced, Failure> {
        let path = self.address_file(role);
        private(&path, true)
            .and_then(|mut file| writeln!(file, "{url}"))
            .map_err(|error| {
                Failure::new(format!("cannot write {}", path.display())).because(&error)
            })?;
        Ok(Announced(path))
    }

    /// Where a role said that it listens. It may have been killed since.
    pub(crate) fn announced(&self, role: &str) -> Option<String> {
        let text = fs::read_to_string(self.address_file(role)).ok()?;
        Some(text.trim().to_owned()).filter(|url| !url.is_empty())
    }

    fn address_file(&self, role: &str) -> PathBuf {
        self.0.join(format!("{role}.addr"))
    }
}

/// Opens a file for writing, making it for this user alone where there is none.
pub(crate) fn private(path: &Path, truncate: bool) -> io::Result<File> {
    File::options()
        .create(true)
        .write(true)
        .truncate(truncate)
        .mode(0o600)
        .open(path)
}

/// Takes the address back when the role stops.
pub(crate) struct Announced(PathBuf);

impl Drop for Announced {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
