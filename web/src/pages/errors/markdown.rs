//! As much of Markdown as the pages of errors use: headings, tables, lists and paragraphs; in them code, strong
//! and emphasised text, and links to each other.

use leptos::prelude::*;

#[derive(Debug, PartialEq)]
enum Block<'a> {
    Heading(&'a str),
    /// Without a heading: its first row has none to say.
    Table(Vec<Vec<&'a str>>),
    List(Vec<String>),
    Paragraph(String),
}

#[derive(Debug, PartialEq)]
enum Span<'a> {
    Text(&'a str),
    Code(&'a str),
    Strong(&'a str),
    Emphasis(&'a str),
    Link { text: &'a str, to: &'a str },
}

/// All but the title.
#[component]
pub(super) fn Markdown(text: &'static str) -> impl IntoView {
    blocks(text).into_iter().map(block).collect_view()
}

fn block(block: Block<'_>) -> AnyView {
    match block {
        Block::Heading(text) => view! { <h2>{line(text)}</h2> }.into_any(),
        Block::Paragraph(text) => view! { <p>{line(&text)}</p> }.into_any(),
        Block::List(items) => {
            let item = |item: String| view! { <li>{line(&item)}</li> };
            view! { <ul>{items.into_iter().map(item).collect_view()}</ul> }.into_any()
        }
        Block::Table(rows) => {
            let row = |row: Vec<&str>| {
                let cells = row.into_iter().map(|cell| view! { <td>{line(cell)}</td> });
                view! { <tr>{cells.collect_view()}</tr> }
            };
            view! { <table><tbody>{rows.into_iter().map(row).collect_view()}</tbody></table> }
                .into_any()
        }
    }
}

fn line(text: &str) -> Vec<AnyView> {
    spans(text).into_iter().map(span).collect()
}

fn span(span: Span<'_>) -> AnyView {
    match span {
        Span::Text(text) => text.to_owned().into_any(),
        Span::Code(text) => view! { <code>{text.to_owned()}</code> }.into_any(),
        Span::Strong(text) => view! { <strong>{text.to_owned()}</strong> }.into_any(),
        Span::Emphasis(text) => view! { <em>{text.to_owned()}</em> }.into_any(),
        Span::Link { text, to } => {
            let text = text.to_owned();
            // Only these pages are served.
            match to.strip_suffix(".md").filter(|to| !to.contains('/')) {
                Some(code) => {
                    let address = format!("/docs/errors/{code}");
                    view! { <a href=address>{text}</a> }.into_any()
                }
                None => text.into_any(),
            }
        }
    }
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let chunks = text.split("\n\n").map(str::trim);
    let chunks = chunks.filter(|chunk| !chunk.is_empty() && !chunk.starts_with("# "));
    chunks.map(read).collect()
}

fn read(chunk: &str) -> Block<'_> {
    if let Some(heading) = chunk.strip_prefix("## ") {
        return Block::Heading(heading);
    }
    if chunk.starts_with('|') {
        // The heading and the line below it.
        let rows = chunk.lines().skip(2);
        return Block::Table(rows.map(cells_of).collect());
    }
    if let Some(items) = chunk.strip_prefix("- ") {
        return Block::List(items.split("\n- ").map(joined).collect());
    }
    Block::Paragraph(joined(chunk))
}

fn cells_of(row: &str) -> Vec<&str> {
    row.trim_matches('|').split('|').map(str::trim).collect()
}

/// Its lines as one.
fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn spans(mut text: &str) -> Vec<Span<'_>> {
    let mut spans = Vec::new();
    while !text.is_empty() {
        let Some(at) = text.find(['`', '*', '[']) else {
            spans.push(Span::Text(text));
            break;
        };
        let (before, marked) = text.split_at(at);
        if !before.is_empty() {
            spans.push(Span::Text(before));
        }
        let (span, rest) = marked_span(marked).unwrap_or_else(|| {
            // A mark without its other half is itself; all are of one byte.
            let (mark, rest) = marked.split_at(1);
            (Span::Text(mark), rest)
        });
        spans.push(span);
        text = rest;
    }
    spans
}

fn marked_span(text: &str) -> Option<(Span<'_>, &str)> {
    let between = |mark: &str| text.strip_prefix(mark)?.split_once(mark);
    if text.starts_with('[') {
        let (label, rest) = text.strip_prefix('[')?.split_once("](")?;
        let (to, rest) = rest.split_once(')')?;
        return Some((Span::Link { text: label, to }, rest));
    }
    if let Some((code, rest)) = between("`") {
        return Some((Span::Code(code), rest));
    }
    if let Some((strong, rest)) = between("**") {
        return Some((Span::Strong(strong), rest));
    }
    let (emphasis, rest) = between("*")?;
    Some((Span::Emphasis(emphasis), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ostia_domain::code::Code;

    #[test]
    fn a_page_is_read_as_it_is_meant() {
        let text = "# title\n\nOne `a*b`\nand **two**.\n\n| A | |\n|---|---|\n| REST | 401, `x` |\n\n- see\n  [it](it.md)\n- *that*\n";
        let read = blocks(text);
        assert_eq!(
            read,
            [
                Block::Paragraph("One `a*b` and **two**.".to_owned()),
                Block::Table(vec![vec!["REST", "401, `x`"]]),
                Block::List(vec!["see [it](it.md)".to_owned(), "*that*".to_owned()]),
            ]
        );
        let Block::Paragraph(paragraph) = &read[0] else {
            unreachable!("compared above")
        };
        assert_eq!(
            spans(paragraph),
            [
                Span::Text("One "),
                Span::Code("a*b"),
                Span::Text(" and "),
                Span::Strong("two"),
                Span::Text("."),
            ]
        );
        assert_eq!(
            spans("see [it](it.md) *that* 2 * 3"),
            [
                Span::Text("see "),
                Span::Link {
                    text: "it",
                    to: "it.md"
                },
                Span::Text(" "),
                Span::Emphasis("that"),
                Span::Text(" 2 "),
                Span::Text("*"),
                Span::Text(" 3"),
            ]
        );
    }

    /// Marks that are left over would be seen by readers.
    #[test]
    fn every_page_is_read_whole() {
        for code in Code::ALL {
            for block in blocks(code.page()) {
                let lines = match block {
                    Block::Heading(text) => vec![text.to_owned()],
                    Block::Paragraph(text) => vec![text],
                    Block::List(items) => items,
                    Block::Table(rows) => rows.concat().into_iter().map(str::to_owned).collect(),
                };
                for line in lines {
                    for span in spans(&line) {
                        if let Span::Text(text) = span {
                            let left = text.contains("](") || text.contains(['`', '*', '|', '#']);
                            assert!(!left, "{code:?}: {text:?} in {line:?}");
                        }
                    }
                }
            }
        }
    }
}
