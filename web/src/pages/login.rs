//! `/login`: the ways to sign in.

use super::Layout;
use crate::{Site, address::Query, render, return_to::ReturnTo, visitor::Visitor};
use axum::{
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use http::StatusCode;
use leptos::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    pub(crate) next: String,
}

pub(crate) async fn show(
    State(site): State<Site>,
    Query(asked): Query<Asked>,
    visitor: Result<Option<Visitor>, Response>,
) -> Response {
    let next = ReturnTo::new(&asked.next);
    // Whose session cannot be checked now signs in anew.
    if let Ok(Some(_)) = visitor {
        return Redirect::to(next.path()).into_response();
    }
    let ways = site.providers.all().iter();
    let ways = ways
        .map(|provider| Way {
            label: provider.config.label().to_owned(),
            path: next.provider_path(&provider.config.name),
        })
        .collect();
    render::page(StatusCode::OK, || view! { <SignIn ways/> })
}

/// A provider to sign in with.
struct Way {
    label: String,
    path: String,
}

#[component]
fn SignIn(ways: Vec<Way>) -> impl IntoView {
    let links = ways.into_iter().map(|way| {
        view! { <li><a class="button" href=way.path>{format!("Sign in with {}", way.label)}</a></li> }
    });
    let links = links.collect_view();
    view! {
        <Layout title="Sign in">
            {(!links.is_empty()).then(|| view! { <ul class="ways">{links}</ul> })}
            <p>
                "A login link signs in once: the one that Ostia printed on its first start, or one that "
                "an operator makes on the machine that runs it:"
            </p>
            <pre><code>"ostia login-link NAME"</code></pre>
        </Layout>
    }
}
