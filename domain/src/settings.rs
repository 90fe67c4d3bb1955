//! What a process runs with, for people. A secret is never a value here: only that there is one.

use crate::clock::Timestamp;
use std::fmt;
use uuid::Uuid;

/// One start of the program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// Of this start.
    pub id: Uuid,
    /// Of its edge, or of the host that it is on.
    pub name: String,
    pub version: String,
    /// `control`, `edge`, `web`.
    pub roles: Vec<String>,
    pub started_at: Timestamp,
    /// In the order in which they are read best.
    pub settings: Vec<Setting>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// As in `ostia.toml`: `edge.max_body_bytes`.
    pub name: String,
    pub value: Value,
    pub source: Source,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(String),
    /// It is set, and nobody is shown what it is.
    Secret,
    Unset,
}

/// Where a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    Default,
    /// A flag or argument of the command line, as it is written there.
    Flag(String),
    /// A variable of the environment.
    Variable(String),
    /// A file, by its path.
    File(String),
    /// What a program prints.
    Program(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Secret => f.write_str("set"),
            Self::Unset => f.write_str("not set"),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Flag(flag) => write!(f, "flag {flag}"),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::File(path) => write!(f, "file {path}"),
            Self::Program(program) => write!(f, "program {program}"),
        }
    }
}
