//! MCP as clients speak it to an edge.
//!
//! A request is read in this order: [`endpoint`] (origin, key, body, envelope, era), [`headers`] (what a
//! modern request must repeat in its headers) or [`session`] (what a legacy one must have opened), and
//! then the file named after what it asks for.

pub mod admissible;
pub mod answer;
pub mod conversation;
pub mod discover;
pub mod endpoint;
pub mod envelope;
pub mod era;
pub mod event_stream;
#[cfg(test)]
mod fidelity;
pub mod forward;
pub mod headers;
pub mod http_sse;
pub mod in_flight;
pub mod initialize;
pub mod input_required;
pub mod introduce;
pub mod legacy;
pub mod listen;
pub mod listener;
pub mod lists;
pub mod log_level;
#[cfg(test)]
mod mutations;
pub mod origin;
pub mod owner;
pub mod param_headers;
pub mod parked;
pub mod questions;
pub mod read;
pub mod received;
pub mod relay;
pub mod replay;
pub mod request_state;
pub mod seal;
pub mod session;
pub mod session_tasks;
pub mod splice;
pub mod subscriptions;
pub mod task_ids;
pub mod task_streams;
pub mod tasks;
