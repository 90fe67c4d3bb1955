//! `${…}` in a file of a client, which that client would have filled in.

/// Where values of variables come from.
pub(crate) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The text with variables filled in, or why it cannot be.
pub(crate) fn fill(text: &str, variable: Lookup<'_>) -> Result<String, String> {
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
            "it asks for the input {input:?}: add it with `ostia upstreams add`, and --env-file or --header-file"
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
            "only the program that wrote the file knows ${{{inside}}}"
        ));
    }
    variable(name)
        .or(default.map(str::to_owned))
        .ok_or_else(|| format!("the variable {name} is not set here: set it and import again"))
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
