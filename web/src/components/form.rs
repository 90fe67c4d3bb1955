//! Fields of forms, each with what was wrong about it beside it.

use crate::raw_html::TextArea;
use leptos::prelude::*;

/// What a form had and what was wrong with it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Posted {
    fields: Vec<(String, String)>,
    /// By name of the field; about the whole form under no name.
    problems: Vec<(String, String)>,
}

impl Posted {
    pub(crate) fn new(fields: Vec<(String, String)>) -> Self {
        Self {
            fields,
            problems: Vec::new(),
        }
    }

    /// Empty where the form had no such field.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// With the spaces around it.
    pub(crate) fn raw(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let of_name = self.fields.iter().filter(move |(field, _)| field == name);
        of_name.map(|(_, value)| value.as_str())
    }

    pub(crate) fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|found| found == value)
    }

    pub(crate) fn push(&mut self, name: &str, value: impl Into<String>) {
        self.fields.push((name.to_owned(), value.into()));
    }

    /// In place of what was typed.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.fields.retain(|(field, _)| field != name);
        self.push(name, value);
    }

    pub(crate) fn refuse(&mut self, name: &str, problem: impl Into<String>) {
        self.problems.push((name.to_owned(), problem.into()));
    }

    pub(crate) fn problem(&self, name: &str) -> Option<String> {
        let mut of_name = self.problems.iter().filter(|(field, _)| field == name);
        of_name.next().map(|(_, problem)| problem.clone())
    }

    /// By name of the field, in the order in which they were found.
    pub(crate) fn problems(&self) -> &[(String, String)] {
        &self.problems
    }

    pub(crate) fn is_refused(&self) -> bool {
        !self.problems.is_empty()
    }

    /// Lines that have something on them.
    pub(crate) fn lines(&self, name: &str) -> Vec<String> {
        let lines = self.get(name).lines().map(str::trim);
        lines
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// A number, or nothing where the field was left empty; what is no number is refused.
    pub(crate) fn number<N: std::str::FromStr>(&mut self, name: &str) -> Option<N> {
        let text = self.get(name).to_owned();
        if text.is_empty() {
            return None;
        }
        let number = text.parse().ok();
        if number.is_none() {
            self.refuse(name, "is not a number that can be used here");
        }
        number
    }
}

/// What was wrong, with a way to each field.
#[component]
pub(crate) fn Problems(posted: Posted) -> impl IntoView {
    if !posted.is_refused() {
        return ().into_any();
    }
    let problems = posted.problems.into_iter().map(|(field, problem)| {
        if field.is_empty() {
            return view! { <li>{problem}</li> }.into_any();
        }
        let said = format!("{}: {problem}", field.replace('_', " "));
        view! { <li><a href=format!("#field-{field}")>{said}</a></li> }.into_any()
    });
    view! {
        <div class="notice bad" role="alert">
            <strong>"Nothing was changed."</strong>
            <ul>{problems.collect_view()}</ul>
        </div>
    }
    .into_any()
}

/// Ids of what is said about a field.
fn described_by(name: &str, hint: &str, problem: Option<&String>) -> Option<String> {
    let hint = (!hint.is_empty()).then(|| format!("hint-{name}"));
    let problem = problem.map(|_| format!("problem-{name}"));
    let ids: Vec<_> = hint.into_iter().chain(problem).collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}

/// A label above, and below what helps and what was wrong.
#[component]
fn Around(
    name: &'static str,
    label: String,
    hint: String,
    problem: Option<String>,
    children: Children,
) -> impl IntoView {
    view! {
        <div class="field">
            <label for=format!("field-{name}")>{label}</label>
            {(!hint.is_empty())
                .then(|| view! { <span class="hint" id=format!("hint-{name}")>{hint}</span> })}
            {children()}
            {problem
                .map(|problem| {
                    view! { <span class="problem" id=format!("problem-{name}")>{problem}</span> }
                })}
        </div>
    }
}

#[component]
pub(crate) fn TextField(
    posted: Posted,
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(into, default = String::new())] hint: String,
    #[prop(default = "text")] kind: &'static str,
    #[prop(optional)] required: bool,
    #[prop(into, default = String::new())] placeholder: String,
) -> impl IntoView {
    let problem = posted.problem(name);
    let described = described_by(name, &hint, problem.as_ref());
    let invalid = problem.is_some().then_some("true");
    let value = posted.get(name).to_owned();
    view! {
        <Around name=name label=label hint=hint problem=problem>
            <input
                id=format!("field-{name}")
                name=name
                type=kind
                value=value
                required=required
                placeholder=placeholder
                autocomplete="off"
                aria-describedby=described
                aria-invalid=invalid
            />
        </Around>
    }
}

/// What is typed and never shown, not even where the form comes back with something wrong about it.
#[component]
pub(crate) fn SecretField(#[prop(into)] name: String, label: &'static str) -> impl IntoView {
    view! {
        <div class="field">
            <label for=format!("field-{name}")>{label}</label>
            <input id=format!("field-{name}") name=name type="password" autocomplete="new-password"/>
        </div>
    }
}

#[component]
pub(crate) fn AreaField(
    posted: Posted,
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(into, default = String::new())] hint: String,
    #[prop(default = 4)] rows: u8,
) -> impl IntoView {
    let problem = posted.problem(name);
    let described = described_by(name, &hint, problem.as_ref());
    let invalid = problem.is_some();
    let value = posted.get(name).to_owned();
    view! {
        <Around name=name label=label hint=hint problem=problem>
            <TextArea
                id=format!("field-{name}")
                name=name.to_owned()
                value=value
                rows=rows
                described_by=described
                invalid=invalid
            />
        </Around>
    }
}

#[component]
pub(crate) fn SelectField(
    posted: Posted,
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(into, default = String::new())] hint: String,
    /// Value and what is said for it.
    options: Vec<(String, String)>,
) -> impl IntoView {
    let problem = posted.problem(name);
    let described = described_by(name, &hint, problem.as_ref());
    let invalid = problem.is_some().then_some("true");
    let chosen = posted.get(name).to_owned();
    let options = options.into_iter().map(move |(value, said)| {
        let selected = value == chosen;
        view! { <option value=value selected=selected>{said}</option> }
    });
    let options = options.collect_view();
    view! {
        <Around name=name label=label hint=hint problem=problem>
            <select
                id=format!("field-{name}")
                name=name
                aria-describedby=described
                aria-invalid=invalid
            >
                {options}
            </select>
        </Around>
    }
}

/// One of several things to tick or to choose from; `kind` is `checkbox` or `radio`.
#[component]
pub(crate) fn Choice(
    kind: &'static str,
    #[prop(into)] name: String,
    #[prop(into)] value: String,
    #[prop(into)] label: String,
    #[prop(into, default = String::new())] hint: String,
    checked: bool,
) -> impl IntoView {
    view! {
        <label class="choice">
            <input type=kind name=name value=value checked=checked/>
            <span>
                {label}
                {(!hint.is_empty()).then(|| view! { <span class="hint">{hint}</span> })}
            </span>
        </label>
    }
}

/// Choices of one question.
#[component]
pub(crate) fn Choices(
    posted: Posted,
    name: &'static str,
    #[prop(into)] legend: String,
    #[prop(into, default = String::new())] hint: String,
    children: Children,
) -> impl IntoView {
    let problem = posted.problem(name);
    let described = described_by(name, &hint, problem.as_ref());
    view! {
        <fieldset id=format!("field-{name}") aria-describedby=described>
            <legend>{legend}</legend>
            {(!hint.is_empty())
                .then(|| view! { <span class="hint" id=format!("hint-{name}")>{hint}</span> })}
            <div class="choices">{children()}</div>
            {problem
                .map(|problem| {
                    view! { <span class="problem" id=format!("problem-{name}")>{problem}</span> }
                })}
        </fieldset>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_refused_and_what_is_empty_is_none() {
        let fields = [("a", "12"), ("b", ""), ("c", "many"), ("d", "-1")];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut posted = Posted::new(fields.to_vec());
        assert_eq!(posted.number::<u32>("a"), Some(12));
        assert_eq!(posted.number::<u32>("b"), None);
        assert!(!posted.is_refused());
        assert_eq!(posted.number::<u32>("c"), None);
        assert_eq!(posted.number::<u32>("d"), None);
        assert!(posted.problem("c").is_some() && posted.problem("d").is_some());
    }
}
