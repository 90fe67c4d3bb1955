//! Comma-separated values (RFC 4180).

/// One line without its end.
pub(crate) fn line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let cells: Vec<_> = cells.into_iter().map(cell).collect();
    cells.join(",")
}

fn cell(text: &str) -> String {
    let text = harmless(text);
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

/// Clients choose what they call themselves and what they call. A spreadsheet would take these for
/// formulas, and an apostrophe in front tells it not to.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        assert_eq!(line(["a", "b c", ""]), "a,b c,");
        assert_eq!(
            line(["a,b", "say \"x\"", "1\n2"]),
            "\"a,b\",\"say \"\"x\"\"\",\"1\n2\""
        );
    }

    #[test]
    fn no_cell_is_a_formula() {
        assert_eq!(
            line(["=1+1", "-x", "@a,b", "a=b"]),
            "'=1+1,'-x,\"'@a,b\",a=b"
        );
    }
}
