//! Messages on their way to an upstream.

use bytes::Bytes;
use http::{HeaderName, HeaderValue};

/// A message on its way to an upstream.
#[derive(Debug)]
pub struct Outgoing {
    /// One line, with its end.
    pub line: Bytes,
    /// The id of a request.
    pub id: Option<u64>,
    /// The request that this message cancels.
    pub cancels: Option<u64>,
    /// What is sent next may be about this: it must have arrived before.
    pub first: bool,
    pub way: Way,
}

/// What a message over HTTP needs to know beside itself.
#[derive(Clone, Debug, Default)]
pub struct Way {
    /// `Mcp-Param-*`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// It may be sent once more when it broke on its way: twice does no more than once.
    pub repeatable: bool,
}

impl Outgoing {
    pub(super) fn message(line: Vec<u8>) -> Self {
        Self {
            line: framed(line),
            id: None,
            cancels: None,
            first: true,
            way: Way::default(),
        }
    }

    /// Without the line's end.
    pub fn body(&self) -> Bytes {
        self.line.slice(..self.line.len().saturating_sub(1))
    }

    /// A message that no other waits for.
    pub(super) fn aside(line: Vec<u8>) -> Self {
        Self {
            first: false,
            ..Self::message(line)
        }
    }
}

/// The text as one line: stdio framing allows no line break inside a message. In valid JSON those
/// only stand between tokens.
fn framed(mut line: Vec<u8>) -> Bytes {
    if memchr::memchr2(b'\n', b'\r', &line).is_some() {
        for byte in &mut line {
            if matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
    }
    line.push(b'\n');
    line.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line() {
        assert_eq!(
            framed(b"{\n \"a\":\r\n1}".to_vec()),
            &b"{  \"a\":  1}\n"[..]
        );
    }
}
