//! Rules as people read them: one line each, in an order of their own, so that two sets can be compared.

use crate::components::number;
use leptos::prelude::*;
use ostia_proto::v1;
use std::collections::BTreeSet;

/// Of rules that list many tools.
const MAX_SHORT: usize = 5;

pub(crate) fn tier_said(tier: v1::Tier) -> &'static str {
    match tier {
        v1::Tier::Read => "reading",
        v1::Tier::Write => "writing, nothing destructive",
        v1::Tier::Destructive | v1::Tier::Unspecified => "everything",
    }
}

pub(super) fn in_short(rules: &v1::Rules) -> Vec<String> {
    let denied = rules.deny.iter().map(|pattern| format!("not {pattern}"));
    let mut short: Vec<_> = rules.allow.iter().cloned().chain(denied).collect();
    if short.len() > MAX_SHORT {
        let more = short.len() - (MAX_SHORT - 1);
        short.truncate(MAX_SHORT - 1);
        short.push(format!("and {more} more"));
    }
    short
}

/// No line comes twice, and the order of rules means nothing.
pub(super) fn lines(rules: &v1::Rules) -> Vec<String> {
    let mut lines = Vec::new();
    // Unset in what is only a part of rules.
    if rules.max_tier() != v1::Tier::Unspecified {
        lines.push(format!("at most {}", tier_said(rules.max_tier())));
    }
    let each = |said: &str, patterns: &[String]| -> Vec<String> {
        let patterns: BTreeSet<_> = patterns.iter().collect();
        let lines = patterns.into_iter();
        lines.map(|pattern| format!("{said} {pattern}")).collect()
    };
    lines.extend(each("upstreams", &rules.upstreams));
    lines.extend(each("allow", &rules.allow));
    lines.extend(each("deny", &rules.deny));
    let arguments: BTreeSet<_> = rules.arguments.iter().map(argument).collect();
    lines.extend(arguments);
    let constraints: BTreeSet<_> = rules.constraints.iter().map(constraint).collect();
    lines.extend(constraints);
    lines
}

fn argument(rule: &v1::ArgumentRule) -> String {
    let mut parts = Vec::new();
    if !rule.glob.is_empty() {
        parts.push(format!("like {}", rule.glob.join(" or ")));
    }
    parts.extend(rule.regex.as_ref().map(|regex| format!("matching {regex}")));
    parts.extend(rule.min.map(|min| format!("from {min}")));
    parts.extend(rule.max.map(|max| format!("to {max}")));
    if parts.is_empty() {
        parts.push("anything".to_owned());
    }
    let optional = if rule.optional { ", or left out" } else { "" };
    format!(
        "argument {} of {}: {}{optional}",
        rule.argument,
        rule.tools.join(", "),
        parts.join(", "),
    )
}

fn constraint(limit: &v1::Constraint) -> String {
    let parts = [
        limit
            .calls_per_minute
            .map(|n| format!("{n} calls a minute")),
        limit.max_results.map(|n| format!("{n} results")),
        limit
            .max_result_bytes
            .map(|n| format!("{} a result", number::bytes(n))),
        limit
            .timeout_ms
            .map(|n| number::duration(n.saturating_mul(1_000))),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    format!("limit {} to {}", limit.tools.join(", "), parts.join(", "))
}

#[component]
pub(super) fn RuleLines(of: v1::Rules) -> impl IntoView {
    let lines = lines(&of)
        .into_iter()
        .map(|line| view! { <li><code>{line}</code></li> });
    view! { <ul class="plain-list">{lines.collect_view()}</ul> }
}

#[component]
pub(super) fn Changes(of: Option<v1::RulesDifference>) -> impl IntoView {
    let Some(of) = of else {
        return view! { <span class="quiet">"Rules that cannot be read."</span> }.into_any();
    };
    let of_part = |part: Option<v1::Rules>| lines(&part.unwrap_or_default());
    let (removed, added) = (of_part(of.removed), of_part(of.added));
    if added.is_empty() && removed.is_empty() {
        return view! { <span class="quiet">"The same rules."</span> }.into_any();
    }
    let added = added.into_iter().map(|line| {
        view! { <li class="added"><ins><span class="seen-only">"Added: "</span><code>{line}</code></ins></li> }
    });
    let removed = removed.into_iter().map(|line| {
        view! { <li class="removed"><del><span class="seen-only">"Removed: "</span><code>{line}</code></del></li> }
    });
    view! {
        <ul class="changes">{removed.collect_view()}{added.collect_view()}</ul>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowing(allow: &[&str]) -> v1::Rules {
        v1::Rules {
            allow: allow.iter().map(ToString::to_string).collect(),
            ..v1::Rules::default()
        }
    }

    #[test]
    fn a_part_of_rules_has_only_its_own_lines() {
        let twice = allowing(&["b.*", "a.*", "a.*"]);
        assert_eq!(lines(&twice), ["allow a.*", "allow b.*"]);
        let mut whole = allowing(&["a.*"]);
        whole.set_max_tier(v1::Tier::Read);
        assert_eq!(lines(&whole), ["at most reading", "allow a.*"]);
    }
}
