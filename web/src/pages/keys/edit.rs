//! `/keys/{key}/edit`: another name, other bounds, another end.

use super::{
    form::{self, Offer},
    held::Held,
    may_change,
    view::is_ended,
};
use crate::{
    address::Path,
    components::{
        content::{PageHead, pretty},
        form::{Posted, Problems, SelectField, TextField},
        shell::{Section, Shell},
        table::encoded,
    },
    csrf::{Checked, CsrfField},
    load::{Failure, load},
    render,
    visitor::Visitor,
};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::v1;
use serde_json::json;
use tonic::Status;

const LIFETIMES: [(&str, &str); 6] = [
    ("keep", "as it is"),
    ("7", "7 days from now"),
    ("30", "30 days from now"),
    ("90", "90 days from now"),
    ("365", "a year from now"),
    ("never", "never, until it is revoked"),
];

pub(super) async fn show(visitor: Visitor, Path(key): Path<String>) -> Response {
    if !may_change(&visitor) {
        return Failure::NotThere.show(&visitor);
    }
    match load(loaded(&visitor, key)).await {
        Ok((key, offer)) => {
            let mut posted = form::of(&key);
            posted.push("expires", "keep");
            page(&visitor, StatusCode::OK, &key, posted, offer)
        }
        Err(failure) => failure.show(&visitor),
    }
}

pub(super) async fn save(
    Path(key): Path<String>,
    Checked { visitor, form }: Checked<Vec<(String, String)>>,
) -> Response {
    let (key, offer) = match load(loaded(&visitor, key)).await {
        Ok(loaded) => loaded,
        Err(failure) => return failure.show(&visitor),
    };
    let mut posted = Posted::new(form);
    let request = request(&key, &mut posted);
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    if posted.is_refused() {
        return page(&visitor, refused, &key, posted, offer);
    }
    let saved = async {
        match visitor.control.keys().update_key(request).await {
            Ok(_) => Ok(true),
            Err(status) => form::refuse(&mut posted, status).map(|()| false),
        }
    };
    match load(saved).await {
        Ok(true) => {
            let then = format!("/keys/{}?done=changed", encoded(&key.id));
            Redirect::to(&then).into_response()
        }
        Ok(false) => page(&visitor, refused, &key, posted, offer),
        Err(failure) => failure.show(&visitor),
    }
}

async fn loaded(visitor: &Visitor, key: String) -> Result<(v1::Key, Offer), Status> {
    let key = visitor.key(&key).await?;
    let mut offer = form::offer(visitor, &key.owner_id).await?;
    let held = key.restrictions.as_ref();
    let rules = held.and_then(|held| held.rules.as_ref());
    offer.foreign_rules = rules.filter(|rules| form::is_foreign(rules)).map(shown);
    Ok((key, offer))
}

fn request(key: &v1::Key, posted: &mut Posted) -> v1::UpdateKeyRequest {
    let (expires_in_seconds, never_expires) = form::expiry(posted);
    let held = key.restrictions.as_ref();
    let before = held.and_then(|held| held.rules.as_ref());
    v1::UpdateKeyRequest {
        key: key.id.clone(),
        restrictions: Some(form::restrictions(posted, before)),
        name: Some(posted.get("name").to_owned()),
        policies: Some(v1::KeyPolicies {
            names: posted.all("policy").map(str::to_owned).collect(),
        }),
        plan: None,
        expires_in_seconds,
        never_expires,
    }
}

/// Rules as people read them.
fn shown(rules: &v1::Rules) -> String {
    let arguments = rules.arguments.iter().map(|rule| {
        json!({
            "tools": rule.tools, "argument": rule.argument, "optional": rule.optional, "glob": rule.glob,
            "regex": rule.regex, "min": rule.min, "max": rule.max,
        })
    });
    let constraints = rules.constraints.iter().map(|limit| {
        json!({
            "tools": limit.tools, "calls_per_minute": limit.calls_per_minute,
            "max_results": limit.max_results, "max_result_bytes": limit.max_result_bytes,
            "timeout_ms": limit.timeout_ms,
        })
    });
    let shown = json!({
        "upstreams": rules.upstreams, "allow": rules.allow, "deny": rules.deny,
        "max_tier": match rules.max_tier() {
            v1::Tier::Read => "read",
            v1::Tier::Write => "write",
            v1::Tier::Destructive | v1::Tier::Unspecified => "destructive",
        },
        "arguments": arguments.collect::<Vec<_>>(),
        "constraints": constraints.collect::<Vec<_>>(),
    });
    pretty(&shown.to_string())
}

fn page(
    visitor: &Visitor,
    status: StatusCode,
    key: &v1::Key,
    posted: Posted,
    offer: Offer,
) -> Response {
    if is_ended(key) {
        return Failure::NotThere.show(visitor);
    }
    let (id, name) = (key.id.clone(), key.name.clone());
    render::page_of(visitor, status, || {
        view! { <Edit id=id name=name posted=posted offer=offer/> }
    })
}

#[component]
fn Edit(id: String, name: String, posted: Posted, offer: Offer) -> impl IntoView {
    let lifetimes = LIFETIMES.map(|(value, said)| (value.to_owned(), said.to_owned()));
    let title = format!("Change {name}");
    let back = format!("/keys/{id}");
    view! {
        <Shell title=title.clone() section=Section::Keys>
            <PageHead title=title back=("/keys", "Keys")/>
            <Problems posted=posted.clone()/>
            <form method="post" action=format!("/keys/{id}/edit") class="form panel">
                <CsrfField/>
                <TextField posted=posted.clone() name="name" label="Name" required=true/>
                <SelectField
                    posted=posted.clone()
                    name="expires"
                    label="Ends"
                    options=lifetimes.to_vec()
                />
                <Held posted=posted offer=offer/>
                <div class="row">
                    <button type="submit">"Save"</button>
                    <a class="button second" href=back>"Cancel"</a>
                </div>
            </form>
        </Shell>
    }
}
