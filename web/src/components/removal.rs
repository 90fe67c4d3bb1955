//! The form that takes something away for good.

use super::form::Posted;
use crate::csrf::CsrfField;
use leptos::prelude::*;

const FIELD: &str = "confirm";

/// Whether the name was typed; says so beside the field where it was not.
pub(crate) fn confirmed(posted: &mut Posted, name: &str) -> bool {
    let typed = posted.get(FIELD) == name;
    if !typed {
        posted.refuse(FIELD, "is not its name: nothing was done");
    }
    typed
}

/// Wants the name typed.
#[component]
pub(crate) fn Removal(
    posted: Posted,
    #[prop(into)] name: String,
    #[prop(into)] action: String,
    /// `Delete the policy`.
    said: &'static str,
    why: &'static str,
) -> impl IntoView {
    let problem = posted.problem(FIELD);
    let invalid = problem.is_some().then_some("true");
    let described = problem.is_some().then_some("problem-confirm");
    let open = problem.is_some();
    view! {
        <details class="more" open=open>
            <summary>{said}</summary>
            <form method="post" action=action class="inside">
                <CsrfField/>
                <p class="quiet">{why}</p>
                <div class="field">
                    <label for="field-confirm">"Type " <strong>{name}</strong> " to confirm"</label>
                    <input
                        id="field-confirm"
                        name=FIELD
                        type="text"
                        required=true
                        autocomplete="off"
                        aria-invalid=invalid
                        aria-describedby=described
                    />
                    {problem
                        .map(|problem| {
                            view! { <span class="problem" id="problem-confirm">{problem}</span> }
                        })}
                </div>
                <div class="row"><button type="submit" class="danger">{said}</button></div>
            </form>
        </details>
    }
}
