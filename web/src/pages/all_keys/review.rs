//! What about a key is worth a look.

use crate::components::time::{instant, timestamp};
use chrono::{DateTime, TimeDelta, Utc};
use ostia_proto::v1;
use std::collections::HashSet;

const UNUSED: TimeDelta = TimeDelta::days(30);
const OLD: TimeDelta = TimeDelta::days(180);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Concern {
    /// Nobody called with it for a while.
    Unused,
    /// Its newest secret is from long ago.
    Old,
    /// Its policies and rules allow every tool.
    Broad,
    Endless,
}

impl Concern {
    pub(super) const ALL: [Self; 4] = [Self::Unused, Self::Old, Self::Broad, Self::Endless];

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == text)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Unused => "unused",
            Self::Old => "old",
            Self::Broad => "broad",
            Self::Endless => "endless",
        }
    }

    pub(super) fn said(self) -> &'static str {
        match self {
            Self::Unused => "not used for 30 days",
            Self::Old => "not rotated for 180 days",
            Self::Broad => "everything its owner may",
            Self::Endless => "no end",
        }
    }
}

pub(super) struct Review {
    /// Names of policies that allow every tool.
    broad: HashSet<String>,
    now: DateTime<Utc>,
}

impl Review {
    pub(super) fn new(policies: Vec<v1::Policy>, now: DateTime<Utc>) -> Self {
        let broad = policies
            .into_iter()
            .filter(|policy| policy.rules.as_ref().is_some_and(allows_everything));
        Self {
            broad: broad.map(|policy| policy.name).collect(),
            now,
        }
    }

    /// What control is asked for, to find those of a concern.
    pub(super) fn request(&self, concern: Concern) -> v1::ListKeysRequest {
        let since = |age| Some(timestamp(self.now - age));
        let all = v1::ListKeysRequest::default();
        match concern {
            Concern::Unused => v1::ListKeysRequest {
                unused_since: since(UNUSED),
                ..all
            },
            Concern::Old => v1::ListKeysRequest {
                not_rotated_since: since(OLD),
                ..all
            },
            Concern::Endless => v1::ListKeysRequest {
                endless: true,
                ..all
            },
            Concern::Broad => all,
        }
    }

    /// Of one that ended for good nothing is.
    pub(super) fn of(&self, key: &v1::Key) -> Vec<Concern> {
        if matches!(key.state(), v1::KeyState::Revoked | v1::KeyState::Expired) {
            return Vec::new();
        }
        let before = |at: Option<prost_types::Timestamp>, age: TimeDelta| {
            instant(at).is_some_and(|at| self.now - at > age)
        };
        let used = key.last_used_at.or(key.created_at);
        let newest = key.secrets.first().and_then(|secret| secret.created_at);
        let all = [
            (Concern::Unused, before(used, UNUSED)),
            (Concern::Old, before(newest.or(key.created_at), OLD)),
            (Concern::Broad, self.is_broad(key)),
            (Concern::Endless, key.expires_at.is_none()),
        ];
        let so = all.into_iter().filter(|(_, so)| *so);
        so.map(|(concern, _)| concern).collect()
    }

    fn is_broad(&self, key: &v1::Key) -> bool {
        let held = key.restrictions.as_ref();
        let rules = held.and_then(|held| held.rules.as_ref());
        let by_policies = key.policies.iter().any(|name| self.broad.contains(name));
        match rules {
            Some(rules) => allows_everything(rules) && (key.policies.is_empty() || by_policies),
            None => by_policies,
        }
    }
}

fn allows_everything(rules: &v1::Rules) -> bool {
    let every = |patterns: &[String]| {
        patterns
            .iter()
            .any(|pattern| matches!(&**pattern, "*" | "*.*"))
    };
    every(&rules.upstreams)
        && every(&rules.allow)
        && rules.deny.is_empty()
        && rules.arguments.is_empty()
        && matches!(
            rules.max_tier(),
            v1::Tier::Destructive | v1::Tier::Unspecified
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use ostia_domain::clock;

    fn everything() -> v1::Rules {
        v1::Rules {
            upstreams: vec!["*".to_owned()],
            allow: vec!["*".to_owned()],
            ..v1::Rules::default()
        }
    }

    #[test]
    fn a_key_is_judged_by_use_age_reach_and_end() {
        let now = clock::now();
        let policy = v1::Policy {
            name: "all".to_owned(),
            rules: Some(everything()),
            ..v1::Policy::default()
        };
        let review = Review::new(vec![policy], now);
        let days = |days| Some(timestamp(now - TimeDelta::days(days)));
        let fine = v1::Key {
            state: v1::KeyState::Active.into(),
            created_at: days(29),
            expires_at: days(-9),
            policies: vec!["some".to_owned()],
            ..v1::Key::default()
        };
        assert_eq!(review.of(&fine), []);
        let forgotten = v1::Key {
            created_at: days(200),
            expires_at: None,
            policies: vec!["all".to_owned()],
            ..fine.clone()
        };
        assert_eq!(review.of(&forgotten), Concern::ALL);
        let used = v1::Key {
            last_used_at: days(1),
            secrets: vec![v1::KeySecret {
                created_at: days(3),
                ..v1::KeySecret::default()
            }],
            ..forgotten.clone()
        };
        assert_eq!(review.of(&used), [Concern::Broad, Concern::Endless]);
        let narrowed = v1::Key {
            restrictions: Some(v1::KeyRestrictions {
                rules: Some(v1::Rules {
                    max_tier: v1::Tier::Read.into(),
                    ..everything()
                }),
                ..v1::KeyRestrictions::default()
            }),
            ..used
        };
        assert_eq!(review.of(&narrowed), [Concern::Endless]);
        let ended = v1::Key {
            state: v1::KeyState::Revoked.into(),
            ..forgotten
        };
        assert_eq!(review.of(&ended), []);
    }
}
