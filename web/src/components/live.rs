//! The part of a page that goes on by itself where scripts run (`assets/js/live.js`).

use leptos::prelude::*;

/// Around a table whose rows have a `data-id` and stand in its order, the greatest first, and what is said while
/// it has none.
#[component]
pub(crate) fn Live(
    /// Address of the stream that brings rows.
    stream: String,
    /// That the table may grow to.
    rows: usize,
    /// What a row is, and several.
    one: &'static str,
    many: &'static str,
    children: Children,
) -> impl IntoView {
    view! {
        <section
            class="panel live"
            data-live=stream
            data-rows=rows.to_string()
            data-one=one
            data-many=many
        >
            <div class="row" data-live-bar="" hidden=true>
                <p class="state" role="status" data-live-state="">"Connecting"</p>
                <button type="button" class="second" data-live-pause="" aria-pressed="false">
                    "Pause"
                </button>
            </div>
            <p class="seen-only" role="status" data-live-said=""></p>
            {children()}
        </section>
    }
}
