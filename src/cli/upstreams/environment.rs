//! The environment of a worker and the headers of an upstream, as an operator gives them.

use crate::{config, failure::Failure};
use std::{collections::HashMap, path::Path};

/// From `--env-file` and `--env`; what is named twice is as `--env` says.
pub(crate) fn collect(
    file: Option<&Path>,
    variables: &[String],
) -> Result<HashMap<String, String>, Failure> {
    let mut environment = HashMap::new();
    if let Some(path) = file {
        let text = config::read_named("--env-file", path)?;
        environment = parse(&text).map_err(|(line, problem)| {
            Failure::usage(format!("{}, line {line}: {problem}", path.display()))
        })?;
    }
    for variable in variables {
        let (name, value) = match variable.split_once('=') {
            Some((name, value)) => (name, value.to_owned()),
            None => (variable.as_str(), config::environment_value(variable)?),
        };
        environment.insert(name.to_owned(), value);
    }
    Ok(environment)
}

/// Headers, from `--header-file` and `--header`; a name alone stands for the variable that is called
/// like it (`X-Api-Key` for `X_API_KEY`).
pub(crate) fn headers(
    file: Option<&Path>,
    headers: &[String],
) -> Result<HashMap<String, String>, Failure> {
    let mut collected = HashMap::new();
    if let Some(path) = file {
        let text = config::read_named("--header-file", path)?;
        collected = parse(&text).map_err(|(line, problem)| {
            Failure::usage(format!("{}, line {line}: {problem}", path.display()))
        })?;
    }
    for header in headers {
        let (name, value) = match header.split_once('=') {
            Some((name, value)) => (name, value.to_owned()),
            None => {
                let variable = header.to_ascii_uppercase().replace('-', "_");
                (header.as_str(), config::environment_value(&variable)?)
            }
        };
        collected.insert(name.to_owned(), value);
    }
    Ok(collected)
}

/// `NAME=VALUE` lines; blank lines, `#` lines, a leading `export` and one pair of quotes around the
/// value are left out. The error has the number of the line, not its text, which may be a secret.
fn parse(text: &str) -> Result<HashMap<String, String>, (usize, &'static str)> {
    let mut environment = HashMap::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = line.split_once('=').ok_or((at + 1, "is not NAME=VALUE"))?;
        let name = name.trim();
        if name.is_empty() {
            return Err((at + 1, "has no name before the ="));
        }
        environment.insert(name.to_owned(), unquoted(value.trim()).to_owned());
    }
    Ok(environment)
}

fn unquoted(value: &str) -> &str {
    ['"', '\'']
        .iter()
        .find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote))
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_keep_in_such_files() {
        let text = "# tokens\n\nexport A=1\nB=\"two words\"\nC='x=y'\nD=\n";
        let read = parse(text).unwrap();
        let mut pairs: Vec<_> = read.iter().map(|(k, v)| format!("{k}={v}")).collect();
        pairs.sort();
        assert_eq!(pairs, ["A=1", "B=two words", "C=x=y", "D="]);
    }

    #[test]
    fn an_error_names_the_line_and_not_its_text() {
        assert_eq!(parse("A=1\nhunter2").unwrap_err().0, 2);
    }
}
