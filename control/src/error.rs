//! What control cannot or will not do, and what it is called. Nothing here knows how it is answered:
//! `grpc/status.rs` does.

use crate::store;
use ostia_domain::{code::Code, window::Window};
use std::{net::IpAddr, time::Duration};

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] pub(crate) Kind);

/// Texts are for callers; what only operators may read is in the sources, which go to the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Kind {
    #[error("{field}: {problem}")]
    Invalid {
        field: &'static str,
        problem: String,
    },
    #[error("{place}: {problem}")]
    InvalidAt { place: String, problem: String },
    /// One object of several.
    #[error("{place}: {error}")]
    At { place: String, error: Box<Error> },
    #[error("the name {name:?} is taken by another {what}: choose another one")]
    AlreadyExists { what: &'static str, name: String },
    #[error("there is no {what} {name:?}")]
    NotFound { what: &'static str, name: String },
    /// The state of an object does not allow it.
    #[error("{0}")]
    Conflict(String),
    #[error("it is not any more as you read it: read it again, and decide again")]
    PreconditionFailed,
    #[error(
        "control does not know this caller: send its service token, or the key of a service account, as \
         `authorization: Bearer …`, or use a client certificate where it asks for one"
    )]
    Unauthenticated,
    #[error("the role of this user does not allow it: ask an administrator")]
    Forbidden,
    /// A key would get its account more than it is itself.
    #[error(
        "with an API key, no key of the account that it belongs to is made, given other bounds or activated, and \
         no other one rotated: ask an administrator, who does it signed in"
    )]
    MintsKeys,
    /// The key of a service account, from where its networks do not reach.
    #[error("this API key may not be used from the address {0}")]
    AddressForbidden(IpAddr),
    #[error("this API key may be used {0} UTC, and not now")]
    HourForbidden(Window),
    #[error(
        "no edge has listed the upstream within {} s: it is listed when one comes to it", wait.as_secs_f64()
    )]
    Unlisted { wait: Duration },
    #[error(
        "no edge answered within {} s: is one ready, and does it follow this control?", wait.as_secs_f64()
    )]
    NoEdge { wait: Duration },
    #[error(
        "this login link was used, has ended or never was: make a new one with `ostia login-link`"
    )]
    LoginLinkInvalid,
    #[error("this user is disabled: ask an administrator")]
    SignInRefused,
    #[error(
        "the database has not the schema of this version: run `ostia migrate` with this version first (newest step: {newest})"
    )]
    NotMigrated { newest: String },
    #[error("the database does not answer: try again")]
    Unavailable(#[source] store::Error),
    #[error("the database takes no changes at the moment: try again")]
    ReadOnly(#[source] store::Error),
    #[error("the database refused a statement")]
    Database(#[source] store::Error),
    #[error("{what} cannot be used: {problem}")]
    Configuration { what: &'static str, problem: String },
    #[error("the backup cannot be restored: {0}")]
    BackupInvalid(String),
    #[error("nothing was restored: {0}")]
    RestoreRefused(String),
    #[error("the gRPC listener failed: {0}")]
    Listener(String),
    #[error("{0}")]
    Internal(&'static str),
}

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The stable name of it, under which `docs/errors` has its page.
    pub fn code(&self) -> Code {
        match &self.0 {
            Kind::Invalid { .. } | Kind::InvalidAt { .. } => Code::InvalidArgument,
            Kind::At { error, .. } => error.code(),
            Kind::AlreadyExists { .. } => Code::AlreadyExists,
            Kind::NotFound { .. } => Code::NoSuchObject,
            Kind::Conflict(_) => Code::Conflict,
            Kind::PreconditionFailed => Code::PreconditionFailed,
            Kind::Unauthenticated => Code::ServiceUnauthenticated,
            Kind::Forbidden | Kind::MintsKeys => Code::Forbidden,
            Kind::AddressForbidden(_) => Code::AddressForbidden,
            Kind::HourForbidden(_) => Code::HourForbidden,
            Kind::Unlisted { .. } | Kind::NoEdge { .. } => Code::UpstreamUnlisted,
            Kind::LoginLinkInvalid => Code::LoginLinkInvalid,
            Kind::SignInRefused => Code::SignInRefused,
            Kind::Unavailable(_) => Code::DatabaseUnavailable,
            Kind::ReadOnly(_) => Code::DatabaseReadOnly,
            Kind::BackupInvalid(_) => Code::BackupInvalid,
            Kind::RestoreRefused(_) => Code::RestoreRefused,
            Kind::NotMigrated { .. }
            | Kind::Database(_)
            | Kind::Configuration { .. }
            | Kind::Listener(_)
            | Kind::Internal(_) => Code::Internal,
        }
    }

    pub(crate) fn invalid(field: &'static str, problem: impl Into<String>) -> Self {
        Self(Kind::Invalid {
            field,
            problem: problem.into(),
        })
    }

    pub(crate) fn not_found(what: &'static str, name: &str) -> Self {
        Self(Kind::NotFound {
            what,
            name: name.to_owned(),
        })
    }

    /// Says in which object of a manifest it is wrong, as `plans.team`. The names of fields are then those
    /// of a manifest, which has no messages in messages.
    pub(crate) fn at(self, place: &str) -> Self {
        Self(match self.0 {
            Kind::Invalid { field, problem } => {
                let within = ["definition", "selection", "limits", "stdio", "http", "sse"];
                let own = field.split('.').skip_while(|part| within.contains(part));
                let mut place = place.to_owned();
                for part in own {
                    place = format!("{place}.{part}");
                }
                Kind::InvalidAt { place, problem }
            }
            kind @ (Kind::AlreadyExists { .. } | Kind::NotFound { .. } | Kind::Conflict(_)) => {
                Kind::At {
                    place: place.to_owned(),
                    error: Box::new(Self(kind)),
                }
            }
            // The fault of no object.
            kind => kind,
        })
    }

    pub(crate) fn conflict(problem: impl Into<String>) -> Self {
        Self(Kind::Conflict(problem.into()))
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self(match error {
            store::Error::BadPageToken => Kind::Invalid {
                field: "page_token",
                problem: "is not from an answer of this list".to_owned(),
            },
            store::Error::NotMigrated { newest } => Kind::NotMigrated {
                newest: newest.unwrap_or_else(|| "none".to_owned()),
            },
            store::Error::Unavailable(_) => Kind::Unavailable(error),
            store::Error::ReadOnly(_) => Kind::ReadOnly(error),
            // Whoever expects one of the two says better what it means.
            store::Error::Taken | store::Error::Referenced => Kind::Conflict(
                "another change came in between: look at what there is now and try again"
                    .to_owned(),
            ),
            store::Error::Unreadable(_) | store::Error::Failed(_) => Kind::Database(error),
        })
    }
}
