use super::{FieldError, uuid_bytes};
use crate::v1;
use chrono::DateTime;
use ostia_domain::{
    audit::{CallRecord, Caller},
    code::Code,
    redact::KeptArguments,
    usage::Outcome,
};

/// What a text of as many bytes as are kept may become when it is written as JSON, and more.
const MAX_KEPT_BYTES: usize = 256 * 1024;

impl From<CallRecord> for v1::CallRecord {
    fn from(record: CallRecord) -> Self {
        Self {
            id: record.id.as_bytes().to_vec(),
            at_us: record.at.timestamp_micros(),
            request_id: record.request_id.as_bytes().to_vec(),
            caller: record.caller.map(Into::into),
            secret_id: record.secret_id.map(|id| id.as_bytes().to_vec()),
            presented_key: record.presented_key,
            method: record.method,
            upstream: record.upstream,
            tool: record.tool,
            outcome: record.outcome.as_str().to_owned(),
            error: record.error.map(str::to_owned),
            rule: record.rule,
            arguments_digest: record.arguments_digest.map(Into::into),
            duration_us: record.duration_us,
            request_bytes: record.request_bytes,
            result_bytes: record.result_bytes,
            upstream_status: record.upstream_status.map(u32::from),
            cached: record.cached,
            remote_address: record.remote_address,
            client: record.client,
            arguments: record.arguments.map(Into::into),
        }
    }
}

impl TryFrom<v1::CallRecord> for CallRecord {
    type Error = FieldError;
    fn try_from(record: v1::CallRecord) -> Result<Self, FieldError> {
        Ok(Self {
            id: uuid_bytes("id", &record.id)?,
            at: DateTime::from_timestamp_micros(record.at_us)
                .ok_or_else(|| FieldError::new("at_us", "is outside the calendar"))?,
            request_id: uuid_bytes("request_id", &record.request_id)?,
            caller: record.caller.map(TryInto::try_into).transpose()?,
            secret_id: record
                .secret_id
                .map(|id| uuid_bytes("secret_id", &id))
                .transpose()?,
            presented_key: record.presented_key,
            method: record.method,
            upstream: record.upstream,
            tool: record.tool,
            outcome: Outcome::parse(&record.outcome)
                .ok_or_else(|| FieldError::new("outcome", "is not one that is documented"))?,
            // A code of a newer edge is kept out rather than the whole record.
            error: record
                .error
                .and_then(|text| Code::parse(&text))
                .map(Code::as_str),
            rule: record.rule,
            arguments_digest: record
                .arguments_digest
                .map(|digest| {
                    digest
                        .try_into()
                        .map_err(|_| FieldError::new("arguments_digest", "is not 32 bytes"))
                })
                .transpose()?,
            duration_us: record.duration_us,
            request_bytes: record.request_bytes,
            result_bytes: record.result_bytes,
            // What is no status is kept out rather than the whole record.
            upstream_status: record
                .upstream_status
                .and_then(|status| u16::try_from(status).ok())
                .filter(|status| (100..1000).contains(status)),
            cached: record.cached,
            remote_address: record.remote_address,
            client: record.client,
            arguments: record.arguments.map(TryInto::try_into).transpose()?,
        })
    }
}

impl From<KeptArguments> for v1::KeptArguments {
    fn from(KeptArguments { json, cut }: KeptArguments) -> Self {
        Self { json, cut }
    }
}

impl TryFrom<v1::KeptArguments> for KeptArguments {
    type Error = FieldError;
    fn try_from(v1::KeptArguments { json, cut }: v1::KeptArguments) -> Result<Self, FieldError> {
        if json.len() > MAX_KEPT_BYTES {
            return Err(FieldError::new("arguments.json", "is too long"));
        }
        Ok(Self { json, cut })
    }
}

impl From<Caller> for v1::RecordedCaller {
    fn from(caller: Caller) -> Self {
        Self {
            key_id: caller.key_id.as_bytes().to_vec(),
            key_name: caller.key_name,
            owner_id: caller.owner_id.as_bytes().to_vec(),
            owner_name: caller.owner_name,
        }
    }
}

impl TryFrom<v1::RecordedCaller> for Caller {
    type Error = FieldError;
    fn try_from(caller: v1::RecordedCaller) -> Result<Self, FieldError> {
        Ok(Self {
            key_id: uuid_bytes("caller.key_id", &caller.key_id)?,
            key_name: caller.key_name,
            owner_id: uuid_bytes("caller.owner_id", &caller.owner_id)?,
            owner_name: caller.owner_name,
        })
    }
}
