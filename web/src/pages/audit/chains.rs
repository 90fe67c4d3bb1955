//! `/audit/chains`: whether any event was changed, removed or moved. All events are read for that, some at a
//! time, so it is asked for with a form, and each page says how far it came.

use crate::{
    components::{
        content::{Notice, PageHead, Panel, Tone},
        number,
        shell::{Section, Shell},
        table::{Cell, Table},
        time::{As, Time},
    },
    csrf::{Checked, CsrfField},
    load::load,
    render,
    visitor::{Overseer, Visitor},
};
use axum::response::Response;
use http::StatusCode;
use leptos::prelude::*;
use ostia_domain::clock;
use ostia_proto::v1;
use serde::Deserialize;
use std::time::Duration;
use tonic::Status;

/// After which a page is shown; well within what one may take.
const BUDGET: Duration = Duration::from_secs(2);
/// Of problems, and of chains, on one page.
const SHOWN: usize = 50;

/// What the pages before found. Only a form of ours brings it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SoFar {
    /// Where to go on. Empty: at the beginning, or that everything was read.
    cursor: String,
    checked: u64,
    unchained: u64,
    chains: u64,
    problems: u64,
}

struct Part {
    so_far: SoFar,
    /// Of this page.
    problems: Vec<v1::ChainProblem>,
    /// That end on this page.
    ends: Vec<v1::ChainEnd>,
}

pub(super) async fn show(Overseer(visitor): Overseer) -> Response {
    page(&visitor, None)
}

pub(super) async fn verify(Checked { visitor, form }: Checked<SoFar, Overseer>) -> Response {
    let Overseer(visitor) = visitor;
    match load(read(&visitor, form)).await {
        Ok(part) => page(&visitor, Some(part)),
        Err(failure) => failure.show(&visitor),
    }
}

fn page(visitor: &Visitor, part: Option<Part>) -> Response {
    render::page_of(visitor, StatusCode::OK, || view! { <Chains part=part/> })
}

async fn read(visitor: &Visitor, so_far: SoFar) -> Result<Part, Status> {
    let started = clock::instant();
    let mut part = Part {
        so_far,
        problems: Vec::new(),
        ends: Vec::new(),
    };
    loop {
        let so_far = &mut part.so_far;
        let request = v1::VerifyEventsRequest {
            page_token: std::mem::take(&mut so_far.cursor),
            known: Vec::new(),
        };
        let found = visitor.control.audit().verify_events(request).await?;
        let found = found.into_inner();
        so_far.cursor = found.next_page_token;
        for (sum, more) in [
            (&mut so_far.checked, found.checked),
            (&mut so_far.unchained, found.unchained),
            (&mut so_far.chains, found.chains.len() as u64),
            (&mut so_far.problems, found.problems.len() as u64),
        ] {
            *sum = sum.saturating_add(more);
        }
        part.problems.extend(found.problems);
        part.ends.extend(found.chains);
        if part.so_far.cursor.is_empty() || started.elapsed() >= BUDGET {
            return Ok(part);
        }
    }
}

#[component]
fn Chains(part: Option<Part>) -> impl IntoView {
    let goes_on = part.as_ref().map(|part| part.so_far.clone());
    let goes_on = match goes_on {
        None => Some(SoFar::default()),
        Some(so_far) => (!so_far.cursor.is_empty()).then_some(so_far),
    };
    let lead = "Each event has the hash of the one before it, so that what is changed, removed or moved later \
                is found.";
    view! {
        <Shell title="Chains of audit" section=Section::Audit>
            <PageHead
                title="Chains of audit"
                lead=lead
                back=("/audit", "Audit")
            />
            {part.map(|part| view! { <Found part=part/> })}
            {goes_on.map(|so_far| view! { <GoOn so_far=so_far/> })}
            <p class="quiet">
                "Whoever can write to the database can also make a chain that fits. What "
                <code>"ostia audit verify --json"</code>
                " prints, kept where they cannot write, and given to the next run with "
                <code>"--known"</code>
                ", finds that as well."
            </p>
        </Shell>
    }
}

#[component]
fn GoOn(so_far: SoFar) -> impl IntoView {
    let said = if so_far.cursor.is_empty() {
        "Read all events"
    } else {
        "Go on reading"
    };
    let counts = [
        ("checked", so_far.checked),
        ("unchained", so_far.unchained),
        ("chains", so_far.chains),
        ("problems", so_far.problems),
    ];
    let counts = counts.map(|(name, count)| {
        view! { <input type="hidden" name=name value=count.to_string()/> }
    });
    view! {
        <form method="post" action="/audit/chains" class="row">
            <CsrfField/>
            <input type="hidden" name="cursor" value=so_far.cursor/>
            {counts.into_iter().collect_view()}
            <button type="submit">{said}</button>
        </form>
    }
}

#[component]
fn Found(part: Part) -> impl IntoView {
    let SoFar {
        cursor,
        checked,
        unchained,
        chains,
        problems,
    } = part.so_far;
    let (tone, verdict) = match (problems, cursor.is_empty()) {
        (0, true) => (Tone::Good, "Intact".to_owned()),
        (0, false) => (Tone::Plain, "Intact so far".to_owned()),
        (problems, _) => {
            let found = number::counted(problems, "problem", "problems");
            (Tone::Bad, format!("Not intact: {found}"))
        }
    };
    let read = format!(
        "{} read, and {} to the end.",
        number::counted(checked, "event was", "events were"),
        number::counted(chains, "chain", "chains"),
    );
    let older = (unchained > 0).then(|| {
        let older = number::counted(unchained, "event is", "events are");
        view! { <p>{format!("{older} older than the chains, and not verified.")}</p> }
    });
    view! {
        <Notice tone=tone title=verdict>
            <p>{read}</p>
            {older}
        </Notice>
        <Problems of=part.problems/>
        <Ends of=part.ends/>
    }
}

#[component]
fn Problems(of: Vec<v1::ChainProblem>) -> impl IntoView {
    if of.is_empty() {
        return ().into_any();
    }
    let more = of.len().saturating_sub(SHOWN);
    let rows = of.into_iter().take(SHOWN).map(|problem| {
        let event = (!problem.event_id.is_empty()).then(|| {
            let href = format!("/audit/{}", problem.event_id);
            view! { <a href=href><code>{problem.event_id}</code></a> }
        });
        view! {
            <tr>
                <th scope="row">{problem.problem}</th>
                <Cell label="Event">{event}</Cell>
                <Cell label="Writer"><code>{problem.writer}</code></Cell>
                <Cell label="Number" number=true>{number::count(problem.sequence)}</Cell>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Panel title="Problems" note="What was read for this page">
            <Table
                caption="What is not as it was written"
                quiet=true
                dense=true
                columns=vec!["The event", "Event", "Writer", "#Number"]
            >
                {rows}
            </Table>
            <More than=more/>
        </Panel>
    }
    .into_any()
}

#[component]
fn Ends(of: Vec<v1::ChainEnd>) -> impl IntoView {
    if of.is_empty() {
        return ().into_any();
    }
    let more = of.len().saturating_sub(SHOWN);
    let rows = of.into_iter().take(SHOWN).map(|end| {
        view! {
            <tr>
                <th scope="row"><code>{end.writer}</code></th>
                <Cell label="Of">{end.kind}</Cell>
                <Cell label="Begun"><Time at=end.started_at shown=As::Minute/></Cell>
                <Cell label="Events" number=true>{number::count(end.sequence)}</Cell>
                <Cell label="Taken by retention" number=true>{number::count(end.pruned)}</Cell>
                <Cell label="Newest hash"><code>{end.hash}</code></Cell>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Panel title="Chains" note="That were read to their end for this page">
            <Table
                caption="Chains and where they end"
                quiet=true
                dense=true
                columns=vec!["Writer", "Of", "Begun", "#Events", "#Taken by retention", "Newest hash"]
            >
                {rows}
            </Table>
            <More than=more/>
        </Panel>
    }
    .into_any()
}

#[component]
fn More(than: usize) -> impl IntoView {
    (than > 0).then(|| view! { <p class="quiet small">{format!("and {than} more")}</p> })
}
