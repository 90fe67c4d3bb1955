//! Text that others chose, for a terminal: what would steer it is shown, and not done.
//!
//! Names of tools, clients and upstreams, and what upstreams say, can hold anything. Unchanged they would write
//! lines of their own into a list, clear the screen, or turn round what is read. JSON is for programs and stays as
//! it is.

use std::{borrow::Cow, fmt::Write as _};

/// Within one line: a line end in it is shown as well.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    shown(text, steers)
}

/// A block of our own making: its line ends and tabs stay.
pub(crate) fn block(text: &str) -> Cow<'_, str> {
    shown(text, |c| steers(c) && !matches!(c, '\n' | '\t'))
}

fn shown(text: &str, hidden: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&hidden) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if hidden(c) {
            // Writing to a string cannot fail.
            let _ = write!(shown, "{}", c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown.into()
}

/// Control characters, the ends of lines that are none, and what changes the direction of text.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_steers_a_terminal_is_shown() {
        for (text, one, many) in [
            ("a\u{1b}[2Jb", "a\\u{1b}[2Jb", "a\\u{1b}[2Jb"),
            ("a\nb\tc\r", "a\\nb\\tc\\r", "a\nb\tc\\r"),
            ("\u{7f}\u{9b}2J", "\\u{7f}\\u{9b}2J", "\\u{7f}\\u{9b}2J"),
            (
                "a\u{202e}cod\u{2069}",
                "a\\u{202e}cod\\u{2069}",
                "a\\u{202e}cod\\u{2069}",
            ),
            ("é 日本 🔑 \\n", "é 日本 🔑 \\n", "é 日本 🔑 \\n"),
        ] {
            assert_eq!((&*one_line(text), &*block(text)), (one, many));
        }
    }

    proptest! {
        #[test]
        fn nothing_that_steers_is_left(text in any::<String>()) {
            prop_assert!(!one_line(&text).contains(steers));
            prop_assert!(!block(&text).replace(['\n', '\t'], "").contains(steers));
        }
    }
}
