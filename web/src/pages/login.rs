//! `/login`: the ways to sign in.

use super::Layout;
use crate::{Site, render, return_to::ReturnTo, visitor::Visitor};
use axum::{
    extract::{Query, State},
    response::{IntoResponse as _, Redirect, Response},
};
use http::StatusCode;
use leptos::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    next: String,
}

pub(crate) async fn show(
    State(_site): State<Site>,
    Query(asked): Query<Asked>,
    visitor: Option<Visitor>,
) -> Response {
    let next = ReturnTo::new(&asked.next);
    if visitor.is_some() {
        return Redirect::to(next.path()).into_response();
    }
    render::page(StatusCode::OK, || view! { <SignIn/> })
}

#[component]
fn SignIn() -> impl IntoView {
    view! {
        <Layout title="Sign in">
            <p>
                "Open the login link that Ostia printed on its first start. An operator makes a new "
                "one on the machine that runs it:"
            </p>
            <pre><code>"ostia login-link NAME"</code></pre>
        </Layout>
    }
}
