//! How a client names its stream.

use super::super::{
    owner::Owner,
    seal::{Purpose, Sealer},
};
use crate::state::State;
use uuid::Uuid;

/// A stream as its client names it: where other edges reach this one, with the edge that has it, sealed for
/// the key whose stream it is.
pub struct Name {
    pub id: Uuid,
    pub at: Option<Owner>,
}

impl Name {
    pub fn of(state: &State, id: Uuid) -> Self {
        let reached = state.own.url.is_some();
        Self {
            id,
            at: reached.then(|| state.own.clone()),
        }
    }

    pub fn write(&self, sealer: &Sealer, key: Uuid) -> String {
        let name = self.at.as_ref().and_then(|at| {
            let mut content = self.id.as_bytes().to_vec();
            at.write(&mut content);
            sealer.seal(Purpose::Stream, key, &content)
        });
        name.unwrap_or_else(|| self.id.to_string())
    }

    pub fn read(text: &str, sealer: &Sealer, key: Uuid) -> Option<Self> {
        if let Ok(id) = text.parse() {
            return Some(Self { id, at: None });
        }
        let content = sealer.open(Purpose::Stream, key, text)?;
        let (id, at) = content.split_first_chunk::<16>()?;
        Some(Self {
            id: Uuid::from_bytes(*id),
            at: Some(Owner::read(at)?),
        })
    }
}
