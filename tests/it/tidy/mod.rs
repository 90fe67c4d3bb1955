//! The shape of the sources.
