//! Markup that can carry a stranger's text out of its place.

use super::sources;

/// Not escaped by the renderer, or raw by design. One module may use them, after escaping by hand.
const RAW: &[&str] = &[
    "<textarea",
    "inner_html",
    "<script",
    "<style",
    "style=",
    "onclick=",
];
const RAW_MODULE: &str = "web/src/raw_html.rs";

#[test]
fn raw_markup_is_in_one_module() {
    for source in sources::rust(&["web/src/"]) {
        if source.path == RAW_MODULE {
            continue;
        }
        for (number, line) in source.code() {
            let raw = RAW.iter().find(|raw| line.contains(*raw));
            assert!(
                raw.is_none(),
                "{}:{number} has {raw:?}: its content is not escaped; make a component of it in {RAW_MODULE}",
                source.path
            );
        }
    }
}
