//! `GET /`: what runs here, and for somebody who is signed in what is theirs.

use super::Layout;
use crate::{Site, render, visitor::Visitor};
use axum::{extract::State, response::Response};
use http::StatusCode;
use leptos::prelude::*;

pub(crate) async fn show(State(site): State<Site>, visitor: Option<Visitor>) -> Response {
    let mcp_url = site.config.mcp_url.clone();
    match visitor {
        Some(visitor) => render::page_of(&visitor, StatusCode::OK, || view! { <Start mcp_url/> }),
        None => render::page(StatusCode::OK, || view! { <Front mcp_url/> }),
    }
}

#[component]
fn Front(mcp_url: String) -> impl IntoView {
    view! {
        <Layout title="One door to every MCP server">
            <p>"This is an Ostia gateway. MCP clients connect to it with an API key:"</p>
            <p><code>{mcp_url}</code></p>
            <p><a href="/login">"Sign in"</a></p>
        </Layout>
    }
}

#[component]
fn Start(mcp_url: String) -> impl IntoView {
    view! {
        <Layout title="Welcome">
            <p>"MCP clients connect to this gateway with an API key:"</p>
            <p><code>{mcp_url}</code></p>
            <p>
                "The rest of the dashboard is not here yet. Until it is, keys, upstreams and policies are "
                "managed with the command line: " <code>"ostia --help"</code> "."
            </p>
        </Layout>
    }
}
