//! Arguments of a call as audit keeps them: without what looks like a secret, and bounded.
//!
//! Nobody can know every secret by its looks. What a name gives away (`password`, `api_key`), what has the
//! shape of a well-known token, and API keys of Ostia are blotted out; values under a telling name go
//! whole. Where in doubt, more goes rather than less.

mod command_line;
mod url;

pub use command_line::command_line;
pub use url::{Within, secret_in_url};

use regex::Regex;
use serde_json::{Map, Value, value::RawValue};
use std::{borrow::Cow, sync::LazyLock};

/// Texts and names of what is kept have so many bytes together, before they are written as JSON.
pub const KEPT_BYTES: usize = 16 * 1024;
/// A text is read so far beyond what of it is kept, so that a secret is seen whole enough to be known.
const BEYOND: usize = 4 * 1024;
/// What a value costs besides its text, so that many empty ones are bounded too.
const PER_VALUE: usize = 8;
const BLOT: &str = "•••";

/// Names, in lower case and without what separates words, that have one of these in them.
const TELLING: [&str; 15] = [
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "secret",
    "token",
    "authorization",
    "apikey",
    "accesskey",
    "privatekey",
    "signingkey",
    "encryptionkey",
    "credential",
    "cookie",
];
/// Names that are one of these.
const TELLING_ALONE: [&str; 6] = ["auth", "bearer", "jwt", "otp", "pin", "pass"];

/// Shapes of secrets within a text; what is named `kept` stays.
static SHAPES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let name = r"(?:pass(?:word|wd|phrase|code)|pwd|secret|token|authorization|api[-_ ]?key|access[-_ ]?key|private[-_ ]?key|credential|cookie)";
    let value = r#"(?:\\*"(?:[^"\\]|\\.)*(?:"|$)|'[^']*(?:'|$)|[^\s&,;"']{4,})"#;
    let shapes = [
        // PEM, also one that does not end.
        r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)".to_owned(),
        // Ostia's own, and others that begin in a way of their own.
        r"\bost_(?:live|test|at)_[0-9A-Za-z_.\-]+".to_owned(),
        r"\b(?:gh[oprsu]_|github_pat_|glpat-|sk-|[rs]k_(?:live|test)_|whsec_|xox[abeoprs]-|xapp-|ya29\.|npm_|pypi-|hf_|dop_v1_|lin_api_|shpat_|dckr_pat_|SG\.|AIza|sq0[a-z]{3}-|EAAC)[0-9A-Za-z_.\-]{8,}".to_owned(),
        r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b".to_owned(),
        r"\beyJ[0-9A-Za-z_\-]{8,}(?:\.[0-9A-Za-z_\-]*){0,4}".to_owned(),
        // An authorization header, and a password within a URL.
        r"(?i)(?P<kept>\b(?:bearer|basic|digest|negotiate)\s+)[0-9a-z_.~+/=\-]{6,}".to_owned(),
        r"(?i)(?P<kept>\b[a-z][a-z0-9+.\-]*://[^\s/@:]*:)[^\s/@]+@".to_owned(),
        // What is assigned to a telling name: in a query, a header, or JSON within a text; and what follows it
        // on a command line.
        format!(r#"(?i)(?P<kept>[0-9a-z_\-.]*{name}[0-9a-z_\-]*\\*["']?\s*[:=]\s*){value}"#),
        format!(r"(?i)(?P<kept>(?:^|\s)--?[0-9a-z_\-]*{name}[0-9a-z_\-]*\s+){value}"),
    ];
    // A shape that does not compile is a mistake that the first test finds.
    shapes
        .iter()
        .filter_map(|shape| Regex::new(shape).ok())
        .collect()
});

/// What audit keeps of the arguments of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptArguments {
    /// JSON, with blots where secrets were.
    pub json: String,
    /// Whether something is missing because there was too much.
    pub cut: bool,
}

impl KeptArguments {
    /// Of what is deeper than anything is read, nothing but that.
    pub fn of(arguments: &RawValue) -> Self {
        let arguments = serde_json::from_str(arguments.get());
        let mut keeper = Keeper {
            left: KEPT_BYTES,
            cut: arguments.is_err(),
        };
        let kept = keeper.value(arguments.unwrap_or_default());
        Self {
            json: kept.to_string(),
            cut: keeper.cut,
        }
    }
}

struct Keeper {
    left: usize,
    cut: bool,
}

impl Keeper {
    fn value(&mut self, value: Value) -> Value {
        self.spend(PER_VALUE);
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(values) => {
                let mut kept = Vec::new();
                for value in values {
                    if !self.has_room() {
                        break;
                    }
                    kept.push(self.value(value));
                }
                Value::Array(kept)
            }
            Value::Object(members) => {
                let mut kept = Map::new();
                for (name, value) in members {
                    if !self.has_room() {
                        break;
                    }
                    let value = if tells(&name) {
                        self.spend(PER_VALUE);
                        blotted(value)
                    } else {
                        self.value(value)
                    };
                    kept.insert(self.text(&name), value);
                }
                Value::Object(kept)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value,
        }
    }

    /// Read first and cut then: the rest of a secret that was cut has no shape any more.
    fn text(&mut self, text: &str) -> String {
        let seen = &text[..text.floor_char_boundary(self.left + BEYOND)];
        let mut kept = without_secrets(seen).into_owned();
        if seen.len() < text.len() || kept.len() > self.left {
            kept.truncate(kept.floor_char_boundary(self.left));
            self.cut = true;
        }
        self.spend(kept.len());
        kept
    }

    fn has_room(&mut self) -> bool {
        let room = self.left > 0;
        self.cut |= !room;
        room
    }

    fn spend(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(bytes);
    }
}

/// Whether what is under this name is likely to be a secret.
fn tells(name: &str) -> bool {
    let name = words(name);
    TELLING.iter().any(|part| name.contains(part)) || TELLING_ALONE.contains(&name.as_str())
}

/// A name in lower case and without what separates its words.
fn words(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

/// That there was nothing, or a switch, is no secret.
fn blotted(value: Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value,
        Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => BLOT.into(),
    }
}

fn without_secrets(text: &str) -> Cow<'_, str> {
    SHAPES.iter().fold(Cow::Borrowed(text), |text, shape| {
        if !shape.is_match(&text) {
            return text;
        }
        let blot = |found: &regex::Captures<'_>| {
            let kept = found.name("kept").map_or("", |kept| kept.as_str());
            [kept, BLOT].concat()
        };
        Cow::Owned(shape.replace_all(&text, blot).into_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn kept(arguments: &Value) -> KeptArguments {
        let raw = serde_json::value::to_raw_value(arguments).unwrap();
        KeptArguments::of(&raw)
    }

    fn kept_value(arguments: &Value) -> Value {
        serde_json::from_str(&kept(arguments).json).unwrap()
    }

    #[test]
    fn what_is_under_a_telling_name_goes() {
        let arguments = json!({
            "user": "ann", "Password": "x", "api_key": 17, "X-Auth-Token": ["a", {"b": "c"}],
            "nested": [{"clientSecret": {"value": "x"}, "use_token": true, "pin": null}],
            "pass": "x", "passage": "a text", "PIN": "1234", "note": "author",
        });
        assert_eq!(
            kept_value(&arguments),
            json!({
                "user": "ann", "Password": BLOT, "api_key": BLOT, "X-Auth-Token": BLOT,
                "nested": [{"clientSecret": BLOT, "use_token": true, "pin": null}],
                "pass": BLOT, "passage": "a text", "PIN": BLOT, "note": "author",
            })
        );
    }

    #[test]
    fn what_has_the_shape_of_a_secret_goes_wherever_it_is() {
        let key = format!("ost_live_{}", "aB3".repeat(20));
        let private = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----";
        for (text, kept) in [
            (format!("use {key}."), "use •••"),
            (format!("{{\"ost\": \"{key}\"}}"), "{\"ost\": \"•••\"}"),
            ("ost_at_abc.def-g now".into(), "••• now"),
            ("push with ghp_0123456789abcdef0123".into(), "push with •••"),
            ("AKIAIOSFODNN7EXAMPLE".into(), "•••"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln!".into(), "•••!"),
            (format!("a {private} b"), "a ••• b"),
            ("-----BEGIN PRIVATE KEY-----\nMIIE".into(), "•••"),
            (
                "curl -H 'Authorization: Bearer abcdefgh'".into(),
                "curl -H 'Authorization: ••• •••'",
            ),
            ("Basic YW5uOnB3 and more".into(), "Basic ••• and more"),
            (
                "postgres://ann:hunter2@db/x".into(),
                "postgres://ann:•••db/x",
            ),
            (
                "psql --password hunter2 -c x".into(),
                "psql --password ••• -c x",
            ),
            (
                "https://x/?api_key=hunter2&b=c".into(),
                "https://x/?api_key=•••&b=c",
            ),
            (
                r#"{"db_password":"hun\"ter2","b":1}"#.into(),
                r#"{"db_password":•••,"b":1}"#,
            ),
            ("DB_PASSWORD='hun ter2' run".into(), "DB_PASSWORD=••• run"),
            ("a token that is here".into(), "a token that is here"),
            ("nothing to see in here".into(), "nothing to see in here"),
        ] {
            assert_eq!(without_secrets(&text), kept, "{text}");
        }
        assert_eq!(kept_value(&json!({key: 1})), json!({BLOT: 1}));
    }

    #[test]
    fn every_shape_is_an_expression() {
        assert_eq!(SHAPES.len(), 9);
    }

    #[test]
    fn what_is_too_much_is_cut_and_is_still_json() {
        let small = kept(&json!({"a": "b", "n": 1.5}));
        assert_eq!(
            (small.json.as_str(), small.cut),
            (r#"{"a":"b","n":1.5}"#, false)
        );
        let long = kept(&json!({"a": "é".repeat(KEPT_BYTES)}));
        assert!(
            long.cut && long.json.len() <= KEPT_BYTES + 20,
            "{}",
            long.json.len()
        );
        let many = kept(&json!(vec![json!({}); KEPT_BYTES]));
        assert!(
            many.cut && many.json.len() <= KEPT_BYTES,
            "{}",
            many.json.len()
        );
        serde_json::from_str::<Value>(&many.json).unwrap();
        let deep = ["[".repeat(1_000), "]".repeat(1_000)].concat();
        let deep = KeptArguments::of(&RawValue::from_string(deep).unwrap());
        assert_eq!((deep.json.as_str(), deep.cut), ("null", true));
    }

    proptest! {
        /// Wherever a key stands, and wherever what is kept ends.
        #[test]
        fn no_part_of_a_key_is_kept(before in 0..KEPT_BYTES + 200, after in 0..200usize, space in "[ \"'=/(]") {
            let secret = "Zz9".repeat(20);
            let text = format!("{}{space}ost_live_{secret} {}", "é ".repeat(before / 3), "x".repeat(after));
            let kept = kept(&json!({"text": text}));
            prop_assert!(!kept.json.contains("Zz9"), "{}", kept.json);
            prop_assert!(kept.json.len() < KEPT_BYTES * 2);
        }
    }
}
