//! What the tests share: a database, the program, a client whose every byte is chosen by the test.

#![allow(
    dead_code,
    reason = "a helper may be used by one group of tests today and by none tomorrow"
)]

pub(crate) mod authority;
pub(crate) mod between;
pub(crate) mod command;
pub(crate) mod control;
pub(crate) mod database;
pub(crate) mod environment;
pub(crate) mod guarded;
pub(crate) mod http;
pub(crate) mod interpreter;
pub(crate) mod launch;
pub(crate) mod mcp;
pub(crate) mod ostia;
pub(crate) mod postgres;
pub(crate) mod processes;
pub(crate) mod relay;
pub(crate) mod split;
pub(crate) mod talk;
pub(crate) mod upstreams;
pub(crate) mod wait;
pub(crate) mod world;
