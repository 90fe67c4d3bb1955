//! Secrets within a URL, which is shown and stored as it is.

use super::{tells, without_secrets, words};

/// Names in a query that are telling there, and nowhere else.
const TELLING_IN_QUERIES: [&str; 3] = ["key", "sig", "signature"];

/// Where a URL has what looks like a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Within {
    /// The query, under this name.
    Parameter(String),
    /// Something in it has the shape of a well-known token.
    Text,
}

/// What looks like a secret in the query of a URL, or anywhere in it by its shape.
pub fn secret_in_url(url: &str) -> Option<Within> {
    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    for pair in query.split(['&', ';']) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name), decoded(value));
        let telling = tells(&name) || TELLING_IN_QUERIES.contains(&words(&name).as_str());
        if (telling && !value.is_empty()) || has_shape(&value) {
            return Some(Within::Parameter(name));
        }
        // A token alone, without a name.
        if has_shape(&name) {
            return Some(Within::Text);
        }
    }
    has_shape(&decoded(place)).then_some(Within::Text)
}

/// Whether there is a token in it. What is assigned there to something else is none: `token:8443` is a host and its
/// port, `token:read` is a scope.
fn has_shape(text: &str) -> bool {
    let mut pieces = text.split([':', '=']);
    pieces.any(|piece| without_secrets(piece) != piece)
}

/// As a form has it: `+` is a space, and `%41` is an A.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        let escaped = escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        plain.push(match (byte, escaped) {
            (_, Some(escaped)) => escaped,
            (b'+', None) => b' ',
            (other, None) => other,
        });
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_secret_is_found() {
        for (url, name) in [
            ("https://x/mcp?api_key=sk-live-0123456789", Some("api_key")),
            ("https://x/mcp?a=b&X-Api-Key=short", Some("X-Api-Key")),
            ("https://x/mcp?a=b;access_token=t", Some("access_token")),
            ("https://x/mcp?%61pi%5fkey=x", Some("api_key")),
            ("https://x/mcp?key=x", Some("key")),
            ("https://x/mcp?sig=x", Some("sig")),
            ("https://x/mcp?for=ghp_0123456789abcdef0123", Some("for")),
            ("https://x/mcp?for=gh%70_0123456789abcdef0123", Some("for")),
            ("https://x/mcp?ghp_0123456789abcdef0123", None),
            ("https://x/s/ghp_0123456789abcdef0123/mcp", None),
        ] {
            let found = name.map_or(Within::Text, |name| Within::Parameter(name.to_owned()));
            assert_eq!(secret_in_url(url), Some(found), "{url}");
        }
    }

    #[test]
    fn what_does_not_is_left_alone() {
        for url in [
            "https://example.com:8443/a/b?c=d",
            "https://x/mcp?tenant=a&region=eu+west&profile=%zz%",
            "https://x/mcp?api_key=",
            "https://x/mcp?api_key",
            "https://tokens.example.com/secrets/mcp?keyboard=de",
            "https://x/oauth/token",
            "https://token:8443/v1/secret:access?scope=token:read",
            "https://x/mcp?q=%",
            "",
        ] {
            assert_eq!(secret_in_url(url), None, "{url}");
        }
    }
}
