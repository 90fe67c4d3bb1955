//! JSON-RPC messages as bytes: where in a message the few members lie that a gateway must know.
//!
//! Nothing here builds a tree. A message is scanned once for validity and the places of its members,
//! then copied with a few of them replaced, so that everything else arrives as it was sent.

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
};
use serde_json::{error::Category, value::RawValue};
use std::{borrow::Cow, collections::HashMap, fmt, ops::Range};

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// Not JSON, or more than one value.
    Json,
    /// JSON, but not one JSON-RPC message: an array, a member twice or of the wrong type.
    Message,
}

impl From<serde_json::Error> for Malformed {
    fn from(error: serde_json::Error) -> Self {
        match error.classify() {
            Category::Data => Self::Message,
            Category::Syntax | Category::Eof | Category::Io => Self::Json,
        }
    }
}

/// Any JSON-RPC message; what kind it is shows in which members it has.
#[derive(Debug, Default)]
pub struct Message<'a> {
    pub jsonrpc: Option<&'a RawValue>,
    pub id: Option<&'a RawValue>,
    pub method: Option<Cow<'a, str>>,
    pub params: Option<&'a RawValue>,
    pub result: Option<&'a RawValue>,
    pub error: Option<&'a RawValue>,
}

/// The members of `params` that decide where a message goes.
#[derive(Debug, Default)]
pub struct Params<'a> {
    pub name: Option<&'a RawValue>,
    pub uri: Option<&'a RawValue>,
    pub reference: Option<&'a RawValue>,
    pub arguments: Option<&'a RawValue>,
    pub request_state: Option<&'a RawValue>,
    pub input_responses: Option<&'a RawValue>,
    pub task: Option<&'a RawValue>,
    pub task_id: Option<&'a RawValue>,
    pub meta: Option<&'a RawValue>,
}

/// The members of `params._meta` that are read or replaced.
#[derive(Debug, Default)]
pub struct Meta<'a> {
    pub protocol_version: Option<&'a RawValue>,
    pub client_capabilities: Option<&'a RawValue>,
    pub client_info: Option<&'a RawValue>,
    pub progress_token: Option<&'a RawValue>,
    pub traceparent: Option<&'a RawValue>,
    pub log_level: Option<&'a RawValue>,
}

impl<'a> Message<'a> {
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        // Checked here for the whole: the parser does not look into strings that it skips.
        let text = str::from_utf8(bytes).map_err(|_| Malformed::Json)?;
        Ok(serde_json::from_str(text)?)
    }
}

impl<'a> Params<'a> {
    pub fn parse(raw: &'a RawValue) -> Result<Self, Malformed> {
        Ok(serde_json::from_str(raw.get())?)
    }
}

impl<'a> Meta<'a> {
    pub fn parse(raw: &'a RawValue) -> Result<Self, Malformed> {
        Ok(serde_json::from_str(raw.get())?)
    }
}

/// Reads an object, and only an object, into a struct of optional members: each at most once, the
/// unknown ones skipped. What `derive` makes would take an array too.
macro_rules! read_object {
    ($type:ident: $($name:literal => $field:ident: $value:ty,)*) => {
        impl<'de: 'a, 'a> Deserialize<'de> for $type<'a> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Object<'a>(std::marker::PhantomData<&'a ()>);
                impl<'de: 'a, 'a> Visitor<'de> for Object<'a> {
                    type Value = $type<'a>;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<$type<'a>, M::Error> {
                        let mut read = $type::default();
                        while let Some(Key(key)) = map.next_key::<Key<'de>>()? {
                            match key.as_ref() {
                                $($name => {
                                    if read.$field.is_some() {
                                        return Err(M::Error::duplicate_field($name));
                                    }
                                    read.$field = Some(map.next_value::<$value>()?.into());
                                })*
                                _ => {
                                    map.next_value::<IgnoredAny>()?;
                                }
                            }
                        }
                        Ok(read)
                    }
                }
                deserializer.deserialize_map(Object(std::marker::PhantomData))
            }
        }
    };
}

read_object! { Message:
    "jsonrpc" => jsonrpc: &'de RawValue,
    "id" => id: &'de RawValue,
    "method" => method: Key<'de>,
    "params" => params: &'de RawValue,
    "result" => result: &'de RawValue,
    "error" => error: &'de RawValue,
}

read_object! { Params:
    "name" => name: &'de RawValue,
    "uri" => uri: &'de RawValue,
    "ref" => reference: &'de RawValue,
    "arguments" => arguments: &'de RawValue,
    "requestState" => request_state: &'de RawValue,
    "inputResponses" => input_responses: &'de RawValue,
    "task" => task: &'de RawValue,
    "taskId" => task_id: &'de RawValue,
    "_meta" => meta: &'de RawValue,
}

read_object! { Meta:
    "io.modelcontextprotocol/protocolVersion" => protocol_version: &'de RawValue,
    "io.modelcontextprotocol/clientCapabilities" => client_capabilities: &'de RawValue,
    "io.modelcontextprotocol/clientInfo" => client_info: &'de RawValue,
    "progressToken" => progress_token: &'de RawValue,
    "traceparent" => traceparent: &'de RawValue,
    "io.modelcontextprotocol/logLevel" => log_level: &'de RawValue,
}

/// A string that borrows from the message unless it has escapes.
struct Key<'a>(Cow<'a, str>);

impl<'a> From<Key<'a>> for Cow<'a, str> {
    fn from(key: Key<'a>) -> Self {
        key.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Cow<'de, str>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(text))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text.to_owned()))
            }
        }
        deserializer.deserialize_str(Text).map(Key)
    }
}

/// The text of a JSON string; unset when the value is none.
pub fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Key<'_>>(raw.get())
        .ok()
        .map(Into::into)
}

/// A JSON-RPC id of a request: a string or a number. `null` is none, and nothing else may be one.
pub fn is_request_id(raw: &RawValue) -> bool {
    matches!(
        raw.get().as_bytes().first(),
        Some(b'"' | b'-' | b'0'..=b'9')
    )
}

pub fn is_object(raw: &RawValue) -> bool {
    raw.get().starts_with('{')
}

/// The members of an object in their order.
pub struct Members<'a>(pub Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    members.push(entry);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Object).map(Members)
    }
}

/// A member of an object, as it stands there.
pub fn member<'a>(object: &'a RawValue, name: &str) -> Option<&'a RawValue> {
    if !is_object(object) {
        return None;
    }
    let members: HashMap<Cow<'_, str>, &RawValue> = serde_json::from_str(object.get()).ok()?;
    members.get(name).copied()
}

/// Where `part` lies in `whole`, which it must borrow from.
pub fn span(whole: &[u8], part: &RawValue) -> Range<usize> {
    let start = part.get().as_ptr().addr() - whole.as_ptr().addr();
    start..start + part.get().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn finds_members_wherever_they_stand() {
        let body = br#" { "params" : {"name":"a\u0062","x":[1]}, "id":"7" , "method":"tools/call","jsonrpc":"2.0"}"#;
        let message = Message::parse(body).unwrap();
        assert_eq!(message.method.as_deref(), Some("tools/call"));
        assert_eq!(&body[span(body, message.id.unwrap())], br#""7""#);
        let params = Params::parse(message.params.unwrap()).unwrap();
        assert_eq!(string(params.name.unwrap()).unwrap(), "ab");
        assert_eq!(&body[span(body, params.name.unwrap())], br#""a\u0062""#);
    }

    #[test]
    fn tells_bad_json_from_bad_messages() {
        for bad in ["", "{", "{} {}", "{\"id\":01}", "nul", "{\"a\":\"\u{1}\"}"] {
            assert_eq!(
                Message::parse(bad.as_bytes()).err(),
                Some(Malformed::Json),
                "{bad:?}"
            );
        }
        let twice = r#"{"id":1,"id":2}"#;
        let hidden_twice = r#"{"method":"ping","m\u0065thod":"tools/call"}"#;
        for bad in [
            "[]",
            "[{\"id\":1}]",
            "1",
            "null",
            twice,
            hidden_twice,
            r#"{"method":7}"#,
        ] {
            assert_eq!(
                Message::parse(bad.as_bytes()).err(),
                Some(Malformed::Message),
                "{bad:?}"
            );
        }
        assert_eq!(
            Message::parse(b"{\"a\":\"\xff\"}").err(),
            Some(Malformed::Json)
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_scanner_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(message) = Message::parse(&bytes) {
                let _ = message.params.map(Params::parse);
            }
        }
    }
}
