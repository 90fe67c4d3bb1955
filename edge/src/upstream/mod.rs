//! Upstreams from the inside: the first words with them, what they offer, and one call to one of them.

pub mod catalogue;
pub mod exchange;
pub mod handshake;
pub mod listen;
pub mod request_line;
