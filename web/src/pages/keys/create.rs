//! `/keys/new`: a new key.

use super::{
    form::{self, Offer},
    held::Held,
    may_change, once,
};
use crate::{
    Site,
    components::{
        content::PageHead,
        form::{Choice, Choices, Posted, Problems, SelectField, TextField},
        shell::{Section, Shell},
    },
    csrf::{Checked, CsrfField},
    load::{Failure, load},
    render,
    visitor::Visitor,
};
use axum::{extract::State, response::Response};
use http::StatusCode;
use leptos::prelude::*;
use ostia_proto::v1;

/// Days, and what is said for them.
const LIFETIMES: [(&str, &str); 6] = [
    ("7", "7 days"),
    ("30", "30 days"),
    ("90", "90 days"),
    ("180", "180 days"),
    ("365", "a year"),
    ("never", "never, until it is revoked"),
];

pub(super) async fn show(visitor: Visitor) -> Response {
    if !may_change(&visitor) {
        return Failure::NotThere.show(&visitor);
    }
    page(&visitor, StatusCode::OK, form::fresh()).await
}

pub(super) async fn create(
    State(site): State<Site>,
    Checked { visitor, form }: Checked<Vec<(String, String)>>,
) -> Response {
    let mut posted = Posted::new(form);
    let request = request(&visitor, &mut posted);
    if posted.is_refused() {
        return page(&visitor, StatusCode::UNPROCESSABLE_ENTITY, posted).await;
    }
    let made = async {
        match visitor.control.keys().create_key(request).await {
            Ok(made) => Ok(Ok(made.into_inner())),
            Err(status) => form::refuse(&mut posted, status).map(Err),
        }
    };
    let made = match load(made).await {
        Ok(Ok(made)) => made,
        Ok(Err(())) => return page(&visitor, StatusCode::UNPROCESSABLE_ENTITY, posted).await,
        Err(failure) => return failure.show(&visitor),
    };
    let key = made.key.unwrap_or_default();
    let mcp_url = site.config.mcp_url.clone();
    let note = "The key works from now on.".to_owned();
    once::show(&visitor, "Your new key", note, &key, made.secret, mcp_url)
}

fn request(visitor: &Visitor, posted: &mut Posted) -> v1::CreateKeyRequest {
    let (expires_in_seconds, never_expires) = form::expiry(posted);
    let restrictions = form::restrictions(posted, None);
    let mode = match posted.get("mode") {
        "test" => v1::KeyMode::Test,
        _ => v1::KeyMode::Live,
    };
    v1::CreateKeyRequest {
        name: posted.get("name").to_owned(),
        owner: Some(visitor.id.to_string()),
        mode: mode.into(),
        policies: posted.all("policy").map(str::to_owned).collect(),
        plan: None,
        expires_in_seconds,
        never_expires,
        restrictions: Some(restrictions),
    }
}

async fn page(visitor: &Visitor, status: StatusCode, posted: Posted) -> Response {
    let owner = visitor.id.to_string();
    match load(form::offer(visitor, &owner)).await {
        Ok(offer) => render::page_of(visitor, status, || {
            view! { <New posted=posted offer=offer/> }
        }),
        Err(failure) => failure.show(visitor),
    }
}

#[component]
fn New(posted: Posted, offer: Offer) -> impl IntoView {
    let lifetimes = LIFETIMES.map(|(value, said)| (value.to_owned(), said.to_owned()));
    let test = posted.get("mode") == "test";
    view! {
        <Shell title="Make a key" section=Section::Keys>
            <PageHead title="Make a key" back=("/keys", "Keys")/>
            <Problems posted=posted.clone()/>
            <form method="post" action="/keys" class="form panel">
                <CsrfField/>
                <TextField
                    posted=posted.clone()
                    name="name"
                    label="Name"
                    hint="Where it will be used, so that you know it again: laptop, build server."
                    required=true
                />
                <Choices posted=posted.clone() name="mode" legend="Kind">
                    <Choice kind="radio" name="mode" value="live" label="Live" checked=!test/>
                    <Choice
                        kind="radio"
                        name="mode"
                        value="test"
                        label="Test"
                        hint="Reaches the built-in demo and nothing else."
                        checked=test
                    />
                </Choices>
                <SelectField
                    posted=posted.clone()
                    name="expires"
                    label="Ends after"
                    options=lifetimes.to_vec()
                />
                <Held posted=posted offer=offer/>
                <div class="row">
                    <button type="submit">"Make the key"</button>
                    <a class="button second" href="/keys">"Cancel"</a>
                </div>
            </form>
        </Shell>
    }
}
