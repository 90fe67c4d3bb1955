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
