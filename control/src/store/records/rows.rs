//! Rows on their way into a statement.
//!
//! Binding a text costs several allocations, some of them freed on another thread, and a call has a
//! dozen texts. So all bytes of a statement go into one value, and what is bound for a text is one
//! number that says where in it: the offset, from 1, in the upper half and the length in the lower.

use crate::store::cells::{Cells, push_text};
use sea_orm::Value;

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

impl Cells for Rows {
    fn null(&mut self) {
        self.cells.push(Value::BigInt(None));
    }

    fn number(&mut self, value: i64) {
        self.cells.push(value.into());
    }

    fn bytes(&mut self, value: &[u8]) {
        let from = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.close(from);
    }

    fn texts(&mut self, parts: &[&str]) {
        let from = self.bytes.len();
        for part in parts {
            push_text(&mut self.bytes, part);
        }
        self.close(from);
    }
}
