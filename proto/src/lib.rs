//! The contract between the roles: generated types, their conversions to and from `ostia_domain`, and
//! the client with which edge, web and CLI talk to `control`.
//!
//! A value is checked where it is converted: past this crate there is no `Option` of a required thing
//! and no string that should have been a number. A conversion that fails names the field.

pub mod client;
pub mod convert;
pub mod status;

/// What the compiler of `ostia/v1/*.proto` makes.
#[allow(clippy::pedantic, unreachable_pub, reason = "generated")]
pub mod v1 {
    tonic::include_proto!("ostia.v1");
}

/// The files as a descriptor set, for gRPC reflection.
pub const DESCRIPTOR: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/ostia_descriptor.bin"));

pub use client::ControlClient;
pub use convert::FieldError;
