//! Values that nobody else has, and the search for them.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use std::fmt::Write as _;
use uuid::Uuid;

/// Shorter pieces of a secret are found by chance, or are meant to be seen.
const PIECE: usize = 16;

pub(super) struct Canary {
    what: &'static str,
    /// The value as it was planted, its halves, and what encodings make of it.
    forms: Vec<Vec<u8>>,
}

/// Something that was said or kept, by whom.
pub(super) struct Said {
    pub(super) place: String,
    pub(super) bytes: Vec<u8>,
}

impl Said {
    pub(super) fn new(place: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            place: place.into(),
            bytes: bytes.into(),
        }
    }

    pub(super) fn holds(&self, form: &[u8]) -> Option<usize> {
        memchr::memmem::find(&self.bytes, form)
    }
}

/// A value to plant.
pub(super) fn value() -> String {
    format!(
        "canary{}{}",
        Uuid::new_v4().simple(),
        Uuid::new_v4().simple()
    )
}

impl Canary {
    pub(super) fn new(what: &'static str, value: &str) -> Self {
        let mut forms = vec![value.as_bytes().to_vec()];
        if value.len() >= 3 * PIECE {
            let (first, last) = (value.len() / 3, value.len() - PIECE);
            // The very start of a key is its prefix and its public id.
            forms.push(value.as_bytes()[first..first + PIECE].to_vec());
            forms.push(value.as_bytes()[last..].to_vec());
        }
        forms.push(hex(value));
        forms.extend((0..3).map(|offset| in_base64(value, offset)));
        Self { what, forms }
    }

    /// Where it is, in words.
    pub(super) fn sightings(&self, said: &[Said]) -> Vec<String> {
        let find = |said: &Said| {
            let at = self.forms.iter().find_map(|form| said.holds(form))?;
            let around = at.saturating_sub(100)..(at + 100).min(said.bytes.len());
            let around = String::from_utf8_lossy(&said.bytes[around]).into_owned();
            Some(format!("{} is in {}: {around:?}", self.what, said.place))
        };
        said.iter().filter_map(find).collect()
    }
}

fn hex(value: &str) -> Vec<u8> {
    let hex = value.bytes().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    hex.into_bytes()
}

/// What is the same of it in Base64 whatever stands around it, `offset` bytes after a multiple of three.
fn in_base64(value: &str, offset: usize) -> Vec<u8> {
    let encoded = STANDARD_NO_PAD.encode([&"\0".repeat(offset), value].concat());
    let whole = (offset + value.len()) / 3 * 4;
    encoded.as_bytes()[(offset * 8).div_ceil(6)..whole].to_vec()
}

#[test]
fn a_canary_is_found_in_any_of_its_forms() {
    let value = value();
    let canary = Canary::new("it", &value);
    let basic = STANDARD_NO_PAD.encode(format!("ann:{value}!"));
    for told in [&value, &value[20..45], &value[value.len() - 20..], &basic] {
        let said = [
            Said::new("here", "nothing"),
            Said::new("there", told.as_bytes()),
        ];
        assert_eq!(canary.sightings(&said).len(), 1, "{told}");
    }
    let said = [
        Said::new("here", hex(&value)),
        Said::new("there", &value[..PIECE]),
    ];
    assert_eq!(canary.sightings(&said).len(), 1);
}
