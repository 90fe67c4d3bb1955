//! Trying what a form says before it is saved.

use super::{
    facts::{introduced, offers},
    health::said,
};
use crate::{
    components::{
        content::{Chips, Notice, Tone},
        form::Posted,
    },
    load::Failure,
    saving::save_within,
    visitor::Visitor,
};
use leptos::prelude::*;
use ostia_domain::code::Code;
use ostia_proto::{status::code_of, v1};
use std::time::Duration;
use tonic::Response;

/// An edge takes 30 s at most.
const WAIT: Duration = Duration::from_secs(40);
const SHOWN: usize = 30;

/// In a form that is to be tried and not to be saved.
pub(super) fn is_wanted(posted: &Posted) -> bool {
    posted.get("probe") == "yes"
}

pub(super) enum Tried {
    By(v1::ProbeUpstreamResponse),
    ByNobody,
}

/// `upstream`: the one whose definition this would replace. `None`: it would not be taken either, and why is
/// in `posted`.
pub(super) async fn probe(
    visitor: &Visitor,
    posted: &mut Posted,
    definition: v1::UpstreamDefinition,
    upstream: Option<String>,
) -> Result<Option<Tried>, Failure> {
    let request = v1::ProbeUpstreamRequest {
        definition: Some(definition),
        upstream,
    };
    let mut upstreams = visitor.control.upstreams();
    let trying = async {
        match upstreams.probe_upstream(request).await {
            Ok(tried) => Ok(Response::new(Tried::By(tried.into_inner()))),
            Err(status) if code_of(&status) == Some(Code::UpstreamUnlisted) => {
                Ok(Response::new(Tried::ByNobody))
            }
            Err(status) => Err(status),
        }
    };
    save_within(WAIT, posted, trying).await
}

#[component]
pub(super) fn ProbeButton() -> impl IntoView {
    view! {
        <button type="submit" class="second" name="probe" value="yes">
            "Test it"
        </button>
    }
}

#[component]
pub(super) fn Outcome(of: Tried) -> impl IntoView {
    let Tried::By(tried) = of else {
        return view! {
            <Notice tone=Tone::Bad title="It was not tested">
                <p>"No edge answered: none is ready, or none follows this control."</p>
            </Notice>
        }
        .into_any();
    };
    let stage = tried.problem_stage().known();
    let (tone, title) = match (&tried.problem, &tried.catalogue) {
        (None, _) => (Tone::Good, "It works"),
        (Some(_), Some(_)) => (Tone::Warn, "It works, with a problem"),
        (Some(_), None) => (Tone::Bad, "It does not work"),
    };
    let stage = stage.map(|stage| view! { <strong>"Fails at " {said(stage)} ": "</strong> });
    let problem = tried
        .problem
        .map(|problem| view! { <p>{stage} {problem}</p> });
    let found = tried.catalogue.map(|found| {
        let era = match found.era() {
            v1::Era::Modern => "modern (2026-07-28)",
            v1::Era::Legacy | v1::Era::Unspecified => "legacy (up to 2025-11-25)",
        };
        let server = introduced(&found.server_info);
        let server = (!server.is_empty()).then(|| view! { " as " <strong>{server}</strong> });
        view! { <p>"It introduces itself" {server} ", speaks " {era} ", and offers " {offers(&found)} "."</p> }
    });
    let more = tried.tools.len().saturating_sub(SHOWN);
    let names = tried.tools.into_iter().take(SHOWN).map(|tool| tool.name);
    let names: Vec<_> = names.collect();
    let names = (!names.is_empty()).then(|| view! { <Chips of=names/> });
    view! {
        <Notice tone=tone title=title>
            {problem}
            {found}
            {names}
            {(more > 0).then(|| view! { <p class="quiet small">{format!("and {more} more tools")}</p> })}
            <p class="quiet small">
                {format!("Tested by the edge {}, where its workers would run. Nothing is saved, and values that \
                 are never shown have to be typed once more to save them.", tried.edge)}
            </p>
        </Notice>
    }
    .into_any()
}
