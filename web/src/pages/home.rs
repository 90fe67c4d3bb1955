//! `GET /`: what runs here and how to get in.

use super::Layout;
use crate::{Site, render};
use axum::{extract::State, response::Response};
use http::StatusCode;
use leptos::prelude::*;

pub(crate) async fn show(State(site): State<Site>) -> Response {
    let mcp_url = site.config.mcp_url.clone();
    render::page(StatusCode::OK, || view! { <Home mcp_url/> })
}

#[component]
fn Home(mcp_url: String) -> impl IntoView {
    view! {
        <Layout title="One door to every MCP server">
            <p>"This is an Ostia gateway. MCP clients connect to it with an API key:"</p>
            <p><code>{mcp_url}</code></p>
            <h2>"Sign in"</h2>
            <p>
                "Open the login link that Ostia printed on its first start. An operator makes a new "
                "one on the machine that runs it:"
            </p>
            <pre><code>"ostia login-link NAME"</code></pre>
            <h2>"Manage"</h2>
            <p>
                "The dashboard is not here yet. Until it is, keys, upstreams and policies are managed "
                "with the command line: " <code>"ostia --help"</code> "."
            </p>
        </Layout>
    }
}
