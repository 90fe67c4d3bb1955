//! Reading the sources.

use crate::harness::environment;
use std::{fs, path::Path};

/// The crates whose code ends up in the program.
pub(crate) const PRODUCT: &[&str] = &[
    "src/",
    "domain/src/",
    "proto/src/",
    "control/src/",
    "edge/src/",
    "web/src/",
    "migrations/src/",
];

/// One file, by its path from the root with `/` between the parts.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// Lines with their numbers, without comments and without the tests at the end of a file: what
    /// tests may name is their own business.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .take_while(|line| line.trim() != "#[cfg(test)]")
            .enumerate()
            .map(|(index, line)| (index + 1, line))
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

/// Every Rust file below these prefixes, sorted by path. A prefix is a folder (`edge/src/`) or a file.
pub(crate) fn rust(prefixes: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    for folder in [PRODUCT, &["tests/", "benches/"]].concat() {
        collect(folder.trim_end_matches('/'), &mut found);
    }
    found.retain(|source| {
        prefixes
            .iter()
            .any(|prefix| source.path.starts_with(prefix))
    });
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn collect(relative: &str, found: &mut Vec<Source>) {
    let Ok(entries) = fs::read_dir(environment::repository().join(relative)) else {
        return;
    };
    for entry in entries {
        let entry = entry.expect("an entry");
        let path = format!("{relative}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().expect("a type").is_dir() {
            collect(&path, found);
        } else if Path::new(&path).extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(entry.path()).expect("a source file in UTF-8");
            found.push(Source { path, text });
        }
    }
}

/// A file of the repository.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(environment::repository().join(path))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Whether a line names this crate, module or item: `name` as a whole word, where a path or an import
/// has it (`name::…`, `use name;`, `{name, …}`), not as part of a longer word.
pub(crate) fn names(line: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(name).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + name.len()..]);
        let whole = !before.ends_with(is_word) && !after.starts_with(is_word);
        let import =
            line.trim_start().starts_with("use ") || line.trim_start().starts_with("pub use ");
        whole
            && (after.starts_with("::") || after.starts_with('!') || import || name.contains("::"))
    })
}

#[test]
fn a_name_is_a_whole_word_in_a_path() {
    assert!(names("use tonic::Status;", "tonic"));
    assert!(names("    tonic::Status::ok()", "tonic"));
    assert!(names("use std::{env, fs};", "env"));
    assert!(names("let c = Command::new(x);", "Command::new"));
    assert!(!names("let tonic_like = 1;", "tonic"));
    assert!(!names("use ostia_tonic::x;", "tonic"));
    assert!(!names("// said tonic", "axum"));
}
