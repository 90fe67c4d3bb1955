//! What a page needs is loaded before anything is rendered, at once, and within a time that people wait.

use crate::{
    pages::{Layout, not_found},
    render,
    visitor::Visitor,
};
use axum::response::Response;
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::status::code_of;
use std::time::Duration;
use tokio::time::timeout;
use tonic::{Code, Status};

/// For everything on a page together.
const DEADLINE: Duration = Duration::from_secs(5);

/// Why a page cannot be shown, or a change was not made.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It is not there, or not for this visitor, which is the same to them.
    NotThere,
    /// Control does not answer, or not in time.
    Away,
    /// Control says what is wrong with what was asked.
    Refused(Status),
}

pub(crate) fn load<T>(
    loading: impl Future<Output = Result<T, Status>>,
) -> impl Future<Output = Result<T, Failure>> {
    load_within(DEADLINE, loading)
}

/// For what people know to take longer.
pub(crate) fn load_within<T>(
    deadline: Duration,
    loading: impl Future<Output = Result<T, Status>>,
) -> impl Future<Output = Result<T, Failure>> {
    // Several questions at once make a large future, which handlers need not carry.
    let loading = Box::pin(loading);
    async move {
        match timeout(deadline, loading).await {
            Ok(Ok(loaded)) => Ok(loaded),
            Ok(Err(status)) => Err(status.into()),
            Err(_) => Err(Failure::Away),
        }
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        match status.code() {
            Code::NotFound | Code::PermissionDenied => Self::NotThere,
            Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => {
                tracing::warn!(error = status.message(), "control does not answer a page");
                Self::Away
            }
            _ => Self::Refused(status),
        }
    }
}

impl Failure {
    /// As a page of its own, for what has no form to say it in.
    pub(crate) fn show(self, visitor: &Visitor) -> Response {
        match self {
            Self::NotThere => not_found::of(visitor),
            Self::Away => {
                let status = StatusCode::SERVICE_UNAVAILABLE;
                render::page_of(visitor, status, || view! { <Away/> })
            }
            Self::Refused(status) => {
                let http = match status.code() {
                    Code::InvalidArgument => StatusCode::BAD_REQUEST,
                    Code::FailedPrecondition | Code::AlreadyExists => StatusCode::CONFLICT,
                    _ => StatusCode::INTERNAL_SERVER_ERROR,
                };
                let code = code_of(&status).map(ostia_domain::code::Code::as_str);
                let said = status.message().to_owned();
                render::page_of(visitor, http, || view! { <Refused said code/> })
            }
        }
    }
}

#[component]
fn Away() -> impl IntoView {
    view! {
        <Layout title="Control does not answer">
            <p>
                "Nothing can be shown or changed here until it does. Try again in a moment; nothing that you "
                "sent was lost halfway: a change is made whole or not at all."
            </p>
            <p>
                "Agents go on meanwhile: edges answer the keys that they know from memory, and keep what "
                "happened until it can be recorded."
            </p>
            <p>
                "If it stays like this, an operator finds out more with " <code>"ostia doctor"</code> "."
            </p>
        </Layout>
    }
}

#[component]
fn Refused(said: String, code: Option<&'static str>) -> impl IntoView {
    view! {
        <Layout title="That was refused">
            <p>{said}</p>
            {code.map(|code| view! { <p class="quiet">"Error code: " <code>{code}</code></p> })}
        </Layout>
    }
}
