//! Plans: how much a key may do in a short window.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub id: Uuid,
    pub name: String,
    /// Calls per minute, spread evenly (GCRA); unset is no rate limit.
    pub calls_per_minute: Option<std::num::NonZeroU32>,
    /// Calls that may come at once before the rate holds; unset is `calls_per_minute`.
    pub burst: Option<std::num::NonZeroU32>,
    /// Calls of one key in flight at once; unset is no limit.
    pub max_in_flight: Option<std::num::NonZeroU32>,
}
