//! Somebody is refused before control would do it: audit is to know.

use http::Method;
use ostia_domain::{code::Code, key::PublicId};
use ostia_proto::{ControlClient, v1};
use uuid::Uuid;

/// A request, and what is known of who made it.
pub(crate) struct Refusal(v1::ReportRefusalRequest);

impl Refusal {
    /// By the path as it is defined: what stands in it is anybody's text.
    pub(crate) fn of(method: &Method, route: &str) -> Self {
        let method = match *method {
            Method::GET
            | Method::HEAD
            | Method::POST
            | Method::PUT
            | Method::PATCH
            | Method::DELETE => method.as_str(),
            _ => "another method of",
        };
        Self(v1::ReportRefusalRequest {
            method: format!("{method} {route}"),
            ..v1::ReportRefusalRequest::default()
        })
    }

    pub(crate) fn presented(&mut self, key: Option<PublicId>) {
        self.0.presented_key = key.map(|key| key.to_string());
    }

    pub(crate) fn proved(&mut self, user: Uuid, key: Option<Uuid>) {
        self.0.user_id = Some(user.to_string());
        self.0.key_id = key.map(|key| key.to_string());
        self.0.presented_key = None;
    }

    /// What is no credential at all, and what did not work for another reason, is no refusal. Control counts many
    /// alike together, and the answer does not depend on it.
    pub(crate) async fn tell(mut self, control: &ControlClient, code: Code) {
        if !code.refuses_somebody() {
            return;
        }
        code.as_str().clone_into(&mut self.0.code);
        if let Err(status) = control.sync().report_refusal(self.0).await {
            tracing::warn!(%status, "control was not told of a refusal");
        }
    }
}
