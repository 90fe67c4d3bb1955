//! What upstreams list: tools as policy sees them, prompts and resources.

use serde::{Deserialize, Serialize};

/// What a call may do to the world, from the tool's own annotations.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    Read,
    Write,
    /// Also what is not said.
    #[default]
    Destructive,
}

impl Tier {
    /// A tool that says nothing about itself is taken to be destructive, as the specification's
    /// defaults for `readOnlyHint` (false) and `destructiveHint` (true) say.
    pub fn from_hints(read_only: Option<bool>, destructive: Option<bool>) -> Self {
        match (read_only, destructive) {
            (Some(true), _) => Self::Read,
            (_, Some(false)) => Self::Write,
            _ => Self::Destructive,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Destructive => "destructive",
        }
    }
}

/// One tool of an upstream, with its definition exactly as the upstream sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// The upstream's own name for it.
    pub name: String,
    /// The JSON object from `tools/list`, byte for byte: members nobody here knows must survive.
    pub definition: String,
    pub tier: Tier,
    /// Listed only to clients that can be asked (elicitation, sampling, roots).
    pub asks_client: bool,
}

/// A prompt, a resource or a resource template of an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The upstream's own name of a prompt, URI of a resource, or URI template.
    pub name: String,
    /// The JSON object from the list, byte for byte.
    pub definition: String,
}
