//! Whether an upstream can be used, as edges reported it last.

use crate::components::content::{Badge, Tone};
use leptos::prelude::*;
use ostia_domain::upstream::Stage;
use ostia_proto::v1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    Works,
    Failing,
    /// No edge has reported yet, or the definition changed since.
    Waiting,
    Off,
}

impl Health {
    pub(crate) const ALL: [Self; 4] = [Self::Works, Self::Failing, Self::Waiting, Self::Off];

    pub(crate) fn of(upstream: &v1::Upstream) -> Self {
        match (upstream.enabled, &upstream.problem, &upstream.catalogue) {
            (false, ..) => Self::Off,
            (true, Some(_), _) => Self::Failing,
            (true, None, Some(_)) => Self::Works,
            (true, None, None) => Self::Waiting,
        }
    }

    /// In an address.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::Failing => "failing",
            Self::Waiting => "waiting",
            Self::Off => "off",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    pub(crate) fn said(self) -> &'static str {
        match self {
            Self::Works => "Works",
            Self::Failing => "Has a problem",
            Self::Waiting => "Not listed yet",
            Self::Off => "Off",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Works => Tone::Good,
            Self::Failing => Tone::Bad,
            Self::Waiting => Tone::Warn,
            Self::Off => Tone::Plain,
        }
    }
}

#[component]
pub(super) fn HealthBadge(of: Health) -> impl IntoView {
    view! { <Badge tone=of.tone() text=of.said()/> }
}

/// What failed, for people.
pub(super) fn said(stage: Stage) -> &'static str {
    match stage {
        Stage::Resolve => "finding its address",
        Stage::Connect => "connecting to it",
        Stage::Tls => "a secure connection (TLS)",
        Stage::Authorize => "authorization",
        Stage::Start => "starting its program",
        Stage::Handshake => "the handshake",
        Stage::Run => "keeping a worker running",
        Stage::Queue => "waiting for a worker",
        Stage::List => "listing what it offers",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was known before does not hide a problem, and nothing hides that it is off.
    #[test]
    fn a_problem_counts_more_than_what_was_found() {
        let mut upstream = v1::Upstream {
            enabled: true,
            ..v1::Upstream::default()
        };
        assert_eq!(Health::of(&upstream), Health::Waiting);
        upstream.catalogue = Some(v1::CatalogueSummary::default());
        assert_eq!(Health::of(&upstream), Health::Works);
        upstream.problem = Some("gone".to_owned());
        assert_eq!(Health::of(&upstream), Health::Failing);
        upstream.enabled = false;
        assert_eq!(Health::of(&upstream), Health::Off);
        assert_eq!(
            Health::ALL.map(|one| Health::parse(one.name())),
            Health::ALL.map(Some)
        );
    }
}
