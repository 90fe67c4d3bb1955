//! One file per page: its handler, then what it shows.

pub(crate) mod home;
pub(crate) mod login;
pub(crate) mod not_found;

use crate::assets::STYLESHEET;
use leptos::prelude::*;

/// The frame around every page.
#[component]
pub(crate) fn Layout(title: &'static str, children: Children) -> impl IntoView {
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
                <header><a href="/">"Ostia"</a></header>
                <main>
                    <h1>{title}</h1>
                    {children()}
                </main>
            </body>
        </html>
    }
}
