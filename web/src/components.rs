//! What pages are made of: one small design system, whose colours and sizes are in `assets/css`.
//!
//! Components take values that were loaded and decided before; they ask nobody and refuse nothing. Every
//! text they are given is text, whoever wrote it.

#![allow(
    clippy::needless_pass_by_value,
    reason = "what a component is given is its own: its parts may be written after whoever gave it is gone"
)]

pub(crate) mod chart;
pub(crate) mod content;
pub(crate) mod form;
pub(crate) mod live;
pub(crate) mod money;
pub(crate) mod number;
pub(crate) mod removal;
pub(crate) mod rows;
pub(crate) mod shell;
pub(crate) mod snippets;
pub(crate) mod table;
pub(crate) mod time;
