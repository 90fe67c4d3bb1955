//! What upstreams say, for operators, without what they were given.

use std::cmp::Reverse;

/// Shorter values are words like `true`, not credentials.
const MIN_SECRET_LEN: usize = 6;

pub(super) fn redact<'s>(text: &str, secrets: impl Iterator<Item = &'s str>) -> String {
    // What has several lines, as a private key has, is written and read line by line.
    let lines = secrets.flat_map(str::lines);
    let mut lines: Vec<_> = lines.filter(|line| line.len() >= MIN_SECRET_LEN).collect();
    // What is a part of another would leave the rest of it.
    lines.sort_by_key(|line| Reverse(line.len()));
    let blot = |text: String, line| text.replace(line, "•••");
    lines.into_iter().fold(text.to_owned(), blot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_upstream_was_given_is_blotted_out() {
        let secrets = ["hunter2hunter2", "true"].into_iter();
        assert_eq!(
            redact("is it true, hunter2hunter2?", secrets),
            "is it true, •••?"
        );
        let secrets = ["secret", "secret-and-more"].into_iter();
        assert_eq!(redact("a secret-and-more", secrets), "a •••");
        let secrets = ["-----BEGIN-----\nMC4CAQAwBQ\n-----END-----\n"].into_iter();
        assert_eq!(redact("read MC4CAQAwBQ", secrets), "read •••");
    }
}
