//! The gRPC services of control, through the client that edge, web and CLI use.

mod audit;
mod authenticate;
mod authority;
mod bundles;
mod callers;
mod catalogues;
mod chain;
mod credentials;
mod criteria;
mod endpoints;
mod fixture;
mod groups;
mod identity;
mod keys;
mod plans;
mod policies;
mod prices;
mod quotas;
mod records;
mod restrictions;
mod rollups;
mod schema;
mod upstreams;
mod usage;
mod vault;
mod watch;
