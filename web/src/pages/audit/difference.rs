//! What a change was about, value by value, so that before and after can be compared.

use crate::components::table::{Cell, Table};
use leptos::prelude::*;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// More is for the exports.
const MAX_ROWS: usize = 200;

/// Of an event's detail.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    changed: Vec<Changed>,
    /// How many values stayed as they were.
    same: usize,
    /// What is neither before nor after: name and value.
    pub(super) besides: Vec<(String, String)>,
}

#[derive(Debug, PartialEq, Eq)]
struct Changed {
    /// Path from the outside: `rules.allow`.
    field: String,
    before: Option<String>,
    after: Option<String>,
}

impl Difference {
    /// `detail` is empty or a JSON object.
    pub(crate) fn of(detail: &str) -> Self {
        let mut detail: Map<String, Value> = serde_json::from_str(detail).unwrap_or_default();
        let (before, after) = (detail.remove("before"), detail.remove("after"));
        let (before, after) = (leaves(before), leaves(after));
        let fields: BTreeSet<_> = before.keys().chain(after.keys()).collect();
        let all = fields.len();
        let changed = fields
            .into_iter()
            .filter(|field| before.get(*field) != after.get(*field));
        let changed: Vec<_> = changed
            .map(|field| Changed {
                field: field.clone(),
                before: before.get(field).cloned(),
                after: after.get(field).cloned(),
            })
            .collect();
        Self {
            same: all - changed.len(),
            changed,
            besides: leaves(Some(Value::Object(detail))).into_iter().collect(),
        }
    }
}

/// Every value that is not made of others, by its path. What is null is not there.
fn leaves(of: Option<Value>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    collect(&mut found, String::new(), of.unwrap_or_default());
    found
}

fn collect(found: &mut BTreeMap<String, String>, path: String, value: Value) {
    let within = |name: &str| match path.as_str() {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    match value {
        Value::Null => {}
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                collect(found, within(&name), value);
            }
        }
        // Names are read side by side; objects are compared one by one.
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            for (at, item) in (1..).zip(items) {
                collect(found, within(&at.to_string()), item);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let items: Vec<_> = items.iter().map(text).collect();
            found.insert(path, items.join(", "));
        }
        Value::Object(_) | Value::Array(_) if path.is_empty() => {}
        Value::Object(_) | Value::Array(_) => {
            found.insert(path, "none".to_owned());
        }
        value => {
            found.insert(path, text(&value));
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

#[component]
pub(crate) fn Differences(of: Difference) -> impl IntoView {
    let (same, all) = (of.same, of.changed.len());
    if all == 0 {
        return view! { <p class="quiet">"Nothing that has a before and an after."</p> }.into_any();
    }
    let value = |value: Option<String>| match value {
        Some(value) => view! { <code>{value}</code> }.into_any(),
        None => view! { <span class="quiet">"not there"</span> }.into_any(),
    };
    let rows = of.changed.into_iter().take(MAX_ROWS).map(|changed| {
        let (before, after) = (value(changed.before), value(changed.after));
        view! {
            <tr>
                <th scope="row"><code>{changed.field}</code></th>
                <Cell label="Before">{before}</Cell>
                <Cell label="After">{after}</Cell>
            </tr>
        }
    });
    let rows = rows.collect_view();
    let more = all.saturating_sub(MAX_ROWS);
    view! {
        <Table
            caption="What was changed, before and after"
            quiet=true
            dense=true
            columns=vec!["Of it", "Before", "After"]
        >
            {rows}
        </Table>
        {(more > 0).then(|| view! { <p class="quiet small">{format!("and {more} more in the exports")}</p> })}
        {(same > 0).then(|| view! { <p class="quiet small">{format!("Stayed as they were: {same}")}</p> })}
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(field: &str, before: Option<&str>, after: Option<&str>) -> Changed {
        Changed {
            field: field.to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        }
    }

    #[test]
    fn only_what_changed_is_shown() {
        let detail = r#"{
            "before": {"rules": {"allow": ["a.*"], "deny": []}, "name": "x", "gone": 1},
            "after": {"rules": {"allow": ["a.*", "b.*"], "deny": []}, "name": "x", "gone": null},
            "version": 3
        }"#;
        let difference = Difference::of(detail);
        assert_eq!(
            difference.changed,
            [
                changed("gone", Some("1"), None),
                changed("rules.allow", Some("a.*"), Some("a.*, b.*")),
            ]
        );
        assert_eq!(difference.same, 2);
        assert_eq!(difference.besides, [("version".to_owned(), "3".to_owned())]);
    }

    #[test]
    fn what_was_made_was_not_there_before() {
        let detail = r#"{"before": null, "after": {"of": [{"a": true}, {"a": false}], "no": []}}"#;
        assert_eq!(
            Difference::of(detail).changed,
            [
                changed("no", None, Some("none")),
                changed("of.1.a", None, Some("true")),
                changed("of.2.a", None, Some("false")),
            ]
        );
        for nothing in ["", "{}", r#"{"before": null, "after": null}"#, "[1]"] {
            assert_eq!(Difference::of(nothing), Difference::default(), "{nothing}");
        }
    }
}
