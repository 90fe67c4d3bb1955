//! What calls somebody wants to see, as the address of the page has it.

use super::{last_days, said};
use crate::{
    components::{
        form::{Posted, SelectField, TextField},
        table::encoded,
    },
    visitor::Visitor,
};
use leptos::prelude::*;
use ostia_domain::{clock, usage::Outcome};
use ostia_proto::v1;
use serde::Deserialize;

const SPANS: [(i64, &str); 4] = [
    (1, "today"),
    (7, "7 days"),
    (30, "30 days"),
    (90, "90 days"),
];
const DEFAULT_SPAN: i64 = 30;
const EVERYBODY: &str = "everybody";

/// Everything that is empty narrows nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// `everybody`; anything else: whoever looks.
    pub(super) whose: String,
    pub(super) days: String,
    pub(super) key: String,
    /// Of everybody, one by name or id.
    pub(super) user: String,
    pub(super) upstream: String,
    pub(super) tool: String,
    pub(super) outcome: String,
    pub(super) cursor: String,
    /// What rows of sums have in common.
    pub(super) by: String,
}

impl Asked {
    /// Calls of others are for those who see what belongs to everybody.
    pub(super) fn is_for(&self, visitor: &Visitor) -> bool {
        !self.of_everybody() || visitor.oversees()
    }

    pub(super) fn of_everybody(&self) -> bool {
        self.whose == EVERYBODY
    }

    pub(super) fn days(&self) -> i64 {
        let known = SPANS.iter().map(|(days, _)| *days);
        let asked = self.days.parse().ok();
        asked
            .filter(|days| known.clone().any(|known| known == *days))
            .unwrap_or(DEFAULT_SPAN)
    }

    fn from(&self) -> prost_types::Timestamp {
        last_days(clock::now(), self.days())
    }

    fn user(&self, visitor: &Visitor) -> Option<String> {
        if self.of_everybody() {
            unless_empty(self.user.trim())
        } else {
            Some(visitor.id.to_string())
        }
    }

    pub(super) fn calls(&self, visitor: &Visitor, page_size: u32) -> v1::ListUsageRequest {
        v1::ListUsageRequest {
            key: unless_empty(self.key.trim()),
            upstream: unless_empty(self.upstream.trim()),
            page_size,
            page_token: self.cursor.clone(),
            user: self.user(visitor),
            tool: unless_empty(self.tool.trim()),
            outcome: unless_empty(&self.outcome),
            from: Some(self.from()),
            to: None,
            after: None,
        }
    }

    /// One sum of all these calls.
    pub(super) fn sum(&self, visitor: &Visitor) -> v1::SummarizeUsageRequest {
        v1::SummarizeUsageRequest {
            key: unless_empty(self.key.trim()),
            user: self.user(visitor),
            upstream: unless_empty(self.upstream.trim()),
            tool: unless_empty(self.tool.trim()),
            outcome: unless_empty(&self.outcome),
            from: Some(self.from()),
            ..v1::SummarizeUsageRequest::default()
        }
    }

    fn fields(&self) -> [(&'static str, String); 7] {
        [
            ("whose", self.whose.clone()),
            ("days", self.days().to_string()),
            ("key", self.key.trim().to_owned()),
            ("user", self.user.trim().to_owned()),
            ("upstream", self.upstream.trim().to_owned()),
            ("tool", self.tool.trim().to_owned()),
            ("outcome", self.outcome.clone()),
        ]
    }

    /// The same at this path, from the newest on.
    pub(super) fn address(&self, path: &str) -> String {
        let fields = self.fields().into_iter();
        let pairs = fields
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", encoded(&value)));
        format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"))
    }

    /// Where every call is, where records have no index of what they are narrowed by: of everybody, an end that is
    /// rare would have to be looked for among all calls. Audit has the same calls, and what finds them.
    pub(super) fn in_audit(&self) -> Option<String> {
        let narrowed = [
            ("upstream", self.upstream.trim()),
            ("tool", self.tool.trim()),
            ("outcome", &*self.outcome),
        ];
        let narrowed = narrowed.into_iter().filter(|(_, value)| !value.is_empty());
        let narrowed: Vec<_> = narrowed
            .map(|(name, value)| format!("&{name}={}", encoded(value)))
            .collect();
        let of_one = !self.key.trim().is_empty() || !self.user.trim().is_empty();
        let everybody = self.of_everybody() && !of_one && !narrowed.is_empty();
        everybody.then(|| format!("/audit?action=tools%2Fcall{}", narrowed.concat()))
    }

    /// All sums of these calls by what they have in common.
    pub(super) fn sums_as_csv(&self, by: &str) -> String {
        format!("{}&by={by}", self.address("/usage.csv"))
    }

    pub(super) fn posted(&self) -> Posted {
        let fields = self.fields().into_iter();
        let fields = fields.map(|(name, value)| (name.to_owned(), value));
        Posted::new(fields.collect())
    }
}

pub(crate) fn unless_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// `own_keys` are there to choose from; of everybody there are too many.
#[component]
pub(super) fn Filters(
    posted: Posted,
    everybody: bool,
    oversees: bool,
    own_keys: Vec<v1::Key>,
) -> impl IntoView {
    let option = |value: &str, said: &str| (value.to_owned(), said.to_owned());
    let all = std::iter::once(option("", "all"));
    let whose = oversees.then(|| {
        let options = vec![option("", "mine"), option(EVERYBODY, "everybody's")];
        let posted = posted.clone();
        view! { <SelectField posted=posted name="whose" label="Whose" options=options/> }
    });
    let days = SPANS
        .iter()
        .map(|(days, said)| option(&days.to_string(), said));
    let outcomes = Outcome::ALL
        .iter()
        .map(|outcome| option(outcome.as_str(), said(outcome.as_str())));
    let outcomes = all.clone().chain(outcomes);
    let who = posted.clone();
    let who = if everybody {
        view! {
            <TextField posted=who.clone() name="user" label="User" placeholder="name or id"/>
            <TextField posted=who name="key" label="Key" placeholder="id or public id"/>
        }
        .into_any()
    } else {
        let keys = own_keys.iter().map(|key| option(&key.id, &key.name));
        let keys = all.chain(keys).collect();
        view! { <SelectField posted=who name="key" label="Key" options=keys/> }.into_any()
    };
    view! {
        <form method="get" action="/usage" class="filters" role="search">
            {whose}
            <SelectField posted=posted.clone() name="days" label="Time" options=days.collect()/>
            {who}
            <TextField posted=posted.clone() name="upstream" label="Upstream"/>
            <TextField posted=posted.clone() name="tool" label="Tool" placeholder="upstream.tool"/>
            <SelectField posted=posted name="outcome" label="Ended" options=outcomes.collect()/>
            <button type="submit" class="second">"Show"</button>
        </form>
    }
}
