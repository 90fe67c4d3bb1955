//! Rows on their way into a statement.
//!
//! Binding a text costs several allocations, some of them freed on another thread, and a call has a
//! dozen texts. So all bytes of a statement go into one value, and what is bound for a text is one
//! number that says where in it: the offset, from 1, in the upper half and the length in the lower.

use sea_orm::Value;
use uuid::Uuid;

/// What PostgreSQL refuses in a text, and what stands for it: one odd name must not hold up a batch.
const NUL: u8 = 0;
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

pub(super) struct Rows {
    cells: Vec<Value>,
    bytes: Vec<u8>,
}

impl Rows {
    /// `bytes` is what a usual row has.
    pub(super) fn with_capacity(cells: usize, bytes: usize) -> Self {
        Self {
            // One more for the bytes themselves.
            cells: Vec::with_capacity(cells + 1),
            bytes: Vec::with_capacity(bytes),
        }
    }

    pub(super) fn number(&mut self, value: i64) {
        self.cells.push(value.into());
    }

    pub(super) fn uuid(&mut self, value: Option<Uuid>) {
        self.bytes(value.as_ref().map(|id| id.as_bytes().as_slice()));
    }

    pub(super) fn bytes(&mut self, value: Option<&[u8]>) {
        let Some(value) = value else {
            return self.cells.push(Value::BigInt(None));
        };
        let from = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.close(from);
    }

    pub(super) fn text(&mut self, value: Option<&str>) {
        match value {
            Some(text) => self.texts(&[text]),
            None => self.cells.push(Value::BigInt(None)),
        }
    }

    /// One text of several parts.
    pub(super) fn texts(&mut self, parts: &[&str]) {
        let from = self.bytes.len();
        for part in parts {
            let mut pieces = part.as_bytes().split(|byte| *byte == NUL);
            self.bytes
                .extend_from_slice(pieces.next().unwrap_or_default());
            for piece in pieces {
                self.bytes.extend_from_slice(REPLACEMENT);
                self.bytes.extend_from_slice(piece);
            }
        }
        self.close(from);
    }

    /// Points at what was added since.
    fn close(&mut self, from: usize) {
        let place = ((from + 1) << 32) | (self.bytes.len() - from);
        // A batch is limited to far less than 2 GiB, which is where this would be something else.
        self.cells.push(i64::try_from(place).ok().into());
    }

    /// Cell by cell, and the bytes last.
    pub(super) fn into_values(mut self) -> Vec<Value> {
        self.cells.push(self.bytes.into());
        self.cells
    }
}
