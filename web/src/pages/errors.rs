//! The pages of errors, for everybody: what a code means and what to do. The address of each is the `type` of
//! a problem document.

mod markdown;

use super::Layout;
use crate::{Site, address::Path, render};
use axum::{Router, response::Response, routing::get};
use http::StatusCode;
use leptos::prelude::*;
use markdown::Markdown;
use ostia_domain::code::Code;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/docs/errors", get(list))
        .route("/docs/errors/{code}", get(show))
}

pub(crate) fn address(code: Code) -> String {
    format!("/docs/errors/{}", code.as_str())
}

async fn list() -> Response {
    render::page(StatusCode::OK, || {
        let code = |code: &Code| {
            view! {
                <li><a href=address(*code)><code>{code.as_str()}</code></a></li>
            }
        };
        view! {
            <Layout title="Errors">
                <p>"Everything that can be refused has a code, and each code a page that says what to do."</p>
                <ul>{Code::ALL.iter().map(code).collect_view()}</ul>
            </Layout>
        }
    })
}

async fn show(Path(code): Path<String>) -> Response {
    let Some(code) = Code::parse(&code) else {
        return super::not_found::show(None).await;
    };
    render::page(StatusCode::OK, || {
        view! {
            <Layout title=code.as_str()>
                <Markdown text=code.page()/>
                <p><a href="/docs/errors">"All errors"</a></p>
            </Layout>
        }
    })
}
