//! The frame around the pages of somebody who is signed in.

use crate::{assets, csrf::CsrfField, raw_html::Script, render::Viewer};
use leptos::prelude::*;
use ostia_domain::user::Role;

/// The parts of the dashboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Home,
    Keys,
    Usage,
    Live,
    Tools,
    Try,
    Overview,
    Upstreams,
    Policies,
    Bundles,
    AllKeys,
    Users,
    ServiceAccounts,
    Prices,
    Audit,
    Settings,
}

impl Section {
    const EVERYONE: &[Self] = &[
        Self::Home,
        Self::Keys,
        Self::Usage,
        Self::Live,
        Self::Tools,
        Self::Try,
    ];
    const OPERATORS: &[Self] = &[
        Self::Overview,
        Self::Upstreams,
        Self::Policies,
        Self::Bundles,
        Self::AllKeys,
        Self::Users,
        Self::ServiceAccounts,
        Self::Prices,
        Self::Audit,
        Self::Settings,
    ];

    fn href(self) -> &'static str {
        match self {
            Self::Home => "/",
            Self::Keys => "/keys",
            Self::Usage => "/usage",
            Self::Live => "/live",
            Self::Tools => "/tools",
            Self::Try => "/try",
            Self::Overview => "/overview",
            Self::Upstreams => "/upstreams",
            Self::Policies => "/policies",
            Self::Bundles => "/bundles",
            Self::AllKeys => "/all-keys",
            Self::Users => "/users",
            Self::ServiceAccounts => "/service-accounts",
            Self::Prices => "/prices",
            Self::Audit => "/audit",
            Self::Settings => "/settings",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Home => "Home",
            Self::Keys => "Keys",
            Self::Usage => "Usage",
            Self::Live => "Live",
            Self::Tools => "Tools",
            Self::Try => "Try it",
            Self::Overview => "Overview",
            Self::Upstreams => "Upstreams",
            Self::Policies => "Policies",
            Self::Bundles => "Bundles",
            Self::AllKeys => "Keys of all",
            Self::Users => "Users",
            Self::ServiceAccounts => "Service accounts",
            Self::Prices => "Prices",
            Self::Audit => "Audit",
            Self::Settings => "Settings",
        }
    }

    /// A path in a square of 24.
    fn icon(self) -> &'static str {
        match self {
            Self::Home => "M4 11l8-7 8 7v9h-5v-6H9v6H4z",
            Self::Keys => "M11 9a4 4 0 1 1-8 0 4 4 0 0 1 8 0zM11 9h10v4M17 9v3",
            Self::Usage => "M5 20v-8M12 20V4M19 20v-5",
            Self::Live => "M3 12h4l3-8 4 16 3-8h4",
            Self::Tools => "M4 6h16M4 12h16M4 18h9",
            Self::Try => "M5 6l6 6-6 6M13 19h7",
            Self::Overview => "M4 4h7v9H4zM14 4h6v5h-6zM14 12h6v8h-6zM4 16h7v4H4z",
            Self::Upstreams => {
                "M4 5h16v5H4zM4 14h16v5H4zM7.500 7.500h0M7.500 16.500h0M11 7.500h6M11 16.500h6"
            }
            Self::Policies => "M12 3l8 3v6c0 5-4 8-8 9-4-1-8-4-8-9V6zM9 12l2 2 4-4",
            Self::Bundles => "M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8",
            Self::AllKeys => "M11 8a4 4 0 1 1-8 0 4 4 0 0 1 8 0zM11 8h10v3M6 17h14M6 21h9",
            Self::Users => {
                "M15 8a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0zM4 20c0-4 3-6 7.500-6s7.500 2 7.500 6"
            }
            Self::ServiceAccounts => "M5 8h14v11H5zM12 4v4M9 13h0M15 13h0M2 12v4M22 12v4",
            Self::Prices => "M4 4h8l8 8-8 8-8-8zM8.500 8.500h0",
            Self::Audit => "M6 3h9l4 4v14H6zM9 11h7M9 15h7M9 7h3",
            Self::Settings => "M4 7h9M17 7h3M15 5v4M4 17h3M11 17h9M9 15v4",
        }
    }
}

/// The document that every page is.
#[component]
pub(crate) fn Document(#[prop(into)] title: String, children: Children) -> impl IntoView {
    view! {
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="robots" content="noindex"/>
                <meta name="color-scheme" content="light dark"/>
                // One text: between two the renderer puts a comment, which a title would show.
                <title>{format!("{title} · Ostia")}</title>
                <link rel="stylesheet" href=assets::stylesheet()/>
                <Script src=assets::script()/>
            </head>
            <body>{children()}</body>
        </html>
    }
}

/// Wants a [`Viewer`] in its context.
#[component]
pub(crate) fn Shell(
    #[prop(into)] title: String,
    /// Unset: none of them, for pages about what went wrong.
    #[prop(optional)]
    section: Option<Section>,
    children: Children,
) -> impl IntoView {
    let viewer = expect_context::<Viewer>();
    let operators = viewer.role != Role::Member && !Section::OPERATORS.is_empty();
    view! {
        <Document title=title>
            <a class="skip" href="#main">"Skip to the page"</a>
            <div class="shell">
                <header class="side">
                    <Brand/>
                    <button type="button" class="second toggle" popovertarget="menu">"Menu"</button>
                    <div class="menu" id="menu" popover="auto">
                        <nav class="nav" aria-label="Dashboard">
                            <Links of=Section::EVERYONE current=section/>
                            {operators
                                .then(|| {
                                    view! {
                                        <div>
                                            <h2>"Operate"</h2>
                                            <Links of=Section::OPERATORS current=section/>
                                        </div>
                                    }
                                })}
                        </nav>
                        <div class="who">
                            <div>
                                <a href="/sessions" title="Where you are signed in">
                                    {format!("{} ({})", viewer.name, viewer.role.as_str())}
                                </a>
                            </div>
                            <form method="post" action="/logout" class="row">
                                <CsrfField/>
                                <button type="submit" class="second">"Sign out"</button>
                                <button type="submit" class="quiet" name="everywhere" value="true">
                                    "Sign out everywhere"
                                </button>
                            </form>
                        </div>
                    </div>
                </header>
                <main class="main" id="main" tabindex="-1">{children()}</main>
            </div>
        </Document>
    }
}

#[component]
pub(crate) fn Brand() -> impl IntoView {
    view! {
        <a class="brand" href="/">
            <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.2" aria-hidden="true">
                <path d="M3.5 21V11.5a8.5 8.5 0 0 1 17 0V21"></path>
                <path d="M9 21v-8.5a3 3 0 0 1 6 0V21"></path>
            </svg>
            "Ostia"
        </a>
    }
}

#[component]
fn Links(of: &'static [Section], current: Option<Section>) -> impl IntoView {
    let links = of.iter().map(|section| {
        let here = (Some(*section) == current).then_some("page");
        view! {
            <li>
                <a href=section.href() aria-current=here>
                    <svg
                        viewBox="0 0 24 24"
                        fill="none"
                        stroke="currentColor"
                        stroke-width="1.8"
                        stroke-linecap="round"
                        stroke-linejoin="round"
                        aria-hidden="true"
                    >
                        <path d=section.icon()></path>
                    </svg>
                    {section.name()}
                </a>
            </li>
        }
    });
    view! { <ul>{links.collect_view()}</ul> }
}
