//! One file per page: its handler, then what it shows.

pub(crate) mod home;
pub(crate) mod login;
pub(crate) mod login_link;
pub(crate) mod login_with;
pub(crate) mod logout;
pub(crate) mod not_found;
pub(crate) mod problem;
pub(crate) mod settings;

use crate::{assets::STYLESHEET, csrf::CsrfField, render::Viewer};
use leptos::prelude::*;

/// The frame around every page.
#[component]
pub(crate) fn Layout(#[prop(into)] title: String, children: Children) -> impl IntoView {
    let viewer = use_context::<Viewer>();
    view! {
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="robots" content="noindex"/>
                // One text: between two the renderer puts a comment, which a title would show.
                <title>{format!("{title} · Ostia")}</title>
                <link rel="stylesheet" href=STYLESHEET/>
            </head>
            <body>
                <header>
                    <a href="/">"Ostia"</a>
                    {viewer.map(|viewer| view! { <Account viewer/> })}
                </header>
                <main>
                    <h1>{title}</h1>
                    {children()}
                </main>
            </body>
        </html>
    }
}

/// Who is signed in, and the way out.
#[component]
fn Account(viewer: Viewer) -> impl IntoView {
    view! {
        <form method="post" action="/logout" class="account">
            <span>{format!("{} ({})", viewer.name, viewer.role.as_str())}</span>
            <CsrfField/>
            <button type="submit">"Sign out"</button>
            <button type="submit" name="everywhere" value="true">"Sign out everywhere"</button>
        </form>
    }
}
