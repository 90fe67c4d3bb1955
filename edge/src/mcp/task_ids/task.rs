//! A task, and the id that its client knows it by.
//!
//! ```text
//! format: 1 | upstream: 16 | worker: 16 | in format 2: length of the edge: 2 | edge
//!     | length of the tool's name: 2 | tool's name | upstream's id, as JSON
//! ```
//! The edge is the one that has the worker, where others reach it ([`super::owner`]).
//!
//! Sealed for the key that made the task, so that it tells where to go on without a table, and somebody
//! else's id is like an unknown one. The same task has the same id each time: clients compare them.

use crate::mcp::{
    owner::Owner,
    seal::{Purpose, Sealer},
};
use uuid::Uuid;

const ANYWHERE: u8 = 1;
const AT_AN_EDGE: u8 = 2;

/// A task as its upstream knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    pub upstream: Uuid,
    /// That has it; nil where every connection of the upstream is as good.
    pub worker: Uuid,
    /// The edge whose process the worker is, where others reach that edge.
    pub at: Option<Owner>,
    /// The upstream's own name of the tool that was called.
    pub tool: String,
    /// The upstream's own id, as JSON.
    pub own: String,
}

impl Task {
    /// Every reason against an id looks the same.
    pub fn open(sealer: &Sealer, owner: Uuid, id: &str) -> Option<Self> {
        let content = sealer.open(Purpose::Task, owner, id)?;
        let (format, rest) = content.split_first()?;
        let (upstream, rest) = rest.split_first_chunk::<16>()?;
        let (worker, rest) = rest.split_first_chunk::<16>()?;
        let (at, rest) = match *format {
            ANYWHERE => (None, rest),
            AT_AN_EDGE => {
                let (edge, rest) = counted(rest)?;
                (Some(Owner::read(edge)?), rest)
            }
            _ => return None,
        };
        let (tool, own) = counted(rest)?;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        Some(Self {
            at,
            upstream: Uuid::from_bytes(*upstream),
            worker: Uuid::from_bytes(*worker),
            tool: text(tool)?,
            own: text(own)?,
        })
    }

    /// Unset where the tool's name is longer than any is.
    pub(super) fn seal(&self, sealer: &Sealer, owner: Uuid) -> Option<String> {
        let format = self.at.as_ref().map_or(ANYWHERE, |_| AT_AN_EDGE);
        let mut content = vec![format];
        content.extend_from_slice(self.upstream.as_bytes());
        content.extend_from_slice(self.worker.as_bytes());
        if let Some(at) = &self.at {
            let mut edge = Vec::new();
            at.write(&mut edge);
            push_counted(&mut content, &edge)?;
        }
        push_counted(&mut content, self.tool.as_bytes())?;
        content.extend_from_slice(self.own.as_bytes());
        sealer.seal_name(Purpose::Task, owner, &content)
    }
}

/// What begins with its length, and the rest.
fn counted(content: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = content.split_first_chunk::<2>()?;
    rest.split_at_checked(u16::from_be_bytes(*length).into())
}

fn push_counted(content: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    let length = u16::try_from(bytes.len()).ok()?;
    content.extend_from_slice(&length.to_be_bytes());
    content.extend_from_slice(bytes);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use ostia_domain::key::Secret;

    #[test]
    fn an_id_names_the_edge_that_has_its_worker() {
        let key = Secret::new(BASE64_STANDARD.encode([7; 32]));
        let sealer = Sealer::new(&[key]).unwrap();
        let key = Uuid::from_u128(1);
        let owner = |url: Option<&str>| Owner {
            id: Uuid::from_u128(4),
            url: url.map(str::to_owned),
        };
        for at in [
            None,
            Some(owner(None)),
            Some(owner(Some("http://edge:8080"))),
        ] {
            let task = Task {
                upstream: Uuid::from_u128(2),
                worker: Uuid::from_u128(3),
                at,
                tool: "work".into(),
                own: "\"a\"".into(),
            };
            let id = task.seal(&sealer, key).unwrap();
            assert_eq!(Task::open(&sealer, key, &id), Some(task));
        }
    }
}
