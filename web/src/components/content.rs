//! Panels, notices and the small things in them.

use leptos::prelude::*;

/// What something is to be taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Warn,
    Bad,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

/// The top of a page: where one is, and what can be done here.
#[component]
pub(crate) fn PageHead(
    #[prop(into)] title: String,
    #[prop(into, default = String::new())] lead: String,
    /// Where one came from: address and name.
    #[prop(optional)]
    back: Option<(&'static str, &'static str)>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <header class="head">
            <div>
                {back.map(|(href, name)| view! { <a class="crumb" href=href>{format!("← {name}")}</a> })}
                <h1>{title}</h1>
                {(!lead.is_empty()).then(|| view! { <p>{lead}</p> })}
            </div>
            {children.map(|actions| view! { <div class="row">{actions()}</div> })}
        </header>
    }
}

#[component]
pub(crate) fn Panel(
    #[prop(into, default = String::new())] title: String,
    #[prop(into, default = String::new())] note: String,
    #[prop(optional)] id: Option<&'static str>,
    children: Children,
) -> impl IntoView {
    let head = (!title.is_empty()).then(|| {
        view! {
            <header>
                <h2>{title}</h2>
                {(!note.is_empty()).then(|| view! { <span class="quiet small">{note}</span> })}
            </header>
        }
    });
    view! { <section class="panel" id=id>{head}{children()}</section> }
}

#[component]
pub(crate) fn Badge(tone: Tone, #[prop(into)] text: String) -> impl IntoView {
    view! { <span class=format!("badge {}", tone.class())>{text}</span> }
}

/// Names of one kind, side by side.
#[component]
pub(crate) fn Chips(of: Vec<String>) -> impl IntoView {
    // Cells with nothing in them are left out of cards.
    if of.is_empty() {
        return ().into_any();
    }
    let chips = of
        .into_iter()
        .map(|name| view! { <li class="chip">{name}</li> });
    view! { <ul class="chips">{chips.collect_view()}</ul> }.into_any()
}

/// Something to know before reading on. What went wrong is read out at once.
#[component]
pub(crate) fn Notice(
    tone: Tone,
    #[prop(into)] title: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let role = if tone == Tone::Bad { "alert" } else { "status" };
    view! {
        <div class=format!("notice {}", tone.class()) role=role>
            <strong>{title}</strong>
            {children.map(|children| view! { <div>{children()}</div> })}
        </div>
    }
}

/// A list with nothing in it says what to do about it.
#[component]
pub(crate) fn Empty(#[prop(into)] title: String, children: Children) -> impl IntoView {
    view! { <div class="empty"><h2>{title}</h2>{children()}</div> }
}

/// Text to take somewhere else. The button is shown by the script that it needs.
#[component]
pub(crate) fn Copyable(
    /// Unique on the page.
    #[prop(into)]
    id: String,
    #[prop(into)] text: String,
    /// What it is, for those who hear the page.
    #[prop(into)]
    label: String,
    #[prop(into, default = String::new())] note: String,
    #[prop(optional)] wrap: bool,
) -> impl IntoView {
    view! {
        <div class=if wrap { "copyable wrap" } else { "copyable" }>
            <div class="row">
                <span class="quiet small">{note}</span>
                <button type="button" class="quiet" hidden=true data-copy=id.clone() aria-label=format!("Copy: {label}")>
                    "Copy"
                </button>
            </div>
            // With the keyboard, what is wider than the page can be scrolled.
            <pre tabindex="0" role="group" aria-label=label><code id=id>{text}</code></pre>
        </div>
    }
}

/// JSON in a readable form; text that is no JSON as it is.
pub(crate) fn pretty(json: &str) -> String {
    serde_json::from_str::<serde_json::Value>(json)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| json.to_owned())
}
