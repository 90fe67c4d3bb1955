//! What a backup is: a text of lines, each a JSON value, the same for every database.
//!
//! ```text
//! {"ostia_backup":1,"product_version":…,"schema":…,"created_at":…,"master_keys":[…],"key_pepper":…}
//! {"table":"users","columns":[["id","uuid"],["name","text"]]}
//! ["0199…","ada"]
//! {"end":"users","rows":1,"sha256":…}
//! {"end_of_backup":1,"tables":1,"rows":1,"sha256":…}
//! ```
//! The hash of a table covers its lines from its first to its last row, that of the last line everything
//! before it. It shows damage, not forgery: who can write a backup can also write its hashes.
//!
//! Here is the form alone. What is in it comes from `store/backup`, and goes there.

mod cell;
mod read;
mod write;

pub(crate) use cell::{Cell, Kind};
pub use read::{Damage, inspect};
pub(crate) use read::{Part, Reader};
pub(crate) use write::Writer;

use ostia_domain::clock::Timestamp;
use serde::{Deserialize, Serialize};

/// Of the form; another one would be read differently.
const FORM: u32 = 1;

/// Where a backup comes from, and what is needed to use it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    ostia_backup: u32,
    pub product_version: String,
    /// The newest step of the schema.
    pub schema: String,
    pub created_at: Timestamp,
    /// Ids of the master keys that sealed something in it.
    pub master_keys: Vec<String>,
    /// Names the pepper of the hashes of API keys, and tells nothing of it.
    pub key_pepper: String,
}

impl Header {
    pub(crate) fn new(
        schema: &str,
        created_at: Timestamp,
        master_keys: Vec<String>,
        key_pepper: String,
    ) -> Self {
        Self {
            ostia_backup: FORM,
            product_version: env!("CARGO_PKG_VERSION").to_owned(),
            schema: schema.to_owned(),
            created_at,
            master_keys,
            key_pepper,
        }
    }
}

/// A backup that is whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    #[serde(flatten)]
    pub header: Header,
    pub tables: Vec<TableSummary>,
    pub rows: u64,
    /// Of everything but the last line, in hexadecimal digits.
    pub sha256: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableSummary {
    pub table: String,
    pub rows: u64,
    pub sha256: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TableLine {
    table: String,
    columns: Vec<(String, Kind)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EndLine {
    end: String,
    rows: u64,
    sha256: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LastLine {
    end_of_backup: u32,
    tables: usize,
    rows: u64,
    sha256: String,
}

/// In hexadecimal digits.
fn hex(digest: ring::digest::Context) -> String {
    use std::fmt::Write as _;
    let digest = digest.finish();
    let bytes = digest.as_ref().iter();
    bytes.fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ostia_domain::clock;
    use std::io::Cursor;
    use uuid::Uuid;

    fn sample() -> Vec<u8> {
        let header = Header::new("m1", clock::now(), vec!["00ff".into()], "abcd".into());
        let mut writer = Writer::default();
        let mut text = writer.header(&header).unwrap();
        let kinds = [
            ("id", Kind::Uuid),
            ("at", Kind::Time),
            ("blob", Kind::Bytes),
            ("note", Kind::Text),
        ];
        let columns = kinds.map(|(name, kind)| (name.to_owned(), kind));
        text.extend(writer.table("things", columns.to_vec()).unwrap());
        for n in 0..3 {
            let row = [
                Cell::Uuid(Uuid::from_u128(n)),
                Cell::Time(clock::now()),
                Cell::Bytes(vec![0, 255]),
                Cell::Null,
            ];
            writer.row(&mut text, &row).unwrap();
        }
        text.extend(writer.end_of_table().unwrap());
        text.extend(writer.end().unwrap());
        text
    }

    #[test]
    fn what_was_written_is_read() {
        let summary = inspect(Cursor::new(sample())).unwrap();
        assert_eq!((summary.rows, summary.tables.len()), (3, 1));
        assert_eq!(summary.header.master_keys, ["00ff"]);
    }

    /// Whatever single byte changes, and wherever it is cut off.
    #[test]
    fn damage_is_found_and_its_place_named() {
        let whole = sample();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            let line = whole[..at].split(|byte| *byte == b'\n').count() as u64;
            let damage = inspect(Cursor::new(damaged)).expect_err("a changed byte");
            // What only a hash can tell is told where the hash is.
            assert!(damage.line >= line || whole[at] == b'\n', "{at}: {damage}");
            let cut = inspect(Cursor::new(&whole[..at]));
            assert!(cut.is_err(), "cut off after {at} bytes");
        }
        let more = [&whole[..], b"\n"].concat();
        assert!(inspect(Cursor::new(more)).is_err());
    }
}
