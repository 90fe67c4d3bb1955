//! The one integration-test binary: everything that needs more than one crate, or the real program.
//!
//! The tree follows what is promised: `control` the gRPC services, `cli` and `web` what people use,
//! `mcp` the endpoint with the built-in demo and with faulty upstreams, `peers` the same with clients
//! and servers that others wrote, `deploy` what it is installed with, `outage` what
//! goes on while something is away, `tidy` the shape of the sources. `harness` is what they share.

mod browser;
mod cli;
mod control;
mod deploy;
mod harness;
mod mcp;
mod outage;
mod peers;
mod tidy;
mod web;
