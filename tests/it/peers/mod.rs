//! Clients and servers that others wrote, which know nothing of Ostia.

mod inspector;
mod installed;
mod python_sdk;
mod servers;
