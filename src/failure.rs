//! Why a command ends without having done what was asked, for people and for programs.

use ostia_domain::code::Code;
use ostia_proto::status::code_of;
use std::{fmt, process::ExitCode};

/// The exit codes, as `--help` and the README list them. They never change meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It was refused, or it failed.
    Failed = 1,
    /// The command line or the configuration is not right.
    Usage = 2,
    /// No control answers.
    Unreachable = 3,
    /// The thing that was named does not exist.
    NotFound = 4,
    /// Something would change, and it was asked whether.
    Changes = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// What happened.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
    /// The page `docs/errors/<code>.md`, where there is one.
    pub(crate) code: Option<Code>,
    /// The address of the dashboard, which shows that page.
    pub(crate) dashboard: Option<String>,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Failed,
            message: message.into(),
            hint: None,
            code: None,
            dashboard: None,
        }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Usage,
            ..Self::new(message)
        }
    }

    pub(crate) fn unreachable(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Unreachable,
            ..Self::new(message)
        }
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the chain of causes to the message.
    #[must_use]
    pub(crate) fn because(mut self, cause: &dyn std::error::Error) -> Self {
        let mut cause = Some(cause);
        while let Some(error) = cause {
            let text = error.to_string();
            // Many libraries repeat their source in their own text.
            if !self.message.contains(&text) {
                self.message.push_str(": ");
                self.message.push_str(&text);
            }
            cause = error.source();
        }
        self
    }

    /// Says what was being done, in front of what went wrong.
    #[must_use]
    pub(crate) fn while_doing(mut self, what: impl fmt::Display) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// Says where a dashboard shows the page of its code.
    #[must_use]
    pub(crate) fn documented_by(mut self, dashboard: Option<String>) -> Self {
        self.dashboard = dashboard;
        self
    }

    /// The page of its code: an address where there is a dashboard, else the file in the sources.
    pub(crate) fn documentation(&self) -> Option<String> {
        let code = self.code?.as_str();
        Some(match &self.dashboard {
            Some(url) => format!("{url}/docs/errors/{code}"),
            None => format!("docs/errors/{code}.md"),
        })
    }
}

impl From<tonic::Status> for Failure {
    fn from(status: tonic::Status) -> Self {
        let code = code_of(&status);
        let mut failure = Self::new(status.message());
        failure.code = code;
        match (status.code(), code) {
            (tonic::Code::NotFound, _) => failure.exit = Exit::NotFound,
            // Without a code of ours it was the transport that failed, not control that refused.
            (tonic::Code::Unavailable | tonic::Code::Cancelled | tonic::Code::Unknown, None) => {
                failure.exit = Exit::Unreachable;
                failure = failure.while_doing("control does not answer").hint(
                    "check that it runs (`ostia doctor`), that --control-url is right, and, where it \
                     asks for client certificates, --control-client-cert",
                );
            }
            (tonic::Code::Unauthenticated, _) => {
                failure = failure.hint(
                    "the service token must be the one in the secrets.toml of the running control: \
                     check --data-dir, --service-token-file or OSTIA_SERVICE_TOKEN",
                );
            }
            _ => {}
        }
        if failure.message.is_empty() {
            failure.message = format!("control answered {:?}", status.code());
        }
        failure
    }
}
