//! What a key is held to, as a form: out of a key and into a request. [`super::held`] shows it.
//!
//! Only what the owner has is offered; control decides whether it may be given.

use crate::{components::form::Posted, visitor::Visitor};
use ostia_proto::{status::field_of, v1};
use std::collections::BTreeSet;
use tonic::{Code, Status};

/// Of `scope`: everything the owner may use, what is picked, or rules that this form cannot show.
pub(super) const ALL: &str = "all";
pub(super) const PICKED: &str = "picked";
pub(super) const KEEP: &str = "keep";

/// What can be chosen from.
#[derive(Clone, Debug, Default)]
pub(super) struct Offer {
    pub(super) policies: Vec<String>,
    pub(super) upstreams: Vec<v1::AccessibleUpstream>,
    /// Rules that were made elsewhere and say more than this form can, as JSON.
    pub(super) foreign_rules: Option<String>,
}

pub(super) async fn offer(visitor: &Visitor, owner: &str) -> Result<Offer, Status> {
    let access = visitor.access_by_name(owner).await?;
    let policies = if access.unlimited {
        let request = v1::ListPoliciesRequest {};
        let all = visitor
            .control
            .policies()
            .list_policies(request)
            .await?
            .into_inner();
        all.policies.into_iter().map(|policy| policy.name).collect()
    } else {
        access.policies
    };
    Ok(Offer {
        policies,
        upstreams: access.upstreams,
        foreign_rules: None,
    })
}

/// A new key is held to nothing but its owner's own bounds.
pub(super) fn fresh() -> Posted {
    let mut posted = Posted::default();
    posted.push("scope", ALL);
    posted.push("expires", "90");
    posted.push("mode", "live");
    posted
}

pub(super) fn of(key: &v1::Key) -> Posted {
    let mut posted = Posted::default();
    posted.push("name", &key.name);
    for policy in &key.policies {
        posted.push("policy", policy);
    }
    let held = key.restrictions.clone().unwrap_or_default();
    match &held.rules {
        None => posted.push("scope", ALL),
        Some(rules) if is_foreign(rules) => posted.push("scope", KEEP),
        Some(rules) => {
            posted.push("tier", tier_name(rules.max_tier()));
            if rules.allow == ["*"] {
                posted.push("scope", ALL);
            } else {
                posted.push("scope", PICKED);
                for pattern in &rules.allow {
                    posted.push("tool", pattern);
                }
            }
        }
    }
    posted.push("networks", held.networks.join("\n"));
    posted.push("window", held.window.unwrap_or_default());
    let limits = held.limits.unwrap_or_default();
    let mut push = |name: &str, number: Option<u64>| {
        posted.push(
            name,
            number.map(|number| number.to_string()).unwrap_or_default(),
        );
    };
    push("calls_per_minute", limits.calls_per_minute.map(u64::from));
    push("burst", limits.burst.map(u64::from));
    push("max_in_flight", limits.max_in_flight.map(u64::from));
    push("calls_per_day", limits.calls_per_day);
    push("calls_per_month", limits.calls_per_month);
    posted
}

/// Whether these rules say what the form has no words for.
pub(super) fn is_foreign(rules: &v1::Rules) -> bool {
    if !(rules.deny.is_empty() && rules.arguments.is_empty() && rules.constraints.is_empty()) {
        return true;
    }
    let everything = rules.allow == ["*"] && rules.upstreams == ["*"];
    let mut wanted: Vec<_> = rules.upstreams.clone();
    wanted.sort_unstable();
    let exact = |pattern: &String| !pattern.trim_end_matches(".*").contains(['*', '?']);
    let picked = rules.allow.iter().all(exact) && upstreams_of(&rules.allow) == wanted;
    !everything && !picked
}

/// Upstreams of `<upstream>.<tool>`, each once, in order.
fn upstreams_of(tools: &[String]) -> Vec<String> {
    let upstreams = tools.iter().filter_map(|tool| tool.split_once('.'));
    let upstreams: BTreeSet<_> = upstreams.map(|(upstream, _)| upstream.to_owned()).collect();
    upstreams.into_iter().collect()
}

/// What the form says, with what is already wrong about it in `posted`. `before` are the rules there are.
pub(super) fn restrictions(posted: &mut Posted, before: Option<&v1::Rules>) -> v1::KeyRestrictions {
    let limits = v1::Limits {
        calls_per_minute: posted.number("calls_per_minute"),
        burst: posted.number("burst"),
        max_in_flight: posted.number("max_in_flight"),
        calls_per_day: posted.number("calls_per_day"),
        calls_per_month: posted.number("calls_per_month"),
    };
    let window = posted.get("window");
    v1::KeyRestrictions {
        rules: rules(posted, before),
        limits: Some(limits),
        networks: posted.lines("networks"),
        window: (!window.is_empty()).then(|| window.to_owned()),
    }
}

fn rules(posted: &Posted, before: Option<&v1::Rules>) -> Option<v1::Rules> {
    let tier = match posted.get("tier") {
        "read" => v1::Tier::Read,
        "write" => v1::Tier::Write,
        _ => v1::Tier::Destructive,
    };
    let everything = || vec!["*".to_owned()];
    let (upstreams, allow) = match posted.get("scope") {
        KEEP => return before.cloned(),
        PICKED => {
            let allow: Vec<_> = posted.all("tool").map(str::to_owned).collect();
            (upstreams_of(&allow), allow)
        }
        // Policies say enough, and a key without any has all that its owner may.
        _ if tier == v1::Tier::Destructive && posted.all("policy").next().is_some() => {
            return None;
        }
        _ => (everything(), everything()),
    };
    Some(v1::Rules {
        upstreams,
        allow,
        max_tier: tier.into(),
        ..v1::Rules::default()
    })
}

/// Seconds from now and whether never, as requests have it.
pub(super) fn expiry(posted: &mut Posted) -> (Option<u64>, bool) {
    match posted.get("expires") {
        "never" => (None, true),
        "" | "keep" => (None, false),
        days => {
            let seconds = days
                .parse()
                .ok()
                .and_then(|days: u64| days.checked_mul(86_400));
            if seconds.is_none() {
                posted.refuse("expires", "is no number of days");
            }
            (seconds, false)
        }
    }
}

/// Puts what control refused beside its field. `Err`: it is not about what was typed.
pub(super) fn refuse(posted: &mut Posted, status: Status) -> Result<(), Status> {
    let field = match status.code() {
        Code::AlreadyExists => "name",
        // A policy that is not this owner's.
        Code::NotFound => "policy",
        Code::InvalidArgument => field_of(&status).map_or("", on_the_page),
        Code::FailedPrecondition => "",
        _ => return Err(status),
    };
    let said = status.message();
    let named = field_of(&status).and_then(|field| said.strip_prefix(field)?.strip_prefix(": "));
    posted.refuse(field, named.unwrap_or(said));
    Ok(())
}

fn on_the_page(field: &str) -> &'static str {
    let last = field.rsplit('.').next().unwrap_or(field);
    match last {
        "name" => "name",
        "policies" => "policy",
        "expires_in_seconds" | "never_expires" => "expires",
        "networks" => "networks",
        "window" => "window",
        "burst" => "burst",
        "max_in_flight" => "max_in_flight",
        "calls_per_day" => "calls_per_day",
        "calls_per_month" => "calls_per_month",
        "calls_per_minute" | "limits" => "calls_per_minute",
        _ if field.starts_with("rules") => "scope",
        _ => "",
    }
}

fn tier_name(tier: v1::Tier) -> &'static str {
    match tier {
        v1::Tier::Read => "read",
        v1::Tier::Write => "write",
        v1::Tier::Destructive | v1::Tier::Unspecified => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(upstreams: &[&str], allow: &[&str]) -> v1::Rules {
        v1::Rules {
            upstreams: upstreams.iter().map(ToString::to_string).collect(),
            allow: allow.iter().map(ToString::to_string).collect(),
            max_tier: v1::Tier::Read.into(),
            ..v1::Rules::default()
        }
    }

    fn key(rules: v1::Rules) -> v1::Key {
        v1::Key {
            restrictions: Some(v1::KeyRestrictions {
                rules: Some(rules),
                ..v1::KeyRestrictions::default()
            }),
            ..v1::Key::default()
        }
    }

    #[test]
    fn rules_come_out_of_the_form_as_they_went_in() {
        for rules in [
            rules(&["*"], &["*"]),
            rules(&["a", "b"], &["b.x", "a.*"]),
            rules(&["a"], &["a.one.two"]),
        ] {
            assert!(!is_foreign(&rules), "{rules:?}");
            let mut posted = of(&key(rules.clone()));
            assert_eq!(restrictions(&mut posted, None).rules, Some(rules));
        }
    }

    #[test]
    fn what_the_form_cannot_say_is_kept() {
        let mut denies = rules(&["*"], &["*"]);
        denies.deny = vec!["a.b".to_owned()];
        for rules in [
            denies,
            rules(&["*"], &["a.x"]),
            rules(&["a"], &["a.read_*"]),
        ] {
            assert!(is_foreign(&rules), "{rules:?}");
            let mut posted = of(&key(rules.clone()));
            assert_eq!(restrictions(&mut posted, Some(&rules)).rules, Some(rules));
        }
    }
}
