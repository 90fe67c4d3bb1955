//! The environment of a worker and the headers of an upstream, as an operator gives them.

use crate::{config, failure::Failure};
use std::{collections::HashMap, path::Path};

/// From `--env-file` and `--env`; what is named twice is as `--env` says.
pub(crate) fn collect(
    file: Option<&Path>,
    variables: &[String],
) -> Result<HashMap<String, String>, Failure> {
    let mut environment = match file {
        Some(path) => read_file("--env-file", path, &['='])?,
        None => HashMap::new(),
    };
    for variable in variables {
        let (name, value) = match variable.split_once('=') {
            Some((name, value)) => (name, value.to_owned()),
            None => (variable.as_str(), config::environment_value(variable)?),
        };
        environment.insert(name.to_owned(), value);
    }
    Ok(environment)
}

/// From `--header-file` and `--header`, by name in lower case; what is named twice is as `--header`
/// says. A name alone stands for the variable that is called like it (`X-Api-Key` for `X_API_KEY`).
pub(crate) fn headers(
    file: Option<&Path>,
    headers: &[String],
) -> Result<HashMap<String, String>, Failure> {
    // No name of a header has one of them in it.
    let separators = ['=', ':'];
    let mut collected = match file {
        Some(path) => read_file("--header-file", path, &separators)?,
        None => HashMap::new(),
    };
    for header in headers {
        let (name, value) = if let Some((name, value)) = header.split_once(separators) {
            (name.trim(), value.trim().to_owned())
        } else {
            let variable = header.to_ascii_uppercase().replace('-', "_");
            (header.as_str(), config::environment_value(&variable)?)
        };
        collected.retain(|given, _| !given.eq_ignore_ascii_case(name));
        collected.insert(name.to_ascii_lowercase(), value);
    }
    Ok(collected)
}

fn read_file(
    flag: &'static str,
    path: &Path,
    separators: &[char],
) -> Result<HashMap<String, String>, Failure> {
    let text = config::read_named(flag, path)?;
    parse(&text, separators).map_err(|(line, problem)| {
        Failure::usage(format!("{}, line {line}: {problem}", path.display()))
    })
}

/// `NAME=VALUE` lines; blank lines, `#` lines, a leading `export` and one pair of quotes around the
/// value are left out. The error has the number of the line, not its text, which may be a secret.
fn parse(
    text: &str,
    separators: &[char],
) -> Result<HashMap<String, String>, (usize, &'static str)> {
    let mut environment = HashMap::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = line
            .split_once(separators)
            .ok_or((at + 1, "is not NAME=VALUE"))?;
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
        let read = parse(text, &['=']).unwrap();
        let mut pairs: Vec<_> = read.iter().map(|(k, v)| format!("{k}={v}")).collect();
        pairs.sort();
        assert_eq!(pairs, ["A=1", "B=two words", "C=x=y", "D="]);
    }

    #[test]
    fn headers_are_read_in_both_forms() {
        let text = "Authorization: Basic YTpi==\nX-Api-Key=a:b";
        let read = parse(text, &['=', ':']).unwrap();
        assert_eq!(read["Authorization"], "Basic YTpi==");
        assert_eq!(read["X-Api-Key"], "a:b");
    }

    #[test]
    fn an_error_names_the_line_and_not_its_text() {
        assert_eq!(parse("A=1\nhunter2", &['=']).unwrap_err().0, 2);
    }
}
