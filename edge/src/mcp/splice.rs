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

#[cfg(test)]
mod tests {
    use super::*;

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
