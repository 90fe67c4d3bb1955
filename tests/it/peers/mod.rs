//! Clients and servers that others wrote, which know nothing of Ostia.

mod compatibility;
mod conformance;
mod inspector;
pub(crate) mod installed;
mod mail;
mod official_clients;
mod python_sdk;
mod reference_servers;
mod rest;
mod servers;
mod tasks;
