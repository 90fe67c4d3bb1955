//! JSON as editors let people write it: with comments and trailing commas.

/// The same text as strict JSON; positions stay, so that errors still point at the right line.
pub(super) fn strict(text: &str) -> String {
    without_trailing_commas(&without_comments(text))
}

fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = match (c, comment(rest)) {
            (_, Some(length)) => {
                out.extend(rest[..length].chars().map(blank));
                length
            }
            ('"', None) => {
                let length = string(rest);
                out.push_str(&rest[..length]);
                length
            }
            (_, None) => {
                out.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    out
}

fn without_trailing_commas(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = if c == '"' { string(rest) } else { c.len_utf8() };
        let closes = |after: &str| after.trim_start().starts_with(['}', ']']);
        if c == ',' && closes(&rest[1..]) {
            out.push(' ');
        } else {
            out.push_str(&rest[..length]);
        }
        rest = &rest[length..];
    }
    out
}

/// Bytes of the comment that `text` starts with.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    let inside = text.strip_prefix("/*")?;
    Some(inside.find("*/").map_or(text.len(), |end| end + 4))
}

/// Bytes of the string that `text` starts with.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn blank(c: char) -> char {
    if c == '\n' { c } else { ' ' }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn read(text: &str) -> Value {
        serde_json::from_str(&strict(text)).unwrap()
    }

    #[test]
    fn comments_and_trailing_commas_go() {
        let text = "{ // one\n \"a\": [1, 2, /* , */ ], \"b\": \"// no, }\", }";
        assert_eq!(read(text), json!({ "a": [1, 2], "b": "// no, }" }));
    }

    #[test]
    fn strings_are_left_alone() {
        let text = r#"{"a": "say \"/* hi */\",", "b": "\\"}"#;
        assert_eq!(read(text), serde_json::from_str::<Value>(text).unwrap());
    }

    proptest! {
        #[test]
        fn strict_json_means_the_same_after(keys in proptest::collection::vec("\\PC{0,8}", 0..4)) {
            let value = json!({ "keys": keys });
            prop_assert_eq!(read(&value.to_string()), value);
        }

        #[test]
        fn no_text_makes_it_panic(text in "[\"/*\\\\,\\]}\\n é]{0,20}") {
            let _ = strict(&text);
        }
    }
}
