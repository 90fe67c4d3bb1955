//! Giving several keys an end at once, where they have none or a later one.

use super::several::{self, Chosen, ChosenFields};
use crate::{
    components::{
        content::PageHead,
        form::{Posted, SelectField},
        number,
        shell::{Section, Shell},
        time::instant,
    },
    csrf::{Checked, CsrfField},
    load::load,
    render,
    visitor::{Operator, Visitor},
};
use axum::response::Response;
use chrono::TimeDelta;
use http::StatusCode;
use leptos::prelude::*;
use ostia_domain::clock;
use ostia_proto::v1;

/// Owners need some days to put others in their places, or none.
const DAYS: [(i64, &str); 4] = [
    (0, "at once"),
    (1, "in a day"),
    (7, "in 7 days"),
    (30, "in 30 days"),
];

pub(super) async fn end(
    Checked { visitor, form }: Checked<Vec<(String, String)>, Operator>,
) -> Response {
    let Operator(visitor) = visitor;
    let mut posted = Posted::new(form);
    let keys = match several::chosen(&visitor, &posted).await {
        Ok(keys) => keys,
        Err(answer) => return answer,
    };
    if posted.get("days").is_empty() {
        posted.set("days", "7");
        return ask(&visitor, StatusCode::OK, keys, posted);
    }
    let days = posted.number("days");
    let Some(days) = days.filter(|days| DAYS.iter().any(|(known, _)| known == days)) else {
        posted.refuse("days", "is none of these: nothing was done");
        return ask(&visitor, StatusCode::UNPROCESSABLE_ENTITY, keys, posted);
    };
    done(&visitor, keys, days).await
}

async fn done(visitor: &Visitor, keys: Vec<v1::Key>, days: i64) -> Response {
    // Control knows no end that is no time from now.
    let left = TimeDelta::days(days).max(TimeDelta::seconds(1));
    let end = clock::now() + left;
    let ended = several::each(keys, async |key| {
        // None is given more time than it has.
        if instant(key.expires_at).is_some_and(|has| has <= end) {
            return true;
        }
        let mut service = visitor.control.keys();
        let request = v1::UpdateKeyRequest {
            key: key.id,
            expires_in_seconds: u64::try_from(left.num_seconds()).ok(),
            ..v1::UpdateKeyRequest::default()
        };
        load(async { service.update_key(request).await })
            .await
            .is_ok()
    });
    several::told(visitor, "given an end", ended.await)
}

fn ask(visitor: &Visitor, status: StatusCode, keys: Vec<v1::Key>, posted: Posted) -> Response {
    render::page_of(visitor, status, || {
        view! { <Ask keys=keys posted=posted/> }
    })
}

#[component]
fn Ask(keys: Vec<v1::Key>, posted: Posted) -> impl IntoView {
    let title = format!(
        "Have {} end",
        number::counted(keys.len() as u64, "key", "keys")
    );
    let days = DAYS.map(|(days, said)| (days.to_string(), said.to_owned()));
    view! {
        <Shell title=title.clone() section=Section::AllKeys>
            <PageHead
                title=title.clone()
                lead="None gets more time than it has. Until then they work, and their owners see the end."
                back=("/all-keys", "Keys of all")
            />
            <Chosen of=keys.clone()/>
            <form method="post" action="/all-keys/end" class="form panel">
                <CsrfField/>
                <ChosenFields of=keys/>
                <SelectField posted=posted name="days" label="They end" options=days.to_vec()/>
                <div class="row">
                    <button type="submit" class="danger">{title}</button>
                    <a class="button second" href="/all-keys">"Cancel"</a>
                </div>
            </form>
        </Shell>
    }
}
