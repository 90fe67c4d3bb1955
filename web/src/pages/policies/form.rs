//! Rules as a form, and back.

use crate::components::{
    form::{AreaField, Choice, Posted, SelectField},
    rows::{self, RowField, Rows, words},
};
use leptos::prelude::*;
use ostia_domain::policy::{ArgumentRule, Constraint};
use ostia_proto::v1;

const ARGUMENTS: &str = "arguments";
const CONSTRAINTS: &str = "constraints";
const TIERS: [(&str, &str); 3] = [
    (
        "read",
        "Reading: tools that their upstream says change nothing",
    ),
    ("write", "Writing, but nothing destructive"),
    (
        "destructive",
        "Everything, tools without annotations included",
    ),
];

pub(super) fn of(rules: &v1::Rules) -> Posted {
    let mut posted = Posted::default();
    posted.push("upstreams", rules.upstreams.join("\n"));
    posted.push("allow", rules.allow.join("\n"));
    posted.push("deny", rules.deny.join("\n"));
    let tier = match rules.max_tier() {
        v1::Tier::Read => "read",
        v1::Tier::Write => "write",
        v1::Tier::Destructive | v1::Tier::Unspecified => "destructive",
    };
    posted.push("max_tier", tier);
    rows::push_count(&mut posted, ARGUMENTS, rules.arguments.len());
    for (row, rule) in rules.arguments.iter().enumerate() {
        let bound = |bound: Option<f64>| bound.map(|bound| bound.to_string()).unwrap_or_default();
        let fields = [
            ("tools", rule.tools.join(" ")),
            ("argument", rule.argument.clone()),
            ("glob", rule.glob.join(" ")),
            ("regex", rule.regex.clone().unwrap_or_default()),
            ("min", bound(rule.min)),
            ("max", bound(rule.max)),
            ("optional", rule.optional.to_string()),
        ];
        for (member, value) in fields {
            posted.push(&rows::name(ARGUMENTS, row, member), value);
        }
    }
    rows::push_count(&mut posted, CONSTRAINTS, rules.constraints.len());
    for (row, limit) in rules.constraints.iter().enumerate() {
        let number = |number: Option<u64>| number.map(|n| n.to_string()).unwrap_or_default();
        let fields = [
            ("tools", limit.tools.join(" ")),
            (
                "calls_per_minute",
                number(limit.calls_per_minute.map(u64::from)),
            ),
            ("max_results", number(limit.max_results.map(u64::from))),
            ("max_result_bytes", number(limit.max_result_bytes)),
            ("timeout_ms", number(limit.timeout_ms)),
        ];
        for (member, value) in fields {
            posted.push(&rows::name(CONSTRAINTS, row, member), value);
        }
    }
    posted
}

/// What the form says. What is wrong about a row is in `posted`, with the row's number; the rest is control's
/// to refuse.
pub(super) fn rules(posted: &mut Posted) -> v1::Rules {
    let tier = match posted.get("max_tier") {
        "read" => v1::Tier::Read,
        "write" => v1::Tier::Write,
        _ => v1::Tier::Destructive,
    };
    v1::Rules {
        upstreams: posted.lines("upstreams"),
        allow: posted.lines("allow"),
        deny: posted.lines("deny"),
        max_tier: tier.into(),
        arguments: arguments(posted),
        constraints: constraints(posted),
        ..v1::Rules::default()
    }
}

/// One row of a group, whose fields are read one by one.
struct Row<'a> {
    posted: &'a mut Posted,
    group: &'static str,
    at: usize,
}

impl Row<'_> {
    fn text(&self, member: &str) -> String {
        let name = rows::name(self.group, self.at, member);
        self.posted.get(&name).to_owned()
    }

    fn refuse(&mut self, problem: &str) {
        let problem = format!("row {}: {problem}", self.at + 1);
        self.posted.refuse(self.group, problem);
    }

    fn number<N: std::str::FromStr>(&mut self, member: &str) -> Option<N> {
        let text = self.text(member);
        let number = text.parse().ok();
        if number.is_none() && !text.is_empty() {
            self.refuse(&format!("{text:?} is not a number that can be used here"));
        }
        number
    }

    fn some(&self, member: &str) -> Option<String> {
        Some(self.text(member)).filter(|text| !text.is_empty())
    }

    fn is_empty(&self, members: &[&str]) -> bool {
        members.iter().all(|member| self.text(member).is_empty())
    }
}

fn each<R>(
    posted: &mut Posted,
    group: &'static str,
    mut read: impl FnMut(&mut Row<'_>) -> Option<R>,
) -> Vec<R> {
    let rows = 0..rows::count(posted, group);
    rows.filter_map(|at| read(&mut Row { posted, group, at }))
        .collect()
}

fn arguments(posted: &mut Posted) -> Vec<v1::ArgumentRule> {
    let members = ["tools", "argument", "glob", "regex", "min", "max"];
    each(posted, ARGUMENTS, |row| {
        if row.is_empty(&members) {
            return None;
        }
        let rule = v1::ArgumentRule {
            tools: words(&row.text("tools")),
            argument: row.text("argument"),
            optional: row.text("optional") == "true",
            glob: words(&row.text("glob")),
            regex: row.some("regex"),
            min: row.number("min"),
            max: row.number("max"),
        };
        if let Err(error) = ArgumentRule::try_from(rule.clone()) {
            row.refuse(&error.problem);
        }
        Some(rule)
    })
}

fn constraints(posted: &mut Posted) -> Vec<v1::Constraint> {
    let members = [
        "tools",
        "calls_per_minute",
        "max_results",
        "max_result_bytes",
        "timeout_ms",
    ];
    each(posted, CONSTRAINTS, |row| {
        if row.is_empty(&members) {
            return None;
        }
        let limit = v1::Constraint {
            tools: words(&row.text("tools")),
            calls_per_minute: row.number("calls_per_minute"),
            max_results: row.number("max_results"),
            max_result_bytes: row.number("max_result_bytes"),
            timeout_ms: row.number("timeout_ms"),
        };
        if let Err(error) = Constraint::try_from(limit.clone()) {
            row.refuse(&error.problem);
        }
        Some(limit)
    })
}

#[component]
pub(super) fn RuleFields(posted: Posted) -> impl IntoView {
    let tiers = TIERS.map(|(value, said)| (value.to_owned(), said.to_owned()));
    view! {
        <AreaField
            posted=posted.clone()
            name="upstreams"
            label="Upstreams that are seen"
            hint="Names, one on a line; * is any run of characters. Without any, nothing is seen."
            rows=3
        />
        <AreaField
            posted=posted.clone()
            name="allow"
            label="Tools that are allowed"
            hint="As upstream.tool, one on a line: github.get_*"
        />
        <AreaField
            posted=posted.clone()
            name="deny"
            label="Tools that are denied"
            hint="A match is final, in whatever policy of the caller it stands."
            rows=3
        />
        <SelectField posted=posted.clone() name="max_tier" label="At most" options=tiers.to_vec()/>
        <Rows
            posted=posted.clone()
            group=ARGUMENTS
            legend="What arguments must be"
            hint="A text like one of the patterns, or matching the expression as a whole; or a number between bounds. A row without anything is left out; to add more than one, save in between."
            row=argument_row
        />
        <Rows
            posted=posted
            group=CONSTRAINTS
            legend="Limits"
            hint="Of all policies that bind a caller the tightest holds."
            row=constraint_row
        />
    }
}

fn argument_row(posted: Posted, row: usize) -> AnyView {
    let name = rows::name(ARGUMENTS, row, "optional");
    let optional = posted.get(&name) == "true";
    view! {
        <div class="record">
            <RowField posted=posted.clone() group=ARGUMENTS row=row member="tools" label="Tools" placeholder="github.get_*"/>
            <RowField posted=posted.clone() group=ARGUMENTS row=row member="argument" label="Argument" placeholder="/owner"/>
            <RowField posted=posted.clone() group=ARGUMENTS row=row member="glob" label="Patterns" placeholder="acme-*"/>
            <RowField posted=posted.clone() group=ARGUMENTS row=row member="regex" label="Expression"/>
            <RowField posted=posted.clone() group=ARGUMENTS row=row member="min" label="At least"/>
            <RowField posted=posted group=ARGUMENTS row=row member="max" label="At most"/>
            <Choice kind="checkbox" name=name value="true" label="May be left out" checked=optional/>
        </div>
    }
    .into_any()
}

fn constraint_row(posted: Posted, row: usize) -> AnyView {
    view! {
        <div class="record">
            <RowField posted=posted.clone() group=CONSTRAINTS row=row member="tools" label="Tools" placeholder="github.*"/>
            <RowField posted=posted.clone() group=CONSTRAINTS row=row member="calls_per_minute" label="Calls a minute"/>
            <RowField posted=posted.clone() group=CONSTRAINTS row=row member="max_results" label="Results"/>
            <RowField posted=posted.clone() group=CONSTRAINTS row=row member="max_result_bytes" label="Bytes of a result"/>
            <RowField posted=posted group=CONSTRAINTS row=row member="timeout_ms" label="Milliseconds"/>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_come_back_from_their_form_as_they_were() {
        let before = v1::Rules {
            upstreams: vec!["github".to_owned(), "mail-*".to_owned()],
            allow: vec!["github.get_*".to_owned()],
            deny: vec!["*.delete_*".to_owned()],
            max_tier: v1::Tier::Write.into(),
            arguments: vec![v1::ArgumentRule {
                tools: vec!["github.*".to_owned(), "mail-a.*".to_owned()],
                argument: "/owner".to_owned(),
                optional: true,
                glob: vec!["acme-*".to_owned(), "acme".to_owned()],
                ..v1::ArgumentRule::default()
            }],
            constraints: vec![v1::Constraint {
                tools: vec!["*".to_owned()],
                calls_per_minute: Some(5),
                timeout_ms: Some(1_500),
                ..v1::Constraint::default()
            }],
            ..v1::Rules::default()
        };
        let mut posted = of(&before);
        assert_eq!(rules(&mut posted), before);
        assert!(!posted.is_refused());
    }

    #[test]
    fn what_is_wrong_says_in_which_row() {
        let mut posted = Posted::default();
        rows::push_count(&mut posted, CONSTRAINTS, 2);
        posted.push("constraints-1-tools", "*");
        posted.push("constraints-1-timeout_ms", "soon");
        rules(&mut posted);
        let problem = posted.problem(CONSTRAINTS).unwrap();
        assert!(problem.starts_with("row 2: \"soon\""), "{problem}");
    }
}
