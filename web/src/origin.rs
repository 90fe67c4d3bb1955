//! Whether a form was sent by one of our own pages.

use http::{
    HeaderMap,
    header::{HOST, ORIGIN},
};

/// Browsers say where a request comes from: with `Sec-Fetch-Site` to addresses they trust, else with
/// `Origin`. A program that says neither has no cookies of somebody else to misuse.
pub(crate) fn is_own(headers: &HeaderMap) -> bool {
    let text = |name: &str| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(ORIGIN.as_str()) else {
        return true;
    };
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_some() && authority == text(HOST.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(headers: &[(&'static str, &'static str)]) -> bool {
        let pairs = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        is_own(&pairs.collect())
    }

    #[test]
    fn our_own_form_may() {
        assert!(own(&[
            ("sec-fetch-site", "same-origin"),
            ("origin", "null")
        ]));
        assert!(own(&[("origin", "http://h:1"), ("host", "h:1")]));
        assert!(own(&[("host", "h:1")]));
    }

    #[test]
    fn a_foreign_page_may_not() {
        assert!(!own(&[("sec-fetch-site", "cross-site")]));
        assert!(!own(&[("sec-fetch-site", "same-site")]));
        assert!(!own(&[("origin", "http://evil"), ("host", "h:1")]));
        assert!(!own(&[("origin", "null"), ("host", "h:1")]));
    }
}
