//! The MCP endpoint, through the real program.

mod accept;
mod cancellation;
mod documented;
mod drain;
mod endpoints;
mod faults;
mod isolation;
mod keys;
mod legacy;
mod limits;
mod modern;
mod orphans;
mod param_headers;
mod progress;
mod records;
mod refusals;
mod relay;
mod revocation;
mod split;
mod workers;
