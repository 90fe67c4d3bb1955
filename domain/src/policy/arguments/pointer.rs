//! JSON pointers (RFC 6901) into arguments, with `*` for every element or member.

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::fmt;

const MAX_LENGTH: usize = 500;
const MAX_DEPTH: usize = 16;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pointer {
    text: String,
    steps: Vec<String>,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PointerError {
    #[error("a pointer starts with `/`, such as `/path`")]
    NoSlash,
    #[error("a pointer has at most {MAX_LENGTH} characters and {MAX_DEPTH} steps")]
    TooLong,
    #[error("`~` is written `~0` and `/` in a name `~1`")]
    Escape,
    #[error("a pointer must not contain NUL characters")]
    Nul,
}

impl Pointer {
    pub fn new(text: impl Into<String>) -> Result<Self, PointerError> {
        let text = text.into();
        let Some(rest) = text.strip_prefix('/') else {
            return Err(PointerError::NoSlash);
        };
        let steps: Vec<_> = rest.split('/').map(unescaped).collect::<Result<_, _>>()?;
        if text.len() > MAX_LENGTH || steps.len() > MAX_DEPTH {
            return Err(PointerError::TooLong);
        }
        if text.contains('\0') {
            return Err(PointerError::Nul);
        }
        Ok(Self { text, steps })
    }

    /// Everything that it points at; unset where somebody else could read something else there.
    pub(super) fn values<'a>(&self, arguments: Option<&'a RawValue>) -> Option<Vec<&'a RawValue>> {
        let mut found: Vec<_> = arguments.into_iter().collect();
        for step in &self.steps {
            let mut next = Vec::new();
            for value in found {
                descend(value, step, &mut next)?;
            }
            found = next;
        }
        Some(found)
    }
}

fn descend<'a>(value: &'a RawValue, step: &str, next: &mut Vec<&'a RawValue>) -> Option<()> {
    match value.get().as_bytes().first() {
        Some(b'{') => {
            let members: Members<'a> = serde_json::from_str(value.get()).ok()?;
            let mut names: Vec<_> = Vec::new();
            for (name, member) in members.0 {
                if step != "*" && !is_same_but_for_case(&name, step) {
                    continue;
                }
                // The same name twice, or in another case than the rule has it, which some servers read as this one.
                if (step != "*" && name != step) || names.contains(&name) {
                    return None;
                }
                next.push(member);
                names.push(name);
            }
        }
        Some(b'[') => {
            let elements: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
            match step.parse::<usize>() {
                _ if step == "*" => next.extend(elements),
                Ok(at) => next.extend(elements.get(at)),
                Err(_) => {}
            }
        }
        _ => {}
    }
    Some(())
}

/// For whoever minds no case, in whatever script: `ſ` is an `s` for them, and the Kelvin sign a `k`.
fn is_same_but_for_case(one: &str, other: &str) -> bool {
    if one.is_ascii() && other.is_ascii() {
        return one.eq_ignore_ascii_case(other);
    }
    folded(one).eq(folded(other))
}

/// There and back and there again: every letter of those that are the same but for case ends as one, whichever of the
/// ways it has. Some that are the same for nobody do as well, and a call with such a name does not pass either.
fn folded(name: &str) -> impl Iterator<Item = char> {
    name.chars()
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
}

/// All members of an object, in order, the same name as often as it stands there.
struct Members<'a>(Vec<(String, &'a RawValue)>);

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
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Object).map(Members)
    }
}

fn unescaped(step: &str) -> Result<String, PointerError> {
    let mut text = String::with_capacity(step.len());
    let mut chars = step.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '~' => match chars.next() {
                Some('0') => '~',
                Some('1') => '/',
                _ => return Err(PointerError::Escape),
            },
            c => c,
        });
    }
    Ok(text)
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for Pointer {
    type Error = PointerError;
    fn try_from(text: String) -> Result<Self, PointerError> {
        Self::new(text)
    }
}

impl From<Pointer> for String {
    fn from(pointer: Pointer) -> Self {
        pointer.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*, sample::select};

    fn found(pointer: &str, arguments: &str) -> Option<Vec<String>> {
        let arguments: &RawValue = serde_json::from_str(arguments).unwrap();
        let values = Pointer::new(pointer).unwrap().values(Some(arguments))?;
        Some(values.iter().map(|raw| raw.get().to_owned()).collect())
    }

    #[test]
    fn steps_go_into_objects_and_lists() {
        let arguments = r#"{"a":{"b/c":[1,{"~":2}]},"":3}"#;
        assert_eq!(found("/a/b~1c/0", arguments).unwrap(), ["1"]);
        assert_eq!(found("/a/b~1c/1/~0", arguments).unwrap(), ["2"]);
        assert_eq!(found("/", arguments).unwrap(), ["3"]);
        assert_eq!(found("/a/b~1c/*", arguments).unwrap().len(), 2);
        assert!(found("/a/none/0", arguments).unwrap().is_empty());
        assert_eq!(found("/a", r#"{"a":1,"a":2}"#), None);
        assert_eq!(found("/*", r#"{"a":1,"a":2}"#), None);
    }

    #[test]
    fn a_name_in_another_case_is_read_by_nobody() {
        assert_eq!(
            found("/message", r#"{"message":"ok","MESSAGE":"evil"}"#),
            None
        );
        assert_eq!(
            found("/message", r#"{"message":"ok","me\u017f\u017fage":"evil"}"#),
            None
        );
        assert_eq!(found("/kind", r#"{"\u212aind":"evil"}"#), None);
        assert_eq!(found("/größe", r#"{"größe":1,"GRÖẞE":2}"#), None);
        assert_eq!(
            found("/message", r#"{"message":"ok","nachricht":"é"}"#)
                .unwrap()
                .len(),
            1
        );
    }

    /// What a server may take for the same letter, as Unicode has it.
    fn same_letter() -> impl Strategy<Value = (char, char)> {
        let same = |letter: char| {
            let all = regex::Regex::new(&format!("(?i){}", regex::escape(&letter.to_string())));
            let all = all.unwrap();
            let every: String = ('\u{80}'..='\u{2fff}')
                .chain('a'..='z')
                .chain('A'..='Z')
                .collect();
            let same: Vec<char> = all
                .find_iter(&every)
                .flat_map(|found| found.as_str().chars())
                .collect();
            (Just(letter), select(same))
        };
        // Letters with a case of their own, and some of those with three or more.
        let letters: Vec<char> = ('a'..='z').chain("µßåéωθςβǆþſKÅΩϑẞ".chars()).collect();
        select(letters).prop_flat_map(same)
    }

    proptest! {
        #[test]
        fn every_spelling_that_differs_in_case_is_refused(letters in vec(same_letter(), 1..6)) {
            let (name, other): (String, String) = letters.into_iter().unzip();
            prop_assume!(name != other);
            let arguments = format!(r#"{{"{name}":"ok","{other}":"evil"}}"#);
            prop_assert_eq!(found(&format!("/{name}"), &arguments), None, "{} and {}", name, other);
            let alone = format!(r#"{{"{other}":"evil"}}"#);
            prop_assert_eq!(found(&format!("/{name}"), &alone), None, "{} for {}", other, name);
        }
    }

    #[test]
    fn what_is_no_pointer_is_refused() {
        assert_eq!(Pointer::new("path"), Err(PointerError::NoSlash));
        assert_eq!(Pointer::new("/~2"), Err(PointerError::Escape));
        assert_eq!(Pointer::new("/a\0"), Err(PointerError::Nul));
        assert_eq!(Pointer::new("/a".repeat(17)), Err(PointerError::TooLong));
    }
}
