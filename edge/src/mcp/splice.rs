//! Copies a message with a few places replaced.

use std::ops::Range;

/// What stands at `at` in the source becomes `with`; an empty range inserts.
#[derive(Debug)]
pub struct Edit<'a> {
    pub at: Range<usize>,
    pub with: &'a [u8],
}

/// The source with all edits made, in one copy. Edits must not overlap; their order is free.
pub fn splice(source: &[u8], edits: &mut [Edit<'_>]) -> Vec<u8> {
    edits.sort_unstable_by_key(|edit| edit.at.start);
    let added: usize = edits.iter().map(|edit| edit.with.len()).sum();
    // One byte more for the line end that stdio framing adds.
    let mut target = Vec::with_capacity(source.len() + added + 1);
    let mut copied = 0;
    for edit in edits {
        target.extend_from_slice(&source[copied..edit.at.start]);
        target.extend_from_slice(edit.with);
        copied = edit.at.end;
    }
    target.extend_from_slice(&source[copied..]);
    target
}

/// An edit that puts `members` (`"a":1,"b":2`) first into the object that starts at `open` and is
/// `object` long as text.
pub fn insert_members<'a>(
    members: &'a mut Vec<u8>,
    source: &[u8],
    object: Range<usize>,
) -> Edit<'a> {
    let open = object.start + 1;
    let first = source[open..object.end]
        .iter()
        .find(|byte| !byte.is_ascii_whitespace());
    if first != Some(&b'}') {
        members.push(b',');
    }
    Edit {
        at: open..open,
        with: members,
    }
}

/// An edit that takes the member out of its object whose value stands at `value`, with its name and one
/// comma. The source must be valid JSON.
pub fn remove_member(source: &[u8], value: Range<usize>) -> Edit<'static> {
    let before = |end: usize, wanted: u8| {
        let found = source[..end].iter().rposition(|byte| *byte == wanted);
        found.unwrap_or_default()
    };
    let is_space = u8::is_ascii_whitespace;
    let colon = before(value.start, b':');
    // A name has no quotes in it that are not escaped, and that of no member read here has such either.
    let name = before(before(colon, b'"'), b'"');
    let spaces = source[..name]
        .iter()
        .rev()
        .take_while(|byte| is_space(byte));
    let left = name - spaces.count();
    let at = if source[..left].ends_with(b",") {
        left - 1..value.end
    } else {
        let spaces = source[value.end..].iter().take_while(|byte| is_space(byte));
        let right = value.end + spaces.count();
        name..right + usize::from(source[right..].starts_with(b","))
    };
    Edit { at, with: b"" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_goes_with_its_name_and_one_comma() {
        for (source, left) in [
            (r#"{"task":{"ttl":1}}"#, "{}"),
            (r#"{"a":1 , "t\u0061sk" : {"ttl":1} }"#, r#"{"a":1  }"#),
            (r#"{ "task":{"ttl":1} , "b":"x:y"}"#, r#"{  "b":"x:y"}"#),
            (r#"{"a":",","task":{"ttl":1},"b":2}"#, r#"{"a":",","b":2}"#),
        ] {
            let value = r#"{"ttl":1}"#;
            let at = source.find(value).unwrap();
            let edit = remove_member(source.as_bytes(), at..at + value.len());
            let text = splice(source.as_bytes(), &mut [edit]);
            assert_eq!(String::from_utf8(text).unwrap(), left);
            assert!(serde_json::from_str::<serde_json::Value>(left).is_ok());
        }
    }

    #[test]
    fn replaces_and_inserts_in_any_order() {
        let source = b"{\"id\":1,\"p\":{ }}";
        let mut members = b"\"m\":2".to_vec();
        let insert = insert_members(&mut members, source, 12..15);
        let edited = splice(
            source,
            &mut [
                insert,
                Edit {
                    at: 6..7,
                    with: b"\"x\"",
                },
            ],
        );
        assert_eq!(edited, br#"{"id":"x","p":{"m":2 }}"#);
        let mut members = b"\"m\":2".to_vec();
        let edited = splice(source, &mut [insert_members(&mut members, source, 0..16)]);
        assert_eq!(edited, br#"{"m":2,"id":1,"p":{ }}"#);
    }
}
