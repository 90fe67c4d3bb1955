//! Which calls somebody wants to see, as the addresses of the page and of its stream have it.

use crate::{
    components::{
        form::{Posted, SelectField, TextField},
        table::encoded,
    },
    pages::usage::{said, since, unless_empty},
};
use chrono::TimeDelta;
use leptos::prelude::*;
use ostia_domain::{clock, usage::Outcome};
use ostia_proto::v1;
use serde::Deserialize;

/// Calls before it are history. Asked every second, the question has to be cheap for filters that few calls
/// pass, too.
const SPAN: TimeDelta = TimeDelta::hours(1);

/// Everything that is empty narrows nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    key: String,
    user: String,
    upstream: String,
    tool: String,
    outcome: String,
}

impl Asked {
    fn fields(&self) -> [(&'static str, &str); 5] {
        [
            ("key", self.key.trim()),
            ("user", self.user.trim()),
            ("upstream", self.upstream.trim()),
            ("tool", self.tool.trim()),
            ("outcome", self.outcome.trim()),
        ]
    }

    /// The same question at this path.
    pub(super) fn address(&self, path: &str) -> String {
        let asked = self.fields().into_iter();
        let pairs = asked
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", encoded(value)));
        let query = pairs.collect::<Vec<_>>().join("&");
        if query.is_empty() {
            return path.to_owned();
        }
        format!("{path}?{query}")
    }

    pub(super) fn posted(&self) -> Posted {
        let fields = self.fields().into_iter();
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Posted::new(fields.collect())
    }

    /// The newest calls of the last hour.
    pub(super) fn request(&self, page_size: u32) -> v1::ListUsageRequest {
        let [key, user, upstream, tool, outcome] =
            self.fields().map(|(_, value)| unless_empty(value));
        v1::ListUsageRequest {
            key,
            user,
            upstream,
            tool,
            outcome,
            page_size,
            from: Some(since(clock::now(), SPAN)),
            ..v1::ListUsageRequest::default()
        }
    }
}

#[component]
pub(super) fn Filters(posted: Posted, oversees: bool) -> impl IntoView {
    let outcomes = Outcome::ALL.map(Outcome::as_str);
    let outcomes = outcomes
        .into_iter()
        .map(|outcome| (outcome.to_owned(), said(outcome).to_owned()));
    let outcomes = [(String::new(), "all".to_owned())]
        .into_iter()
        .chain(outcomes);
    let user = oversees.then(|| {
        let posted = posted.clone();
        view! { <TextField posted=posted name="user" label="User" placeholder="name or id"/> }
    });
    view! {
        <form method="get" action="/live" class="filters" role="search">
            <TextField posted=posted.clone() name="key" label="Key" placeholder="id or public id"/>
            {user}
            <TextField posted=posted.clone() name="upstream" label="Upstream"/>
            <TextField posted=posted.clone() name="tool" label="Tool" placeholder="upstream.tool"/>
            <SelectField posted=posted name="outcome" label="Ended" options=outcomes.collect()/>
            <button type="submit" class="second">"Show"</button>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_what_narrows() {
        assert_eq!(Asked::default().address("/live"), "/live");
        let asked = Asked {
            user: " a&b ".to_owned(),
            outcome: "ok".to_owned(),
            ..Asked::default()
        };
        assert_eq!(
            asked.address("/live/calls"),
            "/live/calls?user=a%26b&outcome=ok"
        );
    }
}
