//! The MCP endpoint, through the real program.

mod accept;
mod asking;
mod bundles;
mod cancellation;
mod documented;
mod drain;
mod endpoints;
mod faults;
mod http_upstreams;
mod isolation;
mod keys;
mod legacy;
mod limits;
mod listening;
mod modern;
mod orphans;
mod param_headers;
mod progress;
mod records;
mod refusals;
mod relay;
mod resources;
mod resumption;
mod revocation;
mod split;
mod workers;
