//! `/audit/{event}/arguments`: what was kept of the arguments of one call, for auditors alone. Asked for with a
//! form, because control writes down that it was read, and by whom.

use super::detail;
use crate::{
    address::Path,
    components::content::{Copyable, Notice, Tone, pretty},
    csrf::{Checked, CsrfField},
    load::{Failure, load},
    visitor::Auditor,
};
use axum::response::Response;
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::v1;
use serde_json::Value;

/// The member of an event's detail that says that something is kept.
const KEPT: &str = "kept_arguments";

/// What a page shows of them.
pub(super) enum Arguments {
    /// Nobody asked.
    Unread,
    Read(v1::ReadArgumentsResponse),
    /// They were never kept, or are not any more.
    NotThere,
}

pub(super) async fn read(
    Path(event): Path<String>,
    Checked { visitor, .. }: Checked<Vec<(String, String)>, Auditor>,
) -> Response {
    let Auditor(visitor) = visitor;
    let event = match detail::find(&visitor, &event).await {
        Ok(event) => event,
        Err(failure) => return failure.show(&visitor),
    };
    let request = v1::ReadArgumentsRequest {
        event: event.id.clone(),
    };
    let mut audit = visitor.control.audit();
    let (status, arguments) = match load(async { audit.read_arguments(request).await }).await {
        Ok(read) => (StatusCode::OK, Arguments::Read(read.into_inner())),
        Err(Failure::NotThere) => (StatusCode::NOT_FOUND, Arguments::NotThere),
        Err(failure) => return failure.show(&visitor),
    };
    detail::page(&visitor, status, event, arguments)
}

/// Whether the event says that its arguments were kept.
pub(super) fn were_kept(event: &v1::AuditEvent) -> bool {
    let detail: Option<Value> = serde_json::from_str(&event.detail).ok();
    detail.is_some_and(|detail| detail.get(KEPT).is_some())
}

#[component]
pub(super) fn Kept(
    event: String,
    arguments: Arguments,
    kept: bool,
    may_read: bool,
) -> impl IntoView {
    match arguments {
        Arguments::Read(read) => view! { <Shown of=read/> }.into_any(),
        Arguments::NotThere => {
            view! { <Notice tone=Tone::Warn title="Nothing is kept of the arguments of this call, or not any more."/> }
                .into_any()
        }
        Arguments::Unread if !kept => {
            let said = "Their digest alone. An upstream whose definition says so has the arguments of \
                        later calls kept.";
            view! { <p class="quiet">{said}</p> }.into_any()
        }
        Arguments::Unread if !may_read => {
            view! { <p class="quiet">"They were kept, without what looked like a secret. Only auditors read them."</p> }
                .into_any()
        }
        Arguments::Unread => {
            let said = "They were kept, without what looked like a secret. That you read them is written \
                        down.";
            view! {
                <form method="post" action=format!("/audit/{event}/arguments") class="stack">
                    <CsrfField/>
                    <p class="quiet">{said}</p>
                    <div class="row"><button type="submit" class="second">"Read the arguments"</button></div>
                </form>
            }
                .into_any()
        }
    }
}

#[component]
fn Shown(of: v1::ReadArgumentsResponse) -> impl IntoView {
    let changed = (!of.intact).then(|| {
        view! {
            <Notice tone=Tone::Bad title="These are not the arguments that were kept.">
                <p>"Somebody changed them, or the event."</p>
            </Notice>
        }
    });
    let note = if of.cut {
        "The rest was too much to be kept."
    } else {
        "That you read them is written down."
    };
    view! {
        {changed}
        <Copyable id="arguments" text=pretty(&of.arguments) label="Arguments" note=note wrap=true/>
    }
}
