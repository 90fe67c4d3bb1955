//! Backups: all of the database in one text, and back.
//!
//! What is sealed stays sealed, and the master key is not in it.

mod restore;

pub use restore::{Refilled, restore};

use super::App;
use crate::{
    backup::{Header, Writer},
    error::{Error, Kind, Result},
    op::{Detail, Op, Touched},
    store::{self, backup::Dump, schema},
    vault::{KEY_ID_LEN, KeyId},
};
use futures_util::{Stream, stream};
use ostia_domain::key::Secret;
use ring::hmac::{self, HMAC_SHA256};
use std::{fmt::Write as _, sync::Arc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Says which pepper it was without saying what it is.
const FINGERPRINT: &[u8] = b"ostia backup key pepper 1";
/// Bytes of it: enough to tell one from another.
const FINGERPRINT_LEN: usize = 4;

/// What backups need besides the database.
pub(crate) struct Backups {
    /// A backup has a connection for as long as it is read, and others need some too.
    turn: Arc<Semaphore>,
    key_pepper: String,
}

impl Backups {
    pub(crate) fn new(key_pepper: &Secret) -> Self {
        Self {
            turn: Arc::new(Semaphore::new(1)),
            key_pepper: fingerprint(key_pepper),
        }
    }
}

fn fingerprint(key_pepper: &Secret) -> String {
    let key = hmac::Key::new(HMAC_SHA256, key_pepper.expose().as_bytes());
    let tag = hmac::sign(&key, FINGERPRINT);
    let bytes = tag.as_ref().iter().take(FINGERPRINT_LEN);
    bytes.fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A backup that is being made.
struct Making {
    dump: Dump,
    writer: Writer,
    state: State,
    _turn: OwnedSemaphorePermit,
}

enum State {
    Header(Box<Header>),
    Table(store::backup::Rows),
    NextTable,
    Done,
}

impl App {
    /// The text in parts, each of whole lines. It is of one moment, whatever is written meanwhile, and
    /// read as fast as it is taken.
    pub(crate) async fn create_backup(
        &self,
        op: &Op,
    ) -> Result<impl Stream<Item = Result<Vec<u8>>> + Send + use<>> {
        let turn = self.backups.turn.clone().try_acquire_owned();
        let turn =
            turn.map_err(|_| Error::conflict("another backup is being made: wait for its end"))?;
        // Before it is read, so that whoever reads the backup knows where it comes from.
        let change = self.change(op, "backup.create").await?;
        change
            .commit("database", Detail::done(), Touched::Nothing)
            .await?;
        let dump = Dump::begin(&self.store).await?;
        let sealed = store::vault::count_by_key_id(dump.tx(), KEY_ID_LEN).await?;
        let keys = sealed.into_keys().filter_map(|id| {
            let id = id.try_into().ok()?;
            Some(KeyId(id).to_string())
        });
        let pepper = self.backups.key_pepper.clone();
        let header = Header::new(schema::NEWEST, op.now, keys.collect(), pepper);
        let making = Making {
            dump,
            writer: Writer::default(),
            state: State::Header(Box::new(header)),
            _turn: turn,
        };
        Ok(stream::try_unfold(making, async |mut making| {
            let part = making.part().await?;
            Ok(part.map(|part| (part, making)))
        }))
    }
}

impl Making {
    async fn part(&mut self) -> Result<Option<Vec<u8>>> {
        let unwritable = |_| Error(Kind::Internal("a row cannot be written as JSON"));
        match &mut self.state {
            State::Header(header) => {
                let text = self.writer.header(header).map_err(unwritable)?;
                self.state = State::NextTable;
                Ok(Some(text))
            }
            State::NextTable => {
                let Some(rows) = self.dump.next_table() else {
                    self.state = State::Done;
                    return self.writer.end().map(Some).map_err(unwritable);
                };
                let table = rows.table();
                let text = self.writer.table(&table.name, table.columns());
                self.state = State::Table(rows);
                text.map(Some).map_err(unwritable)
            }
            State::Table(rows) => {
                let Some(page) = self.dump.page(rows).await? else {
                    self.state = State::NextTable;
                    return self.writer.end_of_table().map(Some).map_err(unwritable);
                };
                let mut text = Vec::new();
                for row in page {
                    self.writer.row(&mut text, &row).map_err(unwritable)?;
                }
                Ok(Some(text))
            }
            State::Done => Ok(None),
        }
    }
}
