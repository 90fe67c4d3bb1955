//! The control plane: keys, policies, upstreams, usage and audit, behind the services of `ostia.v1`.
//!
//! A request goes down through three layers, one file per resource in each and the same name in all:
//!
//! 1. `grpc/` turns a message into a question, and an answer or error into a message;
//! 2. `app/` has the rules;
//! 3. `store/` has the database.
//!
//! Every change begins with [`op::Op::change`] and ends with a commit that writes its audit event, bumps
//! the revision and wakes the watch (`snapshot/`); there is no other way to a transaction that writes,
//! except [`store::Store::write`] for what edges report by the thousand, browser sessions, by the page, and who is about
//! to tell somebody something.

mod app;
mod auth;
mod authority;
pub mod backup;
pub mod config;
pub mod error;
mod grpc;
mod jobs;
mod mail;
mod op;
mod server;
mod snapshot;
mod store;
mod vault;

pub use app::backup::{Refilled, restore};
pub use config::{Config, Mail, MaxKeyIdle, Retention, Tls};
pub use mail::{Mailer, MailerError};
pub use server::Control;
