//! `ostia keys update`.

use super::{
    super::span,
    find,
    restrictions::{Part, RestrictionArgs},
    show,
};
use crate::{failure::Failure, output::Output};
use ostia_proto::{ControlClient, v1};
use std::time::Duration;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Its id, public id (the start of the key), or name
    key: String,
    /// What it is to be called
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Policy that bounds the key; repeatable, and replaces the list
    #[arg(long = "policy", value_delimiter = ',', value_name = "POLICY")]
    policies: Option<Vec<String>>,
    /// Plan with the key's limits; an empty value takes it away
    #[arg(long, value_name = "PLAN")]
    plan: Option<String>,
    /// When the key ends from now on, as 30d
    #[arg(long, value_parser = span::parse, value_name = "TIME")]
    expires_in: Option<Duration>,
    /// Without an end
    #[arg(long, conflicts_with = "expires_in")]
    never_expires: bool,
    /// Hold it no more to this; repeatable
    #[arg(long, value_delimiter = ',', value_name = "PART")]
    without: Vec<Part>,
    #[command(flatten)]
    restrictions: RestrictionArgs,
}

pub(crate) async fn run(
    args: Args,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let key = find(control, args.key).await?;
    let restricts = args.restrictions.any() || !args.without.is_empty();
    let had = key.restrictions.unwrap_or_default();
    let restrictions = args.restrictions.applied_to(had, &args.without)?;
    let names = |names: Vec<String>| names.into_iter().filter(|n| !n.is_empty()).collect();
    let request = v1::UpdateKeyRequest {
        key: key.id,
        name: args.name,
        policies: args.policies.map(|policies| v1::KeyPolicies {
            names: names(policies),
        }),
        plan: args.plan,
        restrictions: restricts.then_some(restrictions),
        expires_in_seconds: args.expires_in.map(|span| span.as_secs()),
        never_expires: args.never_expires,
    };
    let updated = control.keys().update_key(request).await?;
    show(updated.into_inner(), output)
}
