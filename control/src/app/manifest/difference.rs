//! How two states of an object differ, field by field.

use serde_json::Value;
use std::collections::BTreeSet;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FieldChange {
    /// With dots, as `rules.allow`.
    pub(crate) field: String,
    /// Null: it was not there.
    pub(crate) before: Value,
    /// Null: it is not there any more.
    pub(crate) after: Value,
}

/// By field. Lists are whole: what is third in one is not what is third in the other.
pub(super) fn between(before: &Value, after: &Value) -> Vec<FieldChange> {
    let mut fields = Vec::new();
    collect("", before, after, &mut fields);
    fields
}

fn collect(at: &str, before: &Value, after: &Value, fields: &mut Vec<FieldChange>) {
    if before == after {
        return;
    }
    let (old, new) = (before.as_object(), after.as_object());
    let both_have = |value: &Value| value.is_object() || value.is_null();
    if !both_have(before) || !both_have(after) {
        fields.push(FieldChange {
            field: at.to_owned(),
            before: before.clone(),
            after: after.clone(),
        });
        return;
    }
    let names = old.into_iter().chain(new).flat_map(|map| map.keys());
    for name in names.collect::<BTreeSet<_>>() {
        let of = |value: &Value| value.get(name).cloned().unwrap_or_default();
        let field = if at.is_empty() {
            name.clone()
        } else {
            format!("{at}.{name}")
        };
        collect(&field, &of(before), &of(after), fields);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_named_with_dots_and_lists_are_whole() {
        let before = json!({"rules": {"allow": ["a"], "deny": []}, "gone": 1});
        let after = json!({"rules": {"allow": ["a", "b"], "deny": []}, "new": {"deep": true}});
        let changes = between(&before, &after);
        let found: Vec<_> = changes
            .iter()
            .map(|one| (one.field.as_str(), &one.before, &one.after))
            .collect();
        let null = Value::Null;
        assert_eq!(
            found,
            [
                ("gone", &json!(1), &null),
                ("new.deep", &null, &json!(true)),
                ("rules.allow", &json!(["a"]), &json!(["a", "b"])),
            ]
        );
    }

    #[test]
    fn what_is_null_is_not_there() {
        assert!(between(&json!({"a": null}), &json!({})).is_empty());
        let became = between(&json!({"a": 1}), &json!({"a": {"b": 2}}));
        assert_eq!(became[0].field, "a");
    }
}
