//! Errors to statuses: the only place that knows both.

use crate::error::{Error, Kind};
use ostia_domain::code::Code;
use ostia_proto::{
    FieldError,
    status::{with_code, with_field},
};
use tonic::{Code as Grpc, Status};

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let code = error.code();
        let grpc = match code {
            Code::InvalidArgument | Code::BackupInvalid => Grpc::InvalidArgument,
            Code::AlreadyExists => Grpc::AlreadyExists,
            Code::NoSuchObject | Code::LoginLinkInvalid => Grpc::NotFound,
            Code::Conflict | Code::RestoreRefused => Grpc::FailedPrecondition,
            Code::PreconditionFailed => Grpc::Aborted,
            Code::ServiceUnauthenticated => Grpc::Unauthenticated,
            Code::Forbidden
            | Code::AddressForbidden
            | Code::HourForbidden
            | Code::SignInRefused => Grpc::PermissionDenied,
            Code::UpstreamUnlisted => Grpc::DeadlineExceeded,
            Code::DatabaseUnavailable | Code::DatabaseReadOnly => Grpc::Unavailable,
            _ => Grpc::Internal,
        };
        if matches!(grpc, Grpc::Internal | Grpc::Unavailable) {
            let cause = std::error::Error::source(&error.0);
            tracing::error!(
                error = %error,
                cause = cause.map(tracing::field::display),
                "a request failed"
            );
        }
        let message = match code {
            Code::Internal => "control failed: its log says why".to_owned(),
            _ => error.to_string(),
        };
        let status = with_code(grpc, code, message);
        match error.0 {
            Kind::Invalid { field, .. } => with_field(status, field),
            _ => status,
        }
    }
}

impl From<FieldError> for Error {
    fn from(error: FieldError) -> Self {
        Self::invalid(error.field, error.problem)
    }
}

/// For a key that was presented and does not work; what is wrong with it is in the code.
pub(super) fn key_refused(code: Code) -> Status {
    let message = format!("the key is refused: {}", code.as_str());
    with_code(Grpc::Unauthenticated, code, message)
}

/// For conversions that name the field themselves.
pub(super) fn field(error: FieldError) -> Status {
    Error::from(error).into()
}

pub(super) fn missing(field: &'static str) -> Status {
    Error::invalid(field, "is required").into()
}
