//! What an apply changed, or would change.

use crate::{cli::table::Table, printable};
use ostia_proto::v1::{self, ObjectAction};
use serde::Serialize;
use serde_json::value::RawValue;
use std::fmt::Write as _;

#[derive(Serialize)]
pub(super) struct Difference {
    dry_run: bool,
    objects: Vec<Object>,
}

#[derive(Serialize)]
struct Object {
    kind: String,
    name: String,
    action: &'static str,
    fields: Vec<Field>,
}

#[derive(Serialize)]
struct Field {
    #[serde(rename = "field")]
    name: String,
    before: Option<Box<RawValue>>,
    after: Option<Box<RawValue>>,
}

const UNCHANGED: &str = "unchanged";
const REMOVED: &str = "removed";

impl Difference {
    pub(super) fn of(answer: v1::ApplyManifestResponse, dry_run: bool) -> Self {
        Self {
            dry_run,
            objects: answer.objects.into_iter().map(Object::from).collect(),
        }
    }

    /// Of objects that are not as they were.
    pub(super) fn count(&self) -> usize {
        self.objects.len() - self.of_action(UNCHANGED)
    }

    pub(super) fn removed(&self) -> usize {
        self.of_action(REMOVED)
    }

    fn of_action(&self, action: &str) -> usize {
        let objects = self.objects.iter();
        objects.filter(|object| object.action == action).count()
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for object in self.objects.iter().filter(|one| one.action != UNCHANGED) {
            let sign = match object.action {
                "created" => '+',
                REMOVED => '-',
                _ => '~',
            };
            let _ = writeln!(
                text,
                "{sign} {} {}",
                object.kind,
                printable::one_line(&object.name)
            );
            for field in &object.fields {
                let _ = writeln!(text, "    {}", field.text());
            }
        }
        let rows = ["created", "changed", REMOVED, UNCHANGED]
            .map(|action| [action.to_owned(), self.of_action(action).to_string()]);
        let heading = if self.dry_run { "WOULD BE" } else { "WERE" };
        let sums = Table::new([heading, "OBJECTS"], "").rows(rows).text();
        if text.is_empty() {
            return sums;
        }
        format!("{text}\n{sums}")
    }
}

impl Field {
    fn text(&self) -> String {
        let text =
            |value: &Option<Box<RawValue>>| value.as_ref().map(|value| value.get().to_owned());
        let field = &self.name;
        match (text(&self.before), text(&self.after)) {
            (None, Some(after)) => format!("{field}: {after}"),
            (Some(before), None) => format!("{field}: {before} -> nothing"),
            (Some(before), Some(after)) => format!("{field}: {before} -> {after}"),
            (None, None) => field.clone(),
        }
    }
}

impl From<v1::ObjectChange> for Object {
    fn from(object: v1::ObjectChange) -> Self {
        let action = match object.action() {
            ObjectAction::Unchanged | ObjectAction::Unspecified => UNCHANGED,
            ObjectAction::Created => "created",
            ObjectAction::Changed => "changed",
            ObjectAction::Removed => REMOVED,
        };
        let json = |value: Option<String>| RawValue::from_string(value?).ok();
        let fields = object.fields.into_iter().map(|change| Field {
            name: change.field,
            before: json(change.before),
            after: json(change.after),
        });
        Self {
            fields: fields.collect(),
            kind: object.kind,
            name: object.name,
            action,
        }
    }
}
