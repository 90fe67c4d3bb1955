use crate::{authority::With, jobs::refusals::Refusal, op::Op};
use ostia_domain::{code::Code, key::PublicId};
use ostia_proto::{FieldError, convert::uuid, v1};

const MAX_METHOD_BYTES: usize = 200;

pub(super) fn refusal(op: Op, told: v1::ReportRefusalRequest) -> Result<Refusal, FieldError> {
    let method = told.method;
    if method.is_empty() || method.len() > MAX_METHOD_BYTES || method.contains(char::is_control) {
        return Err(FieldError::new(
            "method",
            "must have 1 to 200 bytes of text",
        ));
    }
    let code = Code::parse(&told.code).filter(|code| code.refuses_somebody());
    let id = |field, id: Option<String>| id.map(|id| uuid(field, &id)).transpose();
    let presented = told.presented_key.as_deref().map(|key| {
        PublicId::parse(key).ok_or_else(|| FieldError::new("presented_key", "is no public id"))
    });
    Ok(Refusal {
        at: op.now,
        method,
        code: code.ok_or_else(|| FieldError::new("code", "is none that refuses somebody"))?,
        reason: None,
        user: id("user_id", told.user_id)?,
        with: With {
            key: id("key_id", told.key_id)?,
            ..op.with
        },
        presented: presented.transpose()?,
    })
}
