//! Tools of one upstream that clients could not tell apart.

use ostia_domain::{
    name::{ExposedNames, UpstreamName},
    tool::Tool,
};
use std::collections::{BTreeMap, BTreeSet};

/// How many are told of: who has more reads the list of tools anyway.
const TOLD: usize = 5;

/// What to tell people, if a name that clients see would mean more than one tool. Names of upstreams
/// keep those of different ones apart; within one it takes a server that lists a name twice, or two
/// long names of one hash.
pub(super) fn problem(upstream: &UpstreamName, tools: &[Tool]) -> Option<String> {
    let mut exposed: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for tool in tools {
        let name = ExposedNames::Safe.expose(upstream, &tool.name);
        exposed.entry(name).or_default().push(&tool.name);
    }
    let ambiguous: BTreeSet<&str> = exposed
        .into_values()
        .filter(|tools| tools.len() > 1)
        .flatten()
        .collect();
    if ambiguous.is_empty() {
        return None;
    }
    let told: Vec<_> = ambiguous
        .iter()
        .take(TOLD)
        .map(|name| format!("{name:?}"))
        .collect();
    let more = match ambiguous.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let told = told.join(", ");
    Some(format!(
        "clients would see more than one tool under the same name: {told}{more}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ostia_domain::tool::Tier;

    fn of(names: &[&str]) -> Option<String> {
        let tools: Vec<_> = names
            .iter()
            .map(|name| Tool {
                name: (*name).to_owned(),
                definition: "{}".to_owned(),
                tier: Tier::Read,
                asks_client: false,
            })
            .collect();
        problem(&UpstreamName::new("some").unwrap(), &tools)
    }

    #[test]
    fn tools_of_different_names_are_no_problem() {
        assert_eq!(of(&[]), None);
        assert_eq!(of(&["a.b", "a_b", "a-b", "A_B"]), None);
    }

    #[test]
    fn a_name_that_is_listed_twice_is_told_once() {
        let told = of(&["a", "b", "a"]).unwrap();
        assert!(told.ends_with(": \"a\""), "{told}");
    }

    #[test]
    fn a_name_that_another_is_shortened_to_is_told() {
        let exposed = ExposedNames::Safe.expose(&UpstreamName::new("some").unwrap(), "a.b");
        let same = exposed.strip_prefix("some__").unwrap();
        let told = of(&["a.b", same]).unwrap();
        assert!(told.contains("\"a.b\"") && told.contains(same), "{told}");
    }

    #[test]
    fn many_are_counted() {
        let names: Vec<_> = (0..9).map(|n| n.to_string()).collect();
        let twice: Vec<_> = names.iter().chain(&names).map(String::as_str).collect();
        assert!(of(&twice).unwrap().ends_with("and 4 more"));
    }
}
