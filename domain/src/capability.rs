//! What a client declares that it can be asked for in the middle of a call.

use serde_json::{Map, Value, json};

/// The capabilities of a client that change what a server does, as a set small enough to be part of a
/// session id. Other members of a client's `capabilities` do not change how Ostia treats it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientCapabilities(u8);

impl ClientCapabilities {
    pub const NONE: Self = Self(0);
    pub const ELICITATION_FORM: Self = Self(1);
    pub const ELICITATION_URL: Self = Self(1 << 1);
    pub const SAMPLING: Self = Self(1 << 2);
    pub const SAMPLING_TOOLS: Self = Self(1 << 3);
    pub const SAMPLING_CONTEXT: Self = Self(1 << 4);
    pub const ROOTS: Self = Self(1 << 5);
    /// MCP Apps: `extensions["io.modelcontextprotocol/ui"]`.
    pub const UI: Self = Self(1 << 6);
    pub const ALL: Self = Self(0b111_1111);

    /// From the JSON object that a client declares.
    pub fn of(declared: &Map<String, Value>) -> Self {
        let mut found = Self::NONE;
        if let Some(elicitation) = declared.get("elicitation").and_then(Value::as_object) {
            let url = elicitation.contains_key("url");
            // Before there were modes, elicitation was by form.
            if elicitation.contains_key("form") || !url {
                found = found.with(Self::ELICITATION_FORM);
            }
            if url {
                found = found.with(Self::ELICITATION_URL);
            }
        }
        if let Some(sampling) = declared.get("sampling").and_then(Value::as_object) {
            found = found.with(Self::SAMPLING);
            if sampling.contains_key("tools") {
                found = found.with(Self::SAMPLING_TOOLS);
            }
            if sampling.contains_key("context") {
                found = found.with(Self::SAMPLING_CONTEXT);
            }
        }
        if declared.get("roots").is_some_and(Value::is_object) {
            found = found.with(Self::ROOTS);
        }
        let extensions = declared.get("extensions").and_then(Value::as_object);
        if extensions.is_some_and(|extensions| extensions.contains_key(UI_EXTENSION)) {
            found = found.with(Self::UI);
        }
        found
    }

    /// As a client declares them.
    pub fn declare(self) -> Value {
        let mut declared = Map::new();
        let part = |has: bool, name: &str, of: &mut Map<String, Value>| {
            if has {
                of.insert(name.to_owned(), json!({}));
            }
        };
        let mut elicitation = Map::new();
        part(self.has(Self::ELICITATION_FORM), "form", &mut elicitation);
        part(self.has(Self::ELICITATION_URL), "url", &mut elicitation);
        if !elicitation.is_empty() {
            declared.insert("elicitation".into(), elicitation.into());
        }
        if self.has(Self::SAMPLING) {
            let mut sampling = Map::new();
            part(self.has(Self::SAMPLING_TOOLS), "tools", &mut sampling);
            part(self.has(Self::SAMPLING_CONTEXT), "context", &mut sampling);
            declared.insert("sampling".into(), sampling.into());
        }
        part(self.has(Self::ROOTS), "roots", &mut declared);
        if self.has(Self::UI) {
            declared.insert(
                "extensions".into(),
                json!({UI_EXTENSION: {"mimeTypes": ["text/html;profile=mcp-app"]}}),
            );
        }
        declared.into()
    }

    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is in here.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether a server may ask such a client for anything.
    pub fn can_be_asked(self) -> bool {
        self.0 & !Self::UI.0 != 0
    }

    pub fn bits(self) -> u8 {
        self.0
    }

    /// Unknown bits are dropped.
    pub fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }
}

const UI_EXTENSION: &str = "io.modelcontextprotocol/ui";

#[cfg(test)]
mod tests {
    use super::*;

    fn of(declared: &Value) -> ClientCapabilities {
        ClientCapabilities::of(declared.as_object().expect("an object"))
    }

    #[test]
    fn what_is_declared_reads_back_as_it_was() {
        for bits in 0..=ClientCapabilities::ALL.bits() {
            let mut set = ClientCapabilities::from_bits(bits);
            // These two are members of what sampling declares.
            if !set.has(ClientCapabilities::SAMPLING) {
                let members =
                    ClientCapabilities::SAMPLING_TOOLS.0 | ClientCapabilities::SAMPLING_CONTEXT.0;
                set = ClientCapabilities(set.0 & !members);
            }
            assert_eq!(of(&set.declare()), set);
        }
    }

    #[test]
    fn elicitation_without_a_mode_is_by_form() {
        let form = ClientCapabilities::ELICITATION_FORM;
        assert_eq!(of(&json!({"elicitation": {}})), form);
        assert_eq!(
            of(&json!({"elicitation": {"url": {}}})),
            ClientCapabilities::ELICITATION_URL
        );
    }

    #[test]
    fn what_nobody_knows_declares_nothing() {
        let odd = json!({"sampling": true, "roots": null, "experimental": {"x": {}}});
        assert_eq!(of(&odd), ClientCapabilities::NONE);
    }
}
