//! The values of a row, one after another: on their way into a statement, or into a hash.

use uuid::Uuid;

/// What PostgreSQL refuses in a text, and what stands for it: one odd name must not hold up a batch.
const NUL: u8 = 0;
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// Takes the values of a row in the order of its columns.
pub(super) trait Cells {
    fn null(&mut self);
    fn number(&mut self, value: i64);
    fn bytes(&mut self, value: &[u8]);
    /// One text of several parts, each as [`push_text`] has it.
    fn texts(&mut self, parts: &[&str]);

    fn uuid(&mut self, value: Option<Uuid>) {
        self.optional_bytes(value.as_ref().map(|id| id.as_bytes().as_slice()));
    }

    fn optional_number(&mut self, value: Option<i64>) {
        match value {
            Some(number) => self.number(number),
            None => self.null(),
        }
    }

    fn optional_bytes(&mut self, value: Option<&[u8]>) {
        match value {
            Some(bytes) => self.bytes(bytes),
            None => self.null(),
        }
    }

    fn text(&mut self, value: Option<&str>) {
        match value {
            Some(text) => self.texts(&[text]),
            None => self.null(),
        }
    }
}

/// Appends a text as it is stored.
pub(super) fn push_text(bytes: &mut Vec<u8>, text: &str) {
    let mut pieces = text.as_bytes().split(|byte| *byte == NUL);
    bytes.extend_from_slice(pieces.next().unwrap_or_default());
    for piece in pieces {
        bytes.extend_from_slice(REPLACEMENT);
        bytes.extend_from_slice(piece);
    }
}
