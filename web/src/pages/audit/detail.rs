//! `/audit/{event}`: everything that is written about one event.

use super::{
    Difference, Differences, Ended,
    arguments::{Arguments, Kept, were_kept},
    is_request,
};
use crate::{
    address::Path,
    components::{
        content::{PageHead, Panel},
        number,
        shell::{Section, Shell},
        time::{As, Time},
    },
    load::{Failure, load},
    render,
    visitor::{Overseer, Visitor},
};
use axum::response::Response;
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::v1;
use uuid::Uuid;

/// What else is said about the reading of arguments: whose.
const OF_EVENT: &str = "event";

pub(super) async fn show(Overseer(visitor): Overseer, Path(event): Path<String>) -> Response {
    match find(&visitor, &event).await {
        Ok(event) => page(&visitor, StatusCode::OK, event, Arguments::Unread),
        Err(failure) => failure.show(&visitor),
    }
}

/// Events are listed from an id on, whether there is an event of that id or not: one event is the first after
/// the id before its own.
pub(super) async fn find(visitor: &Visitor, event: &str) -> Result<v1::AuditEvent, Failure> {
    let id = Uuid::try_parse(event).map_err(|_| Failure::NotThere)?;
    let before = id.as_u128().checked_sub(1).ok_or(Failure::NotThere)?;
    let request = v1::ListEventsRequest {
        after: Some(Uuid::from_u128(before).to_string()),
        page_size: 1,
        ..v1::ListEventsRequest::default()
    };
    let mut audit = visitor.control.audit();
    let listed = load(async { audit.list_events(request).await }).await?;
    let found = listed.into_inner().events.pop();
    let is_it = |event: &v1::AuditEvent| event.id == id.to_string();
    found.filter(is_it).ok_or(Failure::NotThere)
}

pub(super) fn page(
    visitor: &Visitor,
    status: StatusCode,
    event: v1::AuditEvent,
    arguments: Arguments,
) -> Response {
    let may_read = visitor.audits();
    render::page_of(visitor, status, || {
        view! { <Detail event=event arguments=arguments may_read=may_read/> }
    })
}

#[component]
fn Detail(event: v1::AuditEvent, arguments: Arguments, may_read: bool) -> impl IntoView {
    let (request, refused) = (is_request(&event), event.outcome != "ok");
    let title = format!("{} {}", event.action, event.target);
    let title = title.trim_end().to_owned();
    let mut difference = Difference::of(&event.detail);
    let besides = std::mem::take(&mut difference.besides);
    let chained = !event.writer.is_empty();
    let (id, kept) = (event.id.clone(), were_kept(&event));
    let (writer, sequence) = (event.writer.clone(), number::count(event.sequence));
    let (previous, hash) = (event.previous_hash.clone(), event.hash.clone());
    view! {
        <Shell title=title.clone() section=Section::Audit>
            <PageHead title=title back=("/audit", "Audit")/>
            <Panel title="What happened"><Facts event=event besides=besides/></Panel>
            {(!request && !refused).then(|| view! { <Panel title="What it changed"><Differences of=difference/></Panel> })}
            {request
                .then(|| {
                    view! {
                        <Panel title="Arguments">
                            <Kept event=id arguments=arguments kept=kept may_read=may_read/>
                        </Panel>
                    }
                })}
            <Panel title="Place in its chain">
                {if chained {
                    view! {
                        <dl class="facts">
                            <Fact name="Writer" value=writer code=true/>
                            <Fact name="Number" value=sequence/>
                            <Fact name="Hash of the event before" value=previous code=true/>
                            <Fact name="Hash" value=hash code=true/>
                        </dl>
                    }
                        .into_any()
                } else {
                    view! { <p class="quiet">"In none: the event is from before there were chains."</p> }.into_any()
                }}
                <p>
                    <a href="/audit/chains">"Verify the chains"</a>
                    " to know whether it is what was written."
                </p>
            </Panel>
        </Shell>
    }
}

#[component]
fn Facts(event: v1::AuditEvent, besides: Vec<(String, String)>) -> impl IntoView {
    let took = match event.duration_us {
        0 => String::new(),
        micros => number::duration(micros),
    };
    let size = |bytes: Option<u64>| bytes.map(number::bytes).unwrap_or_default();
    let (asked, answered) = (size(event.request_bytes), size(event.result_bytes));
    let status = event.upstream_status.map(|status| status.to_string());
    let status = status.unwrap_or_default();
    let besides = besides.into_iter().map(|(name, value)| {
        let value = if name == OF_EVENT {
            view! { <a href=format!("/audit/{value}")><code>{value.clone()}</code></a> }.into_any()
        } else {
            view! { <code>{value}</code> }.into_any()
        };
        view! { <dt>{name.replace('_', " ")}</dt><dd>{value}</dd> }
    });
    let besides = besides.collect_view();
    let request = is_request(&event);
    view! {
        <dl class="facts">
            <dt>"Time"</dt>
            <dd><Time at=event.at shown=As::Second/></dd>
            <dt>"Ended"</dt>
            <dd><Ended request=request outcome=event.outcome/></dd>
            <Fact name="Error" value=event.error code=true/>
            <Fact name="Rule that decided" value=event.rule code=true/>
            <Fact name="Who" value=event.actor/>
            <Whose name="Key" id=event.key_id page="/keys" filter="key"/>
            <Whose name="User" id=event.user_id page="/users" filter="user"/>
            <Fact name="Action" value=event.action code=true/>
            <Fact name="Of what" value=event.target code=true/>
            <Fact name="Took" value=took/>
            <Fact name="Upstream's HTTP status" value=status/>
            <Fact name="Request" value=asked/>
            <Fact name="Result" value=answered/>
            <Fact name="From" value=event.remote_address/>
            <Fact name="Client" value=event.client/>
            <Fact name="SHA-256 of the arguments" value=event.arguments_digest code=true/>
            {besides}
            <Fact name="Request id" value=event.request_id code=true/>
            <Fact name="Event" value=event.id code=true/>
        </dl>
    }
}

/// Nothing where there is nothing to say.
#[component]
fn Fact(name: &'static str, value: String, #[prop(optional)] code: bool) -> impl IntoView {
    let shown = match (value.is_empty(), code) {
        (true, _) => return ().into_any(),
        (_, true) => view! { <code>{value}</code> }.into_any(),
        (_, false) => view! { <span>{value}</span> }.into_any(),
    };
    view! { <dt>{name}</dt><dd>{shown}</dd> }.into_any()
}

/// A key or user, and what else they did.
#[component]
fn Whose(
    name: &'static str,
    id: String,
    page: &'static str,
    filter: &'static str,
) -> impl IntoView {
    if id.is_empty() {
        return ().into_any();
    }
    let (page, more) = (format!("{page}/{id}"), format!("/audit?{filter}={id}"));
    view! {
        <dt>{name}</dt>
        <dd>
            <a href=page><code>{id}</code></a>
            ", "
            <a href=more>"all of it in audit"</a>
        </dd>
    }
    .into_any()
}
