//! What upstreams say, for operators, without what they were given.

/// Shorter values are words like `true`, not credentials.
const MIN_SECRET_LEN: usize = 6;

pub(super) fn redact<'s>(text: &str, secrets: impl Iterator<Item = &'s str>) -> String {
    secrets
        .filter(|secret| secret.len() >= MIN_SECRET_LEN)
        .fold(text.to_owned(), |text, secret| text.replace(secret, "•••"))
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
    }
}
