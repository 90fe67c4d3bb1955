//! What audit keeps of a change besides who made it, when, and of what: how it was before and how it is
//! after, without secrets.

use serde_json::{Map, Value};

pub(crate) struct Detail(Map<String, Value>);

impl Detail {
    /// Something is there that was not.
    pub(crate) fn made(after: Value) -> Self {
        Self::changed(Value::Null, after)
    }

    /// Something is gone.
    pub(crate) fn removed(before: Value) -> Self {
        Self::changed(before, Value::Null)
    }

    pub(crate) fn changed(before: Value, after: Value) -> Self {
        let mut detail = Map::new();
        detail.insert("before".to_owned(), before);
        detail.insert("after".to_owned(), after);
        Self(detail)
    }

    /// Something was done that changed nothing which people know by its name; say what with
    /// [`Self::with`].
    pub(crate) fn done() -> Self {
        Self::changed(Value::Null, Value::Null)
    }

    /// Adds what is neither before nor after.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Null: nothing was there.
    pub(super) fn before(&self) -> &Value {
        self.0.get("before").unwrap_or(&Value::Null)
    }

    pub(super) fn into_json(self) -> Value {
        Value::Object(self.0)
    }
}
