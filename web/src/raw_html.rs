//! The elements whose content the renderer does not escape, or that carry code. Nothing else may use them.

use leptos::prelude::*;

/// A field for text of several lines.
#[allow(
    clippy::needless_pass_by_value,
    reason = "as every component it owns what it is given"
)]
#[component]
pub(crate) fn TextArea(
    id: String,
    name: String,
    value: String,
    rows: u8,
    /// Ids of what describes it.
    described_by: Option<String>,
    invalid: bool,
) -> impl IntoView {
    // The renderer would let `</textarea>` out of its place. A first line break is eaten by browsers.
    let escaped = format!("\n{}", escape(&value));
    view! {
        <textarea
            id=id
            name=name
            rows=rows.to_string()
            spellcheck="false"
            autocomplete="off"
            aria-describedby=described_by
            aria-invalid=invalid.then_some("true")
            inner_html=escaped
        ></textarea>
    }
}

/// One of our own files; an inline script is nowhere allowed.
#[component]
pub(crate) fn Script(src: &'static str) -> impl IntoView {
    view! { <script src=src defer=true></script> }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // No text has it, and no document may.
            '\0' => {}
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_a_text_area() {
        let hostile = "</textarea><script>alert(1)</script>&lt;";
        let owner = Owner::new_root(None);
        let html = owner.with(|| {
            view! {
                <TextArea
                    id="x".to_owned()
                    name="x".to_owned()
                    value=hostile.to_owned()
                    rows=3
                    described_by=None
                    invalid=false
                />
            }
            .to_html()
        });
        assert_eq!(html.matches("</textarea>").count(), 1, "{html}");
        assert!(!html.contains("<script"), "{html}");
        assert!(html.contains("&amp;lt;"), "{html}");
    }
}
