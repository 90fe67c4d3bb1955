//! What changed, for everybody who listens: one hub per edge.
//!
//! That a list changed for somebody shows in the view, because policies and bundles change lists as much
//! as upstreams do; so listeners compare what they see in each new view. The hub carries what no view
//! shows: updates of resources, and lists that an upstream says it changed without a difference.

use crate::{pool::changes::Change, view::Kind};
use tokio::sync::broadcast;
use uuid::Uuid;

/// Announcements a slow listener may be behind before it misses some.
const BUFFER: usize = 1024;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    pub upstream: Uuid,
    pub change: Change,
}

pub struct Announcements(broadcast::Sender<Announcement>);

impl Default for Announcements {
    fn default() -> Self {
        Self(broadcast::Sender::new(BUFFER))
    }
}

impl Announcements {
    pub fn listen(&self) -> broadcast::Receiver<Announcement> {
        self.0.subscribe()
    }

    pub fn announce(&self, upstream: Uuid, change: Change) {
        // Nobody may be listening.
        let _ = self.0.send(Announcement { upstream, change });
    }
}

/// The lists that clients hear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum List {
    Tools,
    Prompts,
    Resources,
}

impl List {
    pub const ALL: [Self; 3] = [Self::Tools, Self::Prompts, Self::Resources];

    pub fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Tools => &[Kind::Tool],
            Self::Prompts => &[Kind::Prompt],
            Self::Resources => &[Kind::Resource, Kind::Template],
        }
    }

    pub fn notification(self) -> &'static str {
        match self {
            Self::Tools => "notifications/tools/list_changed",
            Self::Prompts => "notifications/prompts/list_changed",
            Self::Resources => "notifications/resources/list_changed",
        }
    }

    /// The member of a modern client's filter.
    pub fn filter_member(self) -> &'static str {
        match self {
            Self::Tools => "toolsListChanged",
            Self::Prompts => "promptsListChanged",
            Self::Resources => "resourcesListChanged",
        }
    }

    pub fn of(change: &Change) -> Option<Self> {
        match change {
            Change::Tools => Some(Self::Tools),
            Change::Prompts => Some(Self::Prompts),
            Change::Resources => Some(Self::Resources),
            Change::Updated(_) | Change::Task { .. } => None,
        }
    }
}
