//! Files that can be read in one sitting, and tests that run.

use super::sources::{self, PRODUCT, Source};

/// Lines in one file. Most are under 300; what grows beyond this holds two concepts.
const MAX_LINES: usize = 400;
/// Of all files, how many must be under 300 lines, in percent.
const SHORT_SHARE: usize = 95;
const SHORT: usize = 300;

/// Tests at the end of a file do not make it harder to read.
fn lines(source: &Source) -> usize {
    source
        .text
        .lines()
        .take_while(|line| line.trim() != "#[cfg(test)]")
        .count()
}

fn everything() -> Vec<Source> {
    let mut sources = sources::rust(PRODUCT);
    sources.extend(sources::rust(&["tests/", "benches/"]));
    sources
}

#[test]
fn files_are_short() {
    let sources = everything();
    let long: Vec<_> = sources
        .iter()
        .filter(|source| lines(source) > MAX_LINES)
        .map(|source| format!("{} has {} lines", source.path, lines(source)))
        .collect();
    assert!(
        long.is_empty(),
        "split by concept, at most {MAX_LINES} lines each:\n{}",
        long.join("\n")
    );
    let short = sources
        .iter()
        .filter(|source| lines(source) < SHORT)
        .count();
    assert!(
        short * 100 >= sources.len() * SHORT_SHARE,
        "{short} of {} files have fewer than {SHORT} lines; {SHORT_SHARE} % should",
        sources.len()
    );
}

#[test]
fn no_test_is_switched_off() {
    let switch = concat!("#[", "ignore");
    for source in everything() {
        assert!(
            !source.text.contains(switch),
            "{}: a test that does not run proves nothing; repair or remove it",
            source.path
        );
    }
}

/// Nothing waits in a queue without an end: whoever writes says what happens when it is full.
#[test]
fn no_channel_is_unbounded() {
    for source in sources::rust(PRODUCT) {
        for (number, line) in source.code() {
            let unbounded = line.contains("unbounded_channel") || line.contains("unbounded()");
            assert!(
                !unbounded,
                "{}:{number}: give the channel a size and say what happens when it is full",
                source.path
            );
        }
    }
}
