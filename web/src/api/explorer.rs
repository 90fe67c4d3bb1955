//! `/api/docs`: the document to try, by Swagger UI. [`super::reference`] has the same to read, without scripts.

use super::reference::REFERENCE;
use crate::{
    assets::explorer::{SCRIPTS, STYLESHEETS},
    raw_html::Script,
    render,
};
use axum::response::Response;
use http::StatusCode;
use leptos::prelude::*;

pub(super) const EXPLORER: &str = "/api/docs";

pub(super) async fn show() -> Response {
    render::exploring_page(StatusCode::OK, || view! { <Explorer/> })
}

/// Without the dashboard's stylesheet: Swagger UI has one for the same elements.
#[component]
fn Explorer() -> impl IntoView {
    let sheets = STYLESHEETS
        .iter()
        .map(|sheet| view! { <link rel="stylesheet" href=sheet.as_str()/> });
    let scripts = SCRIPTS
        .iter()
        .map(|script| view! { <Script src=script.as_str()/> });
    view! {
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="robots" content="noindex"/>
                <meta name="color-scheme" content="light dark"/>
                <title>"REST API · Ostia"</title>
                {sheets.collect_view()}
                {scripts.collect_view()}
            </head>
            <body>
                <header class="around">
                    <strong>"Ostia: REST API"</strong>
                    <a href=REFERENCE>"To read, without scripts"</a>
                    <a href="/api/openapi.json">"OpenAPI 3.1"</a>
                    <a href="/">"Dashboard"</a>
                </header>
                <main id="explorer">
                    <p>"This page needs scripts. " <a href=REFERENCE>"The same to read"</a> " does not."</p>
                </main>
            </body>
        </html>
    }
}
