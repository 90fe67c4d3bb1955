//! Records on disk, for as long as control is away: one file per batch, oldest first by name.

use ostia_proto::v1::RecordRequest;
use prost::Message as _;
use std::{
    fs, io,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};
use uuid::Uuid;

pub(super) struct Spool {
    dir: PathBuf,
    /// Known to hold nothing, so that the usual case looks at no directory.
    empty: bool,
}

/// Files that are handed over when control is back, and files that somebody must look at.
const WAITING: &str = "records";
const ASIDE: &str = "refused";

impl Spool {
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        Ok(Self {
            dir: dir.to_owned(),
            empty: false,
        })
    }

    /// Writes a batch to be handed over later, or says that it is not.
    pub(super) fn write(&mut self, batch: &RecordRequest) -> bool {
        let written = self.store(batch, WAITING);
        self.empty &= !written;
        written
    }

    /// Writes a batch that control refuses, for a person.
    pub(super) fn set_aside(&self, batch: &RecordRequest) -> bool {
        self.store(batch, ASIDE)
    }

    /// The file is either there whole or not at all after a crash.
    fn store(&self, batch: &RecordRequest, ending: &str) -> bool {
        let name = self.dir.join(Uuid::now_v7().to_string());
        let (partial, whole) = (name.with_extension("partial"), name.with_extension(ending));
        let written = write_synced(&partial, &batch.encode_to_vec())
            .and_then(|()| fs::rename(&partial, &whole));
        match written {
            Ok(()) => true,
            Err(error) => {
                // On a full disk each attempt would leave another piece.
                let _ = fs::remove_file(&partial);
                tracing::error!(
                    %error, file = %whole.display(), count = batch.records.len(),
                    "records can be handed neither to control nor to the disk; they wait in memory"
                );
                false
            }
        }
    }

    /// The oldest batch and its file. A file that cannot be read is put aside for a person.
    pub(super) fn oldest(&mut self) -> Option<(PathBuf, RecordRequest)> {
        if self.empty {
            return None;
        }
        loop {
            let Some(file) = self.first_file().transpose() else {
                self.empty = true;
                return None;
            };
            // A folder that is not there now may come back with what is in it.
            let file = file.ok()?;
            match fs::read(&file).map(|bytes| RecordRequest::decode(bytes.as_slice())) {
                Ok(Ok(batch)) => return Some((file, batch)),
                Ok(Err(error)) => {
                    tracing::error!(file = %file.display(), %error, "a file of records cannot be read");
                    if !Self::keep_for_a_person(&file) {
                        return None;
                    }
                }
                Err(error) => {
                    tracing::error!(file = %file.display(), %error, "a file of records cannot be read");
                    return None;
                }
            }
        }
    }

    fn first_file(&self) -> io::Result<Option<PathBuf>> {
        let files = fs::read_dir(&self.dir)?;
        let first = files
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|ending| ending == WAITING))
            .min();
        Ok(first)
    }

    /// Puts a file where it is not found again; nothing is deleted that was not handed over.
    pub(super) fn keep_for_a_person(file: &Path) -> bool {
        done(file, &fs::rename(file, file.with_extension(ASIDE)))
    }

    pub(super) fn remove(file: &Path) -> bool {
        done(file, &fs::remove_file(file))
    }
}

/// For nobody else to read: who called what, and where an upstream keeps them with which arguments.
fn write_synced(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn done(file: &Path, outcome: &io::Result<()>) -> bool {
    if let Err(error) = outcome {
        tracing::error!(file = %file.display(), %error, "a file of records stays where it is");
    }
    outcome.is_ok()
}
