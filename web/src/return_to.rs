//! Where somebody goes after signing in: a page of ours, whatever the address says.

use openidconnect::url::form_urlencoded::byte_serialize;

const MAX_BYTES: usize = 2_000;

/// A path and query of this site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReturnTo(String);

impl ReturnTo {
    /// What is no path of this site becomes the start page. A browser reads `//host` and `/\host` as another
    /// host, and drops tabs and line ends before it reads.
    pub(crate) fn new(asked: &str) -> Self {
        let another_host = asked.starts_with("//") || asked.contains('\\');
        let is_path = asked.starts_with('/') && !another_host;
        if is_path && asked.len() <= MAX_BYTES && !asked.contains(char::is_control) {
            return Self(asked.to_owned());
        }
        Self("/".to_owned())
    }

    pub(crate) fn path(&self) -> &str {
        &self.0
    }

    /// The query that carries it, with its question mark; empty for the start page.
    fn query(&self) -> String {
        if self.0 == "/" {
            return String::new();
        }
        let next: String = byte_serialize(self.0.as_bytes()).collect();
        format!("?next={next}")
    }

    pub(crate) fn provider_path(&self, provider: &str) -> String {
        format!("/login/with/{provider}{}", self.query())
    }

    pub(crate) fn sign_in_path(&self) -> String {
        format!("/login{}", self.query())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_ours_is_gone_to() {
        for ours in ["/keys", "/usage?day=1&tool=a%2Fb", "/"] {
            assert_eq!(ReturnTo::new(ours).path(), ours);
        }
        for foreign in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "javascript:alert(1)",
            "keys",
            "",
            &format!("/{}", "x".repeat(MAX_BYTES)),
        ] {
            assert_eq!(ReturnTo::new(foreign).path(), "/", "{foreign}");
        }
    }

    #[test]
    fn the_way_to_the_sign_in_keeps_it() {
        assert_eq!(ReturnTo::new("/").sign_in_path(), "/login");
        assert_eq!(
            ReturnTo::new("/usage?day=1&x=ä").sign_in_path(),
            "/login?next=%2Fusage%3Fday%3D1%26x%3D%C3%A4"
        );
    }
}
