//! `${…}` in a file of a client, which that client would have filled in.

/// Where values of variables come from. Nowhere, for a file that somebody else sent: what is in the
/// environment of a role is not theirs.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The text with variables filled in, or why it cannot be.
pub(super) fn fill(text: &str, variable: Lookup<'_>) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((inside, after)) = after.split_once('}') else {
            break;
        };
        filled.push_str(before);
        filled.push_str(&value(inside, variable)?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// `env:NAME` as Cursor and VS Code write it, `NAME` and `NAME:-default` as Claude Code does.
fn value(inside: &str, variable: Lookup<'_>) -> Result<String, String> {
    if let Some(input) = inside.strip_prefix("input:") {
        return Err(format!(
            "it asks for the input {input:?}: write what you would enter in place of ${{{inside}}}"
        ));
    }
    let named = inside.strip_prefix("env:").unwrap_or(inside);
    let (name, default) = match named.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (named, None),
    };
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    if !is_name && !inside.starts_with("env:") {
        return Err(format!(
            "only the program that wrote the file knows ${{{name}}}"
        ));
    }
    variable(name)
        .or(default.map(str::to_owned))
        .ok_or_else(|| {
            format!(
                "the variable {name} has no value here: write its value in place of ${{{inside}}}"
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Result<String, String> {
        fill(text, &|name| (name == "TOKEN").then(|| "t".to_owned()))
    }

    #[test]
    fn variables_are_filled_in() {
        assert_eq!(filled("a ${env:TOKEN} ${TOKEN}").unwrap(), "a t t");
        assert_eq!(filled("${OTHER:-x}").unwrap(), "x");
        assert_eq!(
            filled("plain $HOME ${ open").unwrap(),
            "plain $HOME ${ open"
        );
    }

    #[test]
    fn what_nobody_here_knows_is_said() {
        assert!(filled("${OTHER}").unwrap_err().contains("OTHER"));
        assert!(filled("${input:key}").unwrap_err().contains("\"key\""));
        assert!(
            filled("${workspaceFolder}/x")
                .unwrap_err()
                .contains("workspaceFolder")
        );
    }
}
