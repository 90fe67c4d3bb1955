//! What a wrong address shows.

use super::Layout;
use crate::render;
use axum::response::Response;
use http::StatusCode;
use leptos::prelude::*;

pub(crate) async fn show() -> Response {
    render::page(StatusCode::NOT_FOUND, || {
        view! {
            <Layout title="There is no such page">
                <p>"Go to " <a href="/">"the start page"</a> "."</p>
            </Layout>
        }
    })
}
