//! Revoking several keys at once: what was chosen is shown once more, and only then done.

use super::several::{self, Chosen, ChosenFields};
use crate::{
    components::{
        content::PageHead,
        form::Posted,
        number,
        shell::{Section, Shell},
    },
    csrf::{Checked, CsrfField},
    load::load,
    render,
    visitor::{Operator, Visitor},
};
use axum::response::Response;
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::v1;

/// Typed to confirm.
const WORD: &str = "revoke";

pub(super) async fn revoke(
    Checked { visitor, form }: Checked<Vec<(String, String)>, Operator>,
) -> Response {
    let Operator(visitor) = visitor;
    let posted = Posted::new(form);
    let keys = match several::chosen(&visitor, &posted).await {
        Ok(keys) => keys,
        Err(answer) => return answer,
    };
    match posted.get("confirm") {
        WORD => done(&visitor, keys).await,
        "" => ask(&visitor, StatusCode::OK, keys, None),
        _ => {
            let problem = format!("is not the word {WORD}: nothing was done");
            ask(
                &visitor,
                StatusCode::UNPROCESSABLE_ENTITY,
                keys,
                Some(problem),
            )
        }
    }
}

async fn done(visitor: &Visitor, keys: Vec<v1::Key>) -> Response {
    let revoked = several::each(keys, async |key| {
        let mut service = visitor.control.keys();
        let request = v1::RevokeKeyRequest {
            key: key.id.clone(),
        };
        load(async { service.revoke_key(request).await })
            .await
            .is_ok()
    });
    several::told(visitor, "revoked", revoked.await)
}

fn ask(
    visitor: &Visitor,
    status: StatusCode,
    keys: Vec<v1::Key>,
    problem: Option<String>,
) -> Response {
    render::page_of(visitor, status, || {
        view! { <Ask keys=keys problem=problem/> }
    })
}

#[component]
fn Ask(keys: Vec<v1::Key>, problem: Option<String>) -> impl IntoView {
    let title = format!(
        "Revoke {}",
        number::counted(keys.len() as u64, "key", "keys")
    );
    let invalid = problem.is_some().then_some("true");
    let described = problem.is_some().then_some("problem-confirm");
    view! {
        <Shell title=title.clone() section=Section::AllKeys>
            <PageHead
                title=title.clone()
                lead="They are refused everywhere within two seconds and cannot be brought back."
                back=("/all-keys", "Keys of all")
            />
            <Chosen of=keys.clone()/>
            <form method="post" action="/all-keys/revoke" class="form panel">
                <CsrfField/>
                <ChosenFields of=keys/>
                <div class="field">
                    <label for="field-confirm">"Type " <strong>{WORD}</strong> " to confirm"</label>
                    <input
                        id="field-confirm"
                        name="confirm"
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
                <div class="row">
                    <button type="submit" class="danger">{title}</button>
                    <a class="button second" href="/all-keys">"Cancel"</a>
                </div>
            </form>
        </Shell>
    }
}
