//! The shape of the sources, which no compiler checks: who may name what, what every error must have,
//! how long a file may be. A failure says what to do.

mod dependencies;
mod error_pages;
mod files;
mod layout;
mod module_rules;
mod pages;
mod sources;
