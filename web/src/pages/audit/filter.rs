//! What events are narrowed to, as the address of the page and of its exports has it.

use crate::{
    components::{
        form::{Posted, SelectField, TextField},
        table::encoded,
    },
    pages::usage::said,
};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use leptos::prelude::*;
use ostia_domain::usage::Outcome;
use ostia_proto::{convert::timestamp, v1};
use prost_types::Timestamp;
use serde::Deserialize;

/// Everything that is empty narrows nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Filter {
    key: String,
    user: String,
    upstream: String,
    tool: String,
    action: String,
    outcome: String,
    from: String,
    to: String,
    /// Where in the list the page begins.
    pub(super) cursor: String,
}

impl Filter {
    fn fields(&self) -> [(&'static str, &str); 8] {
        [
            ("key", &self.key),
            ("user", &self.user),
            ("upstream", &self.upstream),
            ("tool", &self.tool),
            ("action", &self.action),
            ("outcome", &self.outcome),
            ("from", &self.from),
            ("to", &self.to),
        ]
    }

    /// The same question as a query, without a place in the list.
    pub(super) fn query(&self) -> String {
        let asked = self.fields().into_iter();
        let pairs = asked
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", encoded(value)));
        pairs.collect::<Vec<_>>().join("&")
    }

    pub(super) fn posted(&self) -> Posted {
        let fields = self.fields().into_iter();
        Posted::new(
            fields
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }
}

/// Beside the names of a filter that control does not find; it does not say which. False: there are none.
pub(crate) fn refuse_names(posted: &mut Posted) -> bool {
    let named = ["key", "user"].map(|name| !posted.get(name).is_empty());
    let both = named == [true, true];
    for (name, named) in ["key", "user"].into_iter().zip(named) {
        let problem = if both {
            "this one, or the other, is not there".to_owned()
        } else {
            format!("there is no such {name}")
        };
        if named {
            posted.refuse(name, problem);
        }
    }
    named != [false, false]
}

/// What fields of a filter ask of control. `None`: a time is none, which is said beside it.
pub(super) fn request(posted: &mut Posted) -> Option<v1::ListEventsRequest> {
    let (from, to) = (moment(posted, "from"), moment(posted, "to"));
    if posted.is_refused() {
        return None;
    }
    let given = |name| {
        let value = posted.get(name);
        (!value.is_empty()).then(|| value.to_owned())
    };
    Some(v1::ListEventsRequest {
        key: given("key"),
        user: given("user"),
        upstream: given("upstream"),
        tool: given("tool"),
        action: given("action"),
        outcome: given("outcome"),
        from,
        to,
        ..v1::ListEventsRequest::default()
    })
}

fn moment(posted: &mut Posted, name: &str) -> Option<Timestamp> {
    let text = posted.get(name);
    if text.is_empty() {
        return None;
    }
    let at = instant(text);
    if at.is_none() {
        posted.refuse(
            name,
            "is no time: write 2026-11-21 or 2026-11-21T10:00, in UTC",
        );
    }
    at.map(timestamp)
}

/// RFC 3339, a minute, or the beginning of a day; UTC where it does not say.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.with_timezone(&Utc));
    }
    let minute = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").ok();
    let day = || {
        let day: NaiveDate = text.parse().ok()?;
        Some(day.and_time(NaiveTime::MIN))
    };
    Some(minute.or_else(day)?.and_utc())
}

#[component]
pub(super) fn Filters(posted: Posted) -> impl IntoView {
    let outcomes = Outcome::ALL.map(Outcome::as_str);
    let outcomes = outcomes
        .into_iter()
        .map(|outcome| (outcome.to_owned(), said(outcome).to_owned()));
    let outcomes = [(String::new(), "all".to_owned())]
        .into_iter()
        .chain(outcomes);
    view! {
        <form method="get" action="/audit" class="filters" role="search">
            <TextField posted=posted.clone() name="key" label="Key" placeholder="id or public id"/>
            <TextField posted=posted.clone() name="user" label="User" placeholder="name or id"/>
            <TextField posted=posted.clone() name="upstream" label="Upstream"/>
            <TextField posted=posted.clone() name="tool" label="Tool" placeholder="upstream.tool"/>
            <TextField posted=posted.clone() name="action" label="Action" placeholder="keys.*"/>
            <SelectField posted=posted.clone() name="outcome" label="Ended" options=outcomes.collect()/>
            <TextField posted=posted.clone() name="from" label="From" placeholder="2026-11-21T10:00"/>
            <TextField posted=posted name="to" label="Until before" placeholder="2026-11-22"/>
            <button type="submit" class="second">"Show"</button>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let noon = instant("2026-11-21T12:00:00Z").unwrap();
        assert_eq!(instant("2026-11-21T13:00:00+01:00"), Some(noon));
        assert_eq!(instant("2026-11-21T12:00"), Some(noon));
        assert_eq!(
            instant("2026-11-21").unwrap().to_rfc3339(),
            "2026-11-21T00:00:00+00:00"
        );
        for wrong in ["", "2026", "noon", "2026-13-01"] {
            assert_eq!(instant(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_address_has_what_narrows_and_no_place() {
        let filter = Filter {
            action: "keys.*".to_owned(),
            user: "a&b".to_owned(),
            cursor: "somewhere".to_owned(),
            ..Filter::default()
        };
        assert_eq!(filter.query(), "user=a%26b&action=keys.%2A");
    }
}
