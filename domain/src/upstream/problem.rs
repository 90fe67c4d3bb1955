//! Why an upstream does not work, and how far it came.

use std::fmt;

/// How far somebody came who wanted to use an upstream, in the order in which it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Its host name has no address, or none that it may have.
    Resolve,
    /// Nobody answers at its address.
    Connect,
    /// There is no secure connection: a certificate that is not trusted, or over.
    Tls,
    /// There is no access token, or what is presented is refused.
    Authorize,
    /// Its program cannot be started.
    Start,
    /// The first words of the protocol failed.
    Handshake,
    /// It was ready, and ended soon after.
    Run,
    /// All its workers were busy or still on their way for as long as may be waited.
    Queue,
    /// It works, but what it offers could not be listed, or is ambiguous.
    List,
}

impl Stage {
    pub const ALL: [Self; 9] = [
        Self::Resolve,
        Self::Connect,
        Self::Tls,
        Self::Authorize,
        Self::Start,
        Self::Handshake,
        Self::Run,
        Self::Queue,
        Self::List,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Authorize => "authorize",
            Self::Start => "start",
            Self::Handshake => "handshake",
            Self::Run => "run",
            Self::Queue => "queue",
            Self::List => "list",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == text)
    }
}

/// Why an upstream does not work, for operators and without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub stage: Stage,
    pub text: String,
}

impl Problem {
    pub fn new(stage: Stage, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { stage, text }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stage_has_a_name_of_its_own() {
        for stage in Stage::ALL {
            assert_eq!(Stage::parse(stage.as_str()), Some(stage));
        }
        assert_eq!(Stage::parse("elsewhere"), None);
    }
}
