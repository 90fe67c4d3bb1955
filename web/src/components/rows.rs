//! Fields that a form has several times: one row for each thing of a list, and an empty one to add another.

use super::form::Posted;
use leptos::prelude::*;

/// More than anybody writes down in a form.
const MAX_ROWS: usize = 200;

pub(crate) fn name(group: &str, row: usize, member: &str) -> String {
    format!("{group}-{row}-{member}")
}

/// How many rows the form has.
pub(crate) fn count(posted: &Posted, group: &str) -> usize {
    let count = posted.get(&format!("{group}-rows"));
    count.parse().unwrap_or(0).min(MAX_ROWS)
}

/// Says how many rows there are when the form is not one that was sent.
pub(crate) fn push_count(posted: &mut Posted, group: &str, rows: usize) {
    posted.push(&format!("{group}-rows"), rows.to_string());
}

/// Words between white space and commas.
pub(crate) fn words(text: &str) -> Vec<String> {
    let words = text.split(|between: char| between == ',' || between.is_whitespace());
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// All rows of a group, the empty one included. What was wrong about any stands at its end.
#[component]
pub(crate) fn Rows(
    posted: Posted,
    group: &'static str,
    #[prop(into)] legend: String,
    #[prop(into)] hint: String,
    /// One row: its number.
    row: fn(Posted, usize) -> AnyView,
) -> impl IntoView {
    let problem = posted.problem(group);
    let hint_id = format!("hint-{group}");
    let described = match &problem {
        Some(_) => format!("{hint_id} problem-{group}"),
        None => hint_id.clone(),
    };
    // One more than was sent with something in it.
    let filled = count(&posted, group);
    let rows = (filled + 1).min(MAX_ROWS);
    let each = (0..rows).map(|at| row(posted.clone(), at));
    let each = each.collect_view();
    view! {
        <fieldset id=format!("field-{group}") aria-describedby=described>
            <legend>{legend}</legend>
            <span class="hint" id=hint_id>{hint}</span>
            <input type="hidden" name=format!("{group}-rows") value=rows.to_string()/>
            {each}
            {problem
                .map(|problem| {
                    view! { <span class="problem" id=format!("problem-{group}")>{problem}</span> }
                })}
        </fieldset>
    }
}

#[component]
pub(crate) fn RowField(
    posted: Posted,
    group: &'static str,
    row: usize,
    member: &'static str,
    label: &'static str,
    #[prop(into, default = String::new())] placeholder: String,
) -> impl IntoView {
    let name = name(group, row, member);
    let value = posted.get(&name).to_owned();
    view! {
        <div class="field">
            <label for=format!("field-{name}")>{label}</label>
            <input
                id=format!("field-{name}")
                name=name
                type="text"
                value=value
                placeholder=placeholder
                autocomplete="off"
            />
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_that_was_made_up_is_bounded() {
        let fields = vec![("a-rows".to_owned(), "999999999".to_owned())];
        assert_eq!(count(&Posted::new(fields), "a"), MAX_ROWS);
        assert_eq!(count(&Posted::default(), "a"), 0);
    }
}
