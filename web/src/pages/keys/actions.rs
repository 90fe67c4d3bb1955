//! What can be done with a key, each as a form.

use super::{rotate::RotateForm, view::is_ended};
use crate::{
    components::{content::Panel, form::Posted},
    csrf::CsrfField,
};
use leptos::prelude::*;
use ostia_proto::v1;

#[component]
pub(super) fn Actions(key: v1::Key, posted: Posted) -> impl IntoView {
    let id = key.id.clone();
    let ended = is_ended(&key);
    let expired = key.state() == v1::KeyState::Expired;
    let active = key.state() != v1::KeyState::Inactive;
    let (verb, said, why) = if active {
        (
            "inactivate",
            "Switch it off",
            "It is refused until it is switched on again.",
        )
    } else {
        ("activate", "Switch it on", "It is refused at the moment.")
    };
    let rotated = id.clone();
    view! {
        {(!ended && !expired)
            .then(|| {
                view! {
                    <Panel title="Rotate" note="Name, bounds and usage stay; clients get a new secret" id="rotate">
                        <RotateForm key=rotated/>
                    </Panel>
                }
            })}
        <Panel title="End it">
            {(!ended)
                .then(|| {
                    view! {
                        <form method="post" action=format!("/keys/{id}/{verb}") class="row">
                            <CsrfField/>
                            <button type="submit" class="second">{said}</button>
                            <span class="quiet">{why}</span>
                        </form>
                        <Confirmed
                            key=key.clone()
                            verb="revoke"
                            said="Revoke it for good"
                            why="It is refused everywhere within two seconds and cannot be brought back. It stays in this list."
                            posted=posted.clone()
                        />
                    }
                })}
            <Confirmed
                key=key.clone()
                verb="delete"
                said="Delete it"
                why="As revoking, and it is gone from this list. Usage and audit keep its name."
                posted=posted
            />
        </Panel>
    }
}

/// A form that wants the name of the key typed.
#[component]
fn Confirmed(
    key: v1::Key,
    verb: &'static str,
    said: &'static str,
    why: &'static str,
    posted: Posted,
) -> impl IntoView {
    let problem = posted.problem(verb);
    let invalid = problem.is_some().then_some("true");
    let open = problem.is_some();
    let described = problem.is_some().then(|| format!("problem-{verb}"));
    view! {
        <details class="more" open=open>
            <summary>{said}</summary>
            <form method="post" action=format!("/keys/{}/{verb}", key.id) class="inside">
                <CsrfField/>
                <p class="quiet">{why}</p>
                <div class="field">
                    <label for=format!("field-{verb}")>
                        "Type " <strong>{key.name.clone()}</strong> " to confirm"
                    </label>
                    <input
                        id=format!("field-{verb}")
                        name="confirm"
                        type="text"
                        required=true
                        autocomplete="off"
                        aria-invalid=invalid
                        aria-describedby=described
                    />
                    {problem
                        .map(|problem| {
                            view! { <span class="problem" id=format!("problem-{verb}")>{problem}</span> }
                        })}
                </div>
                <div class="row"><button type="submit" class="danger">{said}</button></div>
            </form>
        </details>
    }
}
