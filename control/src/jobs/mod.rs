//! What goes on beside the answers. Each task belongs to the tracker of the control and ends with it.

pub(crate) mod ended;
pub(crate) mod idle_keys;
pub(crate) mod last_used;
pub(crate) mod refusals;
pub(crate) mod retention;
