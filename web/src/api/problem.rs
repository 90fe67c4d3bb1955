//! What is answered when something does not work: RFC 9457, and the one table from codes to statuses.

use super::{frame::RequestId, upstreams::Standing};
use crate::pages;
use axum::response::{IntoResponse, Response};
use http::{
    HeaderValue, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use ostia_domain::code::Code;
use ostia_proto::status;
use serde::Serialize;
use std::time::Duration;
use tonic::Status;
use utoipa::ToSchema;

pub(crate) const MEDIA_TYPE: &str = "application/problem+json";
/// When to come again after what passes by itself.
pub(crate) const SOON: Duration = Duration::from_secs(1);

/// An error on its way out. [`super::frame`] writes it, because only that knows the request's id.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    detail: String,
    field: Option<String>,
    /// Whether `field` is one of control's messages, which is not what the caller wrote.
    of_control: bool,
    /// When to come again.
    retry_after: Option<Duration>,
    /// How the caller stands with limits, where the edge said so.
    standing: Option<Box<Standing>>,
    /// What an upstream said, where it refused.
    upstream: Option<serde_json::Value>,
}

/// An error as it is answered, by RFC 9457.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// Page of the error, relative to the documentation.
    #[schema(format = "uri-reference")]
    r#type: String,
    /// The code in words.
    title: String,
    /// As the HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What happened to this request, for people.
    detail: String,
    /// Stable name of the error.
    code: &'static str,
    /// What to quote to an operator; the same as the header `ostia-request-id`.
    request_id: String,
    /// Which member of the request it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// When to come again; the header `Retry-After` has it in seconds, rounded up.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    /// What the limit allows that was reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u64>,
    /// What is left of that limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining: Option<u64>,
    /// The JSON-RPC error of an upstream.
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream: Option<serde_json::Value>,
}

impl Problem {
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            field: None,
            of_control: false,
            retry_after: None,
            standing: None,
            upstream: None,
        }
    }

    /// A member of the request that cannot be used.
    pub(crate) fn invalid(field: impl Into<String>, problem: &str) -> Self {
        let field = field.into();
        Self::new(Code::InvalidArgument, format!("{field}: {problem}")).about(field)
    }

    pub(crate) fn internal() -> Self {
        Self::new(Code::Internal, "Ostia failed: its log says why")
    }

    /// By the caller's name of the member, where control named a field.
    pub(super) fn spell<'a>(&mut self, named: impl FnOnce(&str) -> Option<&'a str>) {
        let Some(field) = self.field.take_if(|_| self.of_control) else {
            return;
        };
        let member = named(&field);
        if let (Some(member), Some(rest)) = (member, self.detail.strip_prefix(&field)) {
            self.detail = format!("{member}{rest}");
        }
        self.field = member.map(str::to_owned);
    }

    pub(crate) fn about(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    pub(crate) fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    pub(crate) fn standing(mut self, standing: Standing) -> Self {
        self.retry_after = standing.retry_after.or(self.retry_after);
        self.standing = Some(Box::new(standing));
        self
    }

    pub(crate) fn said_by_upstream(mut self, error: serde_json::Value) -> Self {
        self.upstream = Some(error);
        self
    }

    fn status(&self) -> StatusCode {
        http_status(self.code)
    }

    /// What stays true of it when the same request is answered again.
    pub(super) fn to_keep(&self) -> serde_json::Value {
        serde_json::json!({
            "code": self.code.as_str(),
            "detail": self.detail,
            "upstream": self.upstream,
        })
    }

    pub(super) fn kept(value: &serde_json::Value) -> Option<Self> {
        let code = Code::parse(value["code"].as_str()?)?;
        let problem = Self::new(code, value["detail"].as_str()?);
        Some(match &value["upstream"] {
            serde_json::Value::Null => problem,
            error => problem.said_by_upstream(error.clone()),
        })
    }

    /// What a caller sees of it first.
    #[cfg(test)]
    pub(crate) fn answered(&self) -> (u16, &'static str) {
        (self.status().as_u16(), self.code.as_str())
    }

    /// The whole answer, for a request of this id.
    pub(super) fn write(&self, id: RequestId) -> Response {
        let status = self.status();
        let standing = self.standing.as_deref();
        let wait = self.retry_after.map(millis);
        let body = ProblemBody {
            r#type: pages::errors::address(self.code),
            title: self.code.as_str().replace('-', " "),
            status: status.as_u16(),
            detail: self.detail.clone(),
            code: self.code.as_str(),
            request_id: id.0.to_string(),
            field: self.field.clone(),
            retry_after_ms: wait,
            limit: standing.and_then(|standing| standing.limit),
            remaining: standing.and_then(|standing| standing.remaining),
            upstream: self.upstream.clone(),
        };
        let text = serde_json::to_string(&body).unwrap_or_default();
        let mut response = (status, text).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static(r#"Bearer realm="ostia""#);
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if let Some(wait) = wait {
            let seconds = wait.div_ceil(1000).max(1);
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(standing) = standing {
            headers.extend(standing.headers.clone());
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Status> for Problem {
    fn from(status: Status) -> Self {
        let code = status::code_of(&status).unwrap_or(match status.code() {
            tonic::Code::Unavailable => Code::ControlUnavailable,
            _ => Code::Internal,
        });
        match code {
            // What went wrong between the parts of an installation is not for callers.
            Code::Internal | Code::ServiceUnauthenticated => {
                tracing::error!(%status, "control did not do what the API asked");
                Self::internal()
            }
            Code::ControlUnavailable => {
                tracing::warn!(%status, "control cannot be reached");
                Self::new(code, "the control service cannot be reached: try again")
                    .retry_after(SOON)
            }
            Code::DatabaseUnavailable | Code::DatabaseReadOnly => {
                Self::new(code, status.message()).retry_after(SOON)
            }
            Code::InvalidArgument => Self {
                field: status::field_of(&status).map(str::to_owned),
                of_control: true,
                ..Self::new(code, status.message())
            },
            _ => Self::new(code, status.message()),
        }
    }
}

fn millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
}

/// Every code, so that a new one is given a status by whoever makes it. What edges answer comes here
/// through calls of tools.
pub(super) fn http_status(code: Code) -> StatusCode {
    match code {
        Code::InvalidJson
        | Code::InvalidRequest
        | Code::HeaderMismatch
        | Code::UnsupportedVersion
        | Code::SessionMissing
        | Code::RequestStateInvalid
        | Code::Cancelled
        | Code::SignInStateInvalid => StatusCode::BAD_REQUEST,
        Code::KeyMissing
        | Code::KeyMalformed
        | Code::KeyUnknown
        | Code::KeyRevoked
        | Code::KeyExpired
        | Code::AccessTokenExpired
        | Code::KeyInactive
        | Code::OwnerDisabled
        | Code::SignInRequired => StatusCode::UNAUTHORIZED,
        Code::AddressForbidden
        | Code::HourForbidden
        | Code::OriginForbidden
        | Code::HostForbidden
        | Code::Forbidden
        | Code::ArgumentRefused
        | Code::FormRefused
        | Code::SignInRefused => StatusCode::FORBIDDEN,
        Code::NotFound
        | Code::MethodNotFound
        | Code::SessionUnknown
        | Code::ToolUnavailable
        | Code::PromptUnavailable
        | Code::ResourceUnavailable
        | Code::TaskUnknown
        | Code::NoSuchObject
        | Code::LoginLinkInvalid => StatusCode::NOT_FOUND,
        Code::HttpMethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::AlreadyExists | Code::Conflict | Code::RestoreRefused => StatusCode::CONFLICT,
        Code::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        Code::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::InvalidArgument
        | Code::InvalidParams
        | Code::ClientCapabilityMissing
        | Code::BackupInvalid => StatusCode::UNPROCESSABLE_ENTITY,
        Code::RateLimited | Code::QuotaUsedUp | Code::TooManyCalls | Code::TooManyStreams => {
            StatusCode::TOO_MANY_REQUESTS
        }
        Code::Internal | Code::ServiceUnauthenticated => StatusCode::INTERNAL_SERVER_ERROR,
        Code::ResultTooLarge
        | Code::UpstreamUnavailable
        | Code::WorkerLost
        | Code::TaskLost
        | Code::UpstreamInvalid
        | Code::UpstreamError
        | Code::SignInFailed => StatusCode::BAD_GATEWAY,
        Code::UpstreamBusy
        | Code::ControlUnavailable
        | Code::ShuttingDown
        | Code::DatabaseUnavailable
        | Code::ProviderUnavailable
        | Code::DatabaseReadOnly => StatusCode::SERVICE_UNAVAILABLE,
        Code::CallTimeout | Code::UpstreamUnlisted => StatusCode::GATEWAY_TIMEOUT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_is_away_is_come_back_to() {
        for (code, answered) in [
            (Code::DatabaseUnavailable, (503, "database-unavailable")),
            (Code::DatabaseReadOnly, (503, "database-read-only")),
        ] {
            let status = status::with_code(tonic::Code::Unavailable, code, "no connection");
            let problem = Problem::from(status);
            assert_eq!(problem.answered(), answered);
            assert_eq!(problem.retry_after, Some(SOON));
        }
    }

    #[test]
    fn an_upstream_that_no_edge_listed_in_time() {
        let code = Code::UpstreamUnlisted;
        let status = status::with_code(tonic::Code::DeadlineExceeded, code, "no edge");
        let problem = Problem::from(status);
        assert_eq!(problem.answered(), (504, "upstream-unlisted"));
    }

    /// A status without a code is of something between here and control.
    #[test]
    fn what_went_wrong_inside_is_not_told() {
        let away = Problem::from(Status::unavailable("10.0.0.7:7070 refused"));
        assert_eq!(away.answered(), (503, "control-unavailable"));
        let broken = Problem::from(Status::unknown("thread panicked at secret.rs"));
        assert_eq!(broken.answered(), (500, "internal"));
        for problem in [away, broken] {
            assert!(!problem.detail.contains("10.0.0.7") && !problem.detail.contains("secret"));
        }
    }
}
