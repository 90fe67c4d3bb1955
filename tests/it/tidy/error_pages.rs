//! Every code has a page that helps, and every page has a code.

use super::sources;
use crate::harness::environment;
use ostia_domain::code::Code;
use std::{collections::BTreeSet, fs};

const SECTIONS: &[&str] = &[
    "| Answered as |",
    "## What happened",
    "## What to do",
    "**Caller**:",
    "**Operator**:",
    "## In the logs",
];

fn pages() -> BTreeSet<String> {
    let folder = fs::read_dir(environment::repository().join("docs/errors")).expect("docs/errors");
    folder
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| name != "README.md")
        .collect()
}

#[test]
fn codes_and_pages_are_the_same_set() {
    let codes = Code::ALL
        .iter()
        .map(|code| format!("{}.md", code.as_str()))
        .collect();
    assert_eq!(
        pages(),
        codes,
        "every code of domain/src/code.rs has a page in docs/errors/, and only they"
    );
}

#[test]
fn every_page_has_what_a_reader_needs() {
    for code in Code::ALL {
        let page = sources::read(&format!("docs/errors/{}.md", code.as_str()));
        assert!(
            page.starts_with(&format!("# {}\n", code.as_str())),
            "{code:?}: the title is the code"
        );
        for section in SECTIONS {
            assert!(
                page.contains(section),
                "docs/errors/{}.md lacks {section:?}",
                code.as_str()
            );
        }
    }
}

#[test]
fn the_index_lists_every_page() {
    let index = sources::read("docs/errors/README.md");
    for code in Code::ALL {
        let name = code.as_str();
        assert!(
            index.contains(&format!("[{name}]({name}.md)")),
            "docs/errors/README.md lacks {name}"
        );
    }
}

/// A page that says how REST answers has a test that saw the program answer so: the status and the code, as
/// the page has them.
#[test]
fn every_answer_over_rest_is_seen_by_a_test() {
    let tests: String = sources::rust(&["tests/it/web/api/"])
        .iter()
        .map(|source| source.text.split_whitespace().collect::<String>())
        .collect();
    let mut answered = 0;
    for code in Code::ALL {
        let name = code.as_str();
        let page = sources::read(&format!("docs/errors/{name}.md"));
        let rest = page.lines().find_map(|line| line.strip_prefix("| REST | "));
        let Some(row) = rest else { continue };
        let status = row.trim_end_matches(" |");
        answered += 1;
        assert!(
            tests.contains(&format!("({status},\"{name}\"")),
            "docs/errors/{name}.md says that REST answers {status}: no test in tests/it/web/api has seen it"
        );
    }
    assert!(answered > 30, "{answered}");
}
