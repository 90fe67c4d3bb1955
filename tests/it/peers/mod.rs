//! Clients and servers that others wrote, which know nothing of Ostia.

mod compatibility;
mod conformance;
mod inspector;
mod installed;
mod python_sdk;
mod servers;
mod tasks;
