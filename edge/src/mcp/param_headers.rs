//! Arguments that a tool asks modern clients to repeat as `Mcp-Param-*` headers (`x-mcp-header` in its
//! input schema). Intermediaries may act on the headers, so they must say what the body says.

use super::headers::{decode, encode};
use crate::error::Error;
use http::{HeaderMap, HeaderName, HeaderValue};
use ostia_domain::code::Code;
use serde_json::{Map, Value, value::RawValue};
use std::borrow::Cow;

const ANNOTATION: &str = "x-mcp-header";
const PREFIX: &str = "mcp-param-";
/// How deep `properties` are followed.
const MAX_DEPTH: usize = 16;

/// One argument and the header that repeats it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamHeader {
    header: HeaderName,
    /// The names of the members that lead to the argument.
    path: Vec<String>,
    integer: bool,
}

/// The annotated arguments of a tool. A definition with an annotation that is not valid has none:
/// clients drop such a tool, and send no headers.
pub fn of(definition: &str) -> Vec<ParamHeader> {
    read(definition).unwrap_or_default()
}

/// Whether a client over HTTP may use a tool: an annotation that is not valid forbids it.
pub fn is_valid(definition: &str) -> bool {
    read(definition).is_some()
}

/// Unset where an annotation is not valid.
fn read(definition: &str) -> Option<Vec<ParamHeader>> {
    if !definition.contains(ANNOTATION) {
        return Some(Vec::new());
    }
    let mut found = Vec::new();
    let valid = serde_json::from_str::<Value>(definition)
        .ok()
        .and_then(|definition| {
            collect(definition.get("inputSchema")?, &mut Vec::new(), &mut found)
        });
    let mut names: Vec<_> = found.iter().map(|param| param.header.as_str()).collect();
    names.sort_unstable();
    let unique = names.windows(2).all(|pair| pair[0] != pair[1]);
    (valid.is_some() && unique).then_some(found)
}

fn collect(schema: &Value, path: &mut Vec<String>, found: &mut Vec<ParamHeader>) -> Option<()> {
    if path.len() > MAX_DEPTH {
        return None;
    }
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return Some(());
    };
    for (name, property) in properties {
        path.push(name.clone());
        if let Some(annotation) = property.get(ANNOTATION) {
            let kind = property.get("type").and_then(Value::as_str)?;
            let named = format!(
                "{PREFIX}{}",
                annotation.as_str().filter(|name| !name.is_empty())?
            );
            if !matches!(kind, "string" | "integer" | "boolean") {
                return None;
            }
            found.push(ParamHeader {
                header: HeaderName::try_from(named.to_ascii_lowercase()).ok()?,
                path: path.clone(),
                integer: kind == "integer",
            });
        }
        collect(property, path, found)?;
        path.pop();
    }
    Some(())
}

/// Header and argument must be there together and be the same, or be missing together.
pub fn check(
    params: &[ParamHeader],
    headers: &HeaderMap,
    arguments: Option<&RawValue>,
) -> Result<(), Error> {
    if params.is_empty() {
        return Ok(());
    }
    let arguments: Map<String, Value> = arguments
        .and_then(|raw| serde_json::from_str(raw.get()).ok())
        .unwrap_or_default();
    params.iter().try_for_each(|param| {
        if param.agrees(headers, &arguments) {
            return Ok(());
        }
        Err(Error::new(
            Code::HeaderMismatch,
            format!(
                "The header {} does not say what the argument {:?} says.",
                param.header,
                param.path.join(".")
            ),
        ))
    })
}

/// The headers that repeat these arguments.
pub fn write(
    params: &[ParamHeader],
    arguments: &Map<String, Value>,
) -> Vec<(HeaderName, HeaderValue)> {
    let written = params.iter().filter_map(|param| {
        let text = written(param.argument(arguments)?)?;
        Some((param.header.clone(), encode(&text)))
    });
    written.collect()
}

/// An argument as text; unset for one that no header repeats.
fn written(argument: &Value) -> Option<Cow<'_, str>> {
    Some(match argument {
        Value::String(text) => Cow::Borrowed(text),
        Value::Number(number) => Cow::Owned(number.to_string()),
        Value::Bool(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
        _ => return None,
    })
}

impl ParamHeader {
    fn agrees(&self, headers: &HeaderMap, arguments: &Map<String, Value>) -> bool {
        let mut said = headers.get_all(&self.header).iter();
        let (header, second) = (said.next(), said.next());
        let argument = self.argument(arguments).filter(|value| !value.is_null());
        match (header, argument) {
            (None, None) => true,
            (Some(header), Some(argument)) if second.is_none() => header
                .to_str()
                .ok()
                .and_then(decode)
                .is_some_and(|said| self.same(&said, argument)),
            _ => false,
        }
    }

    fn argument<'a>(&self, arguments: &'a Map<String, Value>) -> Option<&'a Value> {
        let (first, rest) = self.path.split_first()?;
        rest.iter()
            .try_fold(arguments.get(first)?, |value, name| value.get(name))
    }

    fn same(&self, said: &str, argument: &Value) -> bool {
        let Some(written) = written(argument) else {
            return false;
        };
        // `42` and `42.0` are one integer.
        let integer = |text: &str| {
            let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
            fraction
                .bytes()
                .all(|digit| digit == b'0')
                .then(|| whole.parse::<i128>().ok())?
        };
        let numbers = self
            .integer
            .then(|| Some((integer(said)?, integer(&written)?)))
            .flatten();
        said == written || numbers.is_some_and(|(said, written)| said == written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOL: &str = r#"{"name":"t","inputSchema":{"properties":{
        "region":{"type":"string","x-mcp-header":"Region"},
        "deep":{"type":"object","properties":{"n":{"type":"integer","x-mcp-header":"N"}}}}}}"#;

    fn agrees(headers: &[(&'static str, &'static str)], arguments: &str) -> bool {
        let headers = headers
            .iter()
            .map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap()))
            .collect();
        let raw: &RawValue = serde_json::from_str(arguments).unwrap();
        check(&of(TOOL), &headers, Some(raw)).is_ok()
    }

    #[test]
    fn headers_say_what_arguments_say() {
        assert!(agrees(&[], "{}"));
        assert!(agrees(&[], r#"{"region":null}"#));
        assert!(agrees(&[("mcp-param-region", "eu")], r#"{"region":"eu"}"#));
        assert!(agrees(
            &[("mcp-param-region", "=?base64?w7Y=?=")],
            r#"{"region":"ö"}"#
        ));
        assert!(agrees(&[("mcp-param-n", "42")], r#"{"deep":{"n":42.0}}"#));
        assert!(!agrees(&[("mcp-param-region", "us")], r#"{"region":"eu"}"#));
        assert!(!agrees(&[("mcp-param-region", "eu")], "{}"));
        assert!(!agrees(&[], r#"{"region":"eu"}"#));
        assert!(!agrees(
            &[("mcp-param-region", "eu"), ("mcp-param-region", "eu")],
            r#"{"region":"eu"}"#
        ));
    }

    #[test]
    fn an_annotation_that_is_not_valid_asks_for_nothing() {
        let twice = TOOL.replace("\"N\"", "\"REGION\"");
        let wrong_type = TOOL.replace("\"integer\"", "\"number\"");
        let bad_name = TOOL.replace("\"Region\"", "\"a b\"");
        for definition in [twice, wrong_type, bad_name] {
            assert_eq!(of(&definition), vec![], "{definition}");
        }
        assert_eq!(of(TOOL).len(), 2);
    }
}
