//! One file per page: its handler, then what it shows.

#![allow(
    clippy::needless_pass_by_value,
    reason = "what a component is given is its own: its parts may be written after whoever gave it is gone"
)]

pub(crate) mod all_keys;
pub(crate) mod audit;
pub(crate) mod bundles;
pub(crate) mod errors;
pub(crate) mod given;
pub(crate) mod groups;
pub(crate) mod home;
pub(crate) mod keys;
pub(crate) mod live;
pub(crate) mod login;
pub(crate) mod login_link;
pub(crate) mod login_with;
pub(crate) mod logout;
pub(crate) mod not_found;
pub(crate) mod objects;
pub(crate) mod overview;
pub(crate) mod plans;
pub(crate) mod policies;
pub(crate) mod prices;
pub(crate) mod problem;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod tools;
pub(crate) mod try_it;
pub(crate) mod upstreams;
pub(crate) mod usage;
pub(crate) mod users;

use crate::{
    components::{
        content::{Notice, Tone},
        shell::{Brand, Document, Shell},
    },
    render::Viewer,
};
use leptos::prelude::*;

/// The frame around pages that are about no part of the dashboard: signing in, and what went wrong.
#[component]
pub(crate) fn Layout(#[prop(into)] title: String, children: Children) -> impl IntoView {
    let heading = title.clone();
    if use_context::<Viewer>().is_some() {
        return view! {
            <Shell title=title>
                <div class="panel">
                    <h1>{heading}</h1>
                    {children()}
                </div>
            </Shell>
        }
        .into_any();
    }
    view! {
        <Document title=title>
            <div class="lone">
                <header><Brand/></header>
                <main>
                    <h1>{heading}</h1>
                    {children()}
                </main>
            </div>
        </Document>
    }
    .into_any()
}

/// What was done by the form before this page.
#[component]
pub(crate) fn Done(what: &'static str) -> impl IntoView {
    view! { <Notice tone=Tone::Good title=what/> }
}
