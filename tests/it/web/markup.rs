//! A page read to the letter. Browsers forgive, and what they make of broken markup is where strange text
//! becomes code; so nothing here forgives.

use super::Page;

/// What a page of ours has none of: they load, run or move something.
const FOREIGN: [&str; 10] = [
    "img", "iframe", "object", "embed", "base", "video", "audio", "frame", "applet", "image",
];
const ADDRESSES: [&str; 6] = ["href", "src", "action", "formaction", "data", "xlink:href"];

pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
}

/// Every opening tag. Fails on whatever is not as the renderer writes it: names in letters, values in
/// double quotes, no bare `<` in a text.
pub(super) fn elements(html: &str) -> Vec<Element> {
    let mut elements = Vec::new();
    let mut rest = html.strip_prefix("<!DOCTYPE html>").unwrap_or(html);
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let closing = rest.strip_prefix('/');
        rest = closing.unwrap_or(rest);
        let name = take(&mut rest, |c| c.is_ascii_alphanumeric());
        assert!(!name.is_empty(), "a bare < before {}", start(rest));
        let mut attributes = Vec::new();
        while let Some(after) = rest.strip_prefix(' ') {
            rest = after;
            attributes.push(attribute(&mut rest));
        }
        rest = rest.strip_prefix('/').unwrap_or(rest);
        let after = rest.strip_prefix('>');
        rest = after.unwrap_or_else(|| panic!("<{name} goes on with {}", start(rest)));
        if closing.is_none() {
            let name = name.to_owned();
            elements.push(Element { name, attributes });
        }
    }
    elements
}

fn attribute(rest: &mut &str) -> (String, String) {
    let name = take(rest, |c| c.is_ascii_alphanumeric() || c == '-' || c == ':');
    assert!(!name.is_empty(), "no attribute before {}", start(rest));
    let Some(value) = rest.strip_prefix("=\"") else {
        return (name.to_owned(), String::new());
    };
    let (value, after) = value.split_once('"').expect("the end of a value");
    *rest = after;
    (name.to_owned(), value.to_owned())
}

fn take<'a>(rest: &mut &'a str, of: impl Fn(char) -> bool) -> &'a str {
    let end = rest.find(|c| !of(c)).unwrap_or(rest.len());
    let (taken, after) = rest.split_at(end);
    *rest = after;
    taken
}

fn start(text: &str) -> String {
    text.chars().take(80).collect()
}

/// Nothing on the page loads, runs or leads anywhere but what the dashboard itself wrote.
#[track_caller]
pub(super) fn harmless(what: &str, page: &Page) {
    assert!(!page.body.contains('\0'), "NUL on {what}");
    let mut scripts = 0;
    for Element { name, attributes } in elements(&page.body) {
        assert!(!FOREIGN.contains(&&*name), "<{name}> on {what}");
        scripts += usize::from(name == "script");
        for (attribute, value) in &attributes {
            let runs = attribute.starts_with("on") || ["style", "srcdoc"].contains(&&**attribute);
            assert!(!runs, "{attribute}={value} of <{name}> on {what}");
            if ADDRESSES.contains(&&**attribute) {
                let own = value.starts_with('#') || value.starts_with('?');
                let own = own || value.starts_with('/') && !value.starts_with("//");
                assert!(own, "{attribute}={value} of <{name}> on {what}");
            }
            if name == "script" && attribute == "src" {
                assert!(value.starts_with("/assets/"), "{value} on {what}");
            }
        }
        let twice = attributes
            .iter()
            .enumerate()
            .find(|(at, (name, _))| attributes[..*at].iter().any(|(other, _)| other == name));
        assert!(twice.is_none(), "{twice:?} of <{name}> on {what}");
    }
    assert_eq!(scripts, 1, "scripts on {what}");
}

/// It does fail where something got out.
#[test]
fn what_got_out_is_seen() {
    let page = |inside: &str| Page {
        status: 200,
        headers: reqwest::header::HeaderMap::new(),
        body: format!("<!DOCTYPE html><html><script src=\"/assets/x\"></script>{inside}</html>"),
    };
    harmless(
        "a good page",
        &page("<p title=\"&quot;>\" hidden>a > b &lt;i</p><br/>"),
    );
    for bad in [
        "<img src=\"/x\">",
        "<p onclick=\"x\"></p>",
        "<a href=\"javascript:x\"></a>",
        "<a href=\"//evil.example\"></a>",
        "<p title=\"\" \"></p>",
        "<p title=x></p>",
        "<p title=\"a\" title=\"b\"></p>",
        "<script>alert(1)</script>",
        "a < b",
        "\0",
    ] {
        let page = page(bad);
        let seen = std::panic::catch_unwind(|| harmless("a bad page", &page));
        assert!(seen.is_err(), "{bad:?} was not seen");
    }
}
