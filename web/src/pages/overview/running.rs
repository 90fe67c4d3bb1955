//! What runs now on all edges together.

use crate::{components::number, pages::upstreams::Sum};
use leptos::prelude::*;

#[component]
pub(super) fn Running(of: Sum) -> impl IntoView {
    let used = number::percent(of.workers + of.starting, of.max_workers);
    view! {
        <dl class="figures" aria-label="Now, on all edges">
            <div>
                <dt>"Workers now"</dt>
                <dd>{of.said()}</dd>
                <dd class="hint">{format!("{used} % of what may run")}</dd>
            </div>
            <div>
                <dt>"Calls in them"</dt>
                <dd>{number::count(of.in_flight)}</dd>
                <dd class="hint">"at upstreams at this moment"</dd>
            </div>
            <div>
                <dt>"Calls that wait"</dt>
                <dd>{number::count(of.queued)}</dd>
                <dd class="hint">"in queues for a worker"</dd>
            </div>
            <div>
                <dt>"Breakers open"</dt>
                <dd>{number::count(of.open)}</dd>
                <dd class="hint">"pools whose workers could not be started"</dd>
            </div>
        </dl>
    }
}
