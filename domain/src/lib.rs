//! The words of the product as types: no I/O, no async, no transport, no database.
//!
//! Everything here is pure. Time and randomness come in as arguments, so that a decision made at
//! the edge can be made again, by a test or by `control`, with the same answer.

pub mod audit;
pub mod bundle;
pub mod capability;
pub mod client_file;
pub mod clock;
pub mod code;
pub mod credential;
pub mod glob;
pub mod key;
pub mod name;
pub mod network;
pub mod period;
pub mod plan;
pub mod policy;
pub mod price;
pub mod principal;
pub mod reach;
pub mod redact;
pub mod settings;
pub mod snapshot;
pub mod tool;
pub mod upstream;
pub mod usage;
pub mod user;
pub mod window;
