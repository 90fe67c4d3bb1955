//! What a page says when it cannot do what was asked: what happened, what to do, the stable code, and an id
//! that finds it in the log.

use super::Layout;
use crate::{render, visitor::Visitor};
use axum::response::Response;
use http::StatusCode;
use leptos::prelude::*;
use ostia_domain::code::Code;
use std::fmt::Display;
use uuid::Uuid;

pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: Code,
    pub(crate) title: &'static str,
    /// What happened, and what to do.
    pub(crate) text: String,
}

impl Problem {
    /// As a page. `cause` is for the log alone.
    pub(crate) fn page(self, cause: Option<&dyn Display>) -> Response {
        let Self {
            status,
            code,
            title,
            text,
        } = self;
        let request_id = Uuid::now_v7();
        tracing::warn!(
            code = code.as_str(),
            %request_id,
            error = cause.map(tracing::field::display),
            "a page was refused"
        );
        let code = code.as_str();
        render::page(status, || {
            view! {
                <Layout title>
                    <p>{text}</p>
                    <p>"Go to " <a href="/">"the start page"</a> "."</p>
                    <dl class="problem">
                        <dt>"Code"</dt>
                        <dd><code>{code}</code></dd>
                        <dt>"Request"</dt>
                        <dd><code>{request_id.to_string()}</code></dd>
                    </dl>
                </Layout>
            }
        })
    }
}

/// Control does not answer, or not what it should.
pub(crate) fn away(cause: &dyn Display) -> Response {
    let problem = Problem {
        status: StatusCode::SERVICE_UNAVAILABLE,
        code: Code::ControlUnavailable,
        title: "Ostia cannot show this now",
        text: "The part of Ostia that knows who you are does not answer. Try again in a moment; if it \
               stays like this, an operator finds out more with `ostia doctor`. Agents whose keys are \
               known go on working."
            .to_owned(),
    };
    problem.page(Some(cause))
}

pub(crate) fn sign_in_required() -> Response {
    let problem = Problem {
        status: StatusCode::UNAUTHORIZED,
        code: Code::SignInRequired,
        title: "You are not signed in",
        text:
            "Nothing was done: your session has ended. Sign in again and send the form once more."
                .to_owned(),
    };
    problem.page(None)
}

pub(crate) fn too_many_streams() -> Response {
    let problem = Problem {
        status: StatusCode::TOO_MANY_REQUESTS,
        code: Code::TooManyStreams,
        title: "Too many pages follow what happens",
        text: "Close another page of Ostia that does, or read this one anew when you want to know."
            .to_owned(),
    };
    problem.page(None)
}

pub(crate) fn form_refused(why: &str) -> Response {
    let problem = Problem {
        status: StatusCode::FORBIDDEN,
        code: Code::FormRefused,
        title: "This form was not accepted",
        text: format!(
            "Nothing was done: {why}. Open the page of the form in Ostia itself and send it from there."
        ),
    };
    problem.page(Some(&why))
}

pub(crate) fn form_unreadable(why: &str) -> Response {
    let problem = Problem {
        status: StatusCode::BAD_REQUEST,
        code: Code::InvalidArgument,
        title: "This form cannot be read",
        text: format!("Nothing was done: {why}."),
    };
    problem.page(Some(&why))
}

/// In the frame of whoever is signed in: they only followed a link.
pub(crate) fn address_unreadable(visitor: Option<&Visitor>, why: &str) -> Response {
    let said = why.to_owned();
    let view = || {
        view! {
            <Layout title="This address cannot be read">
                <p>{said}</p>
                <p>"Go to " <a href="/">"the start page"</a> "."</p>
            </Layout>
        }
    };
    match visitor {
        Some(visitor) => render::page_of(visitor, StatusCode::BAD_REQUEST, view),
        None => render::page(StatusCode::BAD_REQUEST, view),
    }
}
