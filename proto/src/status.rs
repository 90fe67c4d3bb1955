//! Errors between the roles: a gRPC status whose metadata carries the stable code.

use ostia_domain::code::Code;
use tonic::{Status, metadata::MetadataValue};

const CODE_KEY: &str = "ostia-code";
const FIELD_KEY: &str = "ostia-field";

/// A status that names its page in `docs/errors/`.
pub fn with_code(grpc: tonic::Code, code: Code, message: impl Into<String>) -> Status {
    let mut status = Status::new(grpc, message);
    status
        .metadata_mut()
        .insert(CODE_KEY, MetadataValue::from_static(code.as_str()));
    status
}

/// The stable code of a status; unset when it was made by a library or by a newer control.
pub fn code_of(status: &Status) -> Option<Code> {
    Code::parse(status.metadata().get(CODE_KEY)?.to_str().ok()?)
}

/// The same status, about one field of the request.
#[must_use]
pub fn with_field(mut status: Status, field: &'static str) -> Status {
    status
        .metadata_mut()
        .insert(FIELD_KEY, MetadataValue::from_static(field));
    status
}

/// Which field of the request a status is about.
pub fn field_of(status: &Status) -> Option<&str> {
    status.metadata().get(FIELD_KEY)?.to_str().ok()
}
