//! What a key is held to, on the command line.

use super::super::{plans::LimitArgs, policies::RuleArgs};
use crate::failure::Failure;
use ostia_proto::v1;

/// What is named replaces what the key had of it; of its rules all, of its limits each one.
#[derive(clap::Args, Default)]
#[command(next_help_heading = "What the key is held to besides")]
pub(crate) struct RestrictionArgs {
    #[command(flatten)]
    rules: RuleArgs,
    #[command(flatten)]
    limits: LimitArgs,
    /// Network that calls may come from, as 10.0.0.0/8; repeatable
    #[arg(long = "network", value_delimiter = ',', value_name = "NETWORK")]
    networks: Vec<String>,
    /// When calls may be made, in UTC, as 'mon-fri 08:00-18:00'
    #[arg(long, value_name = "WINDOW")]
    window: Option<String>,
}

/// A part that can be taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    Rules,
    Limits,
    Networks,
    Window,
}

impl RestrictionArgs {
    /// Of a key that had these, without the parts that are to go.
    pub(super) fn applied_to(
        self,
        mut had: v1::KeyRestrictions,
        without: &[Part],
    ) -> Result<v1::KeyRestrictions, Failure> {
        for part in without {
            match part {
                Part::Rules => had.rules = None,
                Part::Limits => had.limits = None,
                Part::Networks => had.networks.clear(),
                Part::Window => had.window = None,
            }
        }
        if self.rules.any() {
            had.rules = Some(self.rules.into_new()?);
        }
        if self.limits.any() {
            had.limits = Some(self.limits.applied_to(had.limits.unwrap_or_default(), &[]));
        }
        if !self.networks.is_empty() {
            had.networks = self.networks;
        }
        had.window = self.window.or(had.window);
        Ok(had)
    }

    pub(super) fn any(&self) -> bool {
        self.rules.any() || self.limits.any() || !self.networks.is_empty() || self.window.is_some()
    }
}
