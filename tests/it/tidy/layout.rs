//! What somebody finds who opens the repository for the first time.

use super::sources;
use crate::harness::{command, environment};

const TOP: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "LICENSE",
    "clippy.toml",
    "deny.toml",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "justfile",
    "test",
    ".ci/run",
    "src",
    "domain",
    "proto",
    "control",
    "edge",
    "web",
    "migrations",
    "tests/it",
    "benches/load",
    "docs/adr",
    "docs/errors",
    "docs/benchmarks.md",
];

#[test]
fn the_first_level_is_as_described() {
    for path in TOP {
        assert!(
            environment::repository().join(path).exists(),
            "{path} is missing"
        );
    }
}

/// Links in documents that lead nowhere.
#[test]
fn documents_link_to_files_that_exist() {
    for document in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "docs/api.md",
        "docs/benchmarks.md",
        "docs/migration.md",
    ] {
        let text = sources::read(document);
        for target in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let file = target.split('#').next().unwrap_or(target);
            if file.is_empty() || file.contains("://") || file.starts_with("mailto:") {
                continue;
            }
            let folder = environment::repository()
                .join(document)
                .parent()
                .expect("a folder")
                .join(file);
            assert!(
                folder.exists(),
                "{document} links to {target}, which does not exist"
            );
        }
    }
}

/// Every `ostia …` line in the README's shell blocks starts with a command that the program has.
#[tokio::test]
async fn the_commands_of_the_readme_exist() {
    let readme = sources::read("README.md");
    let mut checked = 0;
    for line in shell_lines(&readme) {
        let words: Vec<_> = line.split_whitespace().collect();
        let Some(command) = ostia_command(&words) else {
            continue;
        };
        let mut help = command::command(environment::OSTIA);
        help.args(&command).arg("--help");
        let finished = command::run(help).await;
        assert_eq!(finished.code, Some(0), "README.md: `{line}`: {finished:#?}");
        checked += 1;
    }
    assert!(
        checked > 5,
        "the README shows {checked} commands; has its form changed?"
    );
}

/// Lines of the fenced blocks that are for a shell.
fn shell_lines(text: &str) -> Vec<&str> {
    let mut inside = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if let Some(language) = line.strip_prefix("```") {
            inside = !inside && matches!(language, "sh" | "console");
        } else if inside {
            lines.push(line.trim_start_matches("$ "));
        }
    }
    lines
}

/// The noun and verb of a line that calls the program: `ostia keys create …` is `keys create`.
fn ostia_command(words: &[&str]) -> Option<Vec<String>> {
    let at = match words {
        ["ostia", ..] => 1,
        ["cargo", "run", ..] => words.iter().position(|word| *word == "--")? + 1,
        _ => return None,
    };
    let is_word = |word: &&&str| {
        word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') && !word.starts_with('-')
    };
    let command: Vec<_> = words[at..]
        .iter()
        .take_while(is_word)
        .take(2)
        .map(ToString::to_string)
        .collect();
    // `run` takes roles, the others a verb.
    let depth = if command.first().is_some_and(|noun| noun == "run") {
        1
    } else {
        2
    };
    Some(command.into_iter().take(depth).collect())
}
