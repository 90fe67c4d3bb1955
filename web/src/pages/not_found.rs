//! What a wrong address shows.

use super::Layout;
use crate::{render, visitor::Visitor};
use axum::response::Response;
use http::StatusCode;
use leptos::prelude::*;

pub(crate) async fn show(visitor: Option<Visitor>) -> Response {
    match visitor {
        Some(visitor) => of(&visitor),
        None => render::page(StatusCode::NOT_FOUND, || view! { <NoSuchPage/> }),
    }
}

/// The address takes forms and shows nothing, or the other way round.
pub(crate) async fn not_so(visitor: Option<Visitor>) -> Response {
    let mut answer = show(visitor).await;
    *answer.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    answer
}

/// For somebody who is signed in, also where there is a page that is not for them.
pub(crate) fn of(visitor: &Visitor) -> Response {
    render::page_of(visitor, StatusCode::NOT_FOUND, || view! { <NoSuchPage/> })
}

#[component]
fn NoSuchPage() -> impl IntoView {
    view! {
        <Layout title="There is no such page">
            <p>"Go to " <a href="/">"the start page"</a> "."</p>
        </Layout>
    }
}
