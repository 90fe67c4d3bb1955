//! `ostia keys create`.

use super::{super::span, restrictions::RestrictionArgs, view::Minted};
use crate::{failure::Failure, output::Output};
use ostia_proto::{ControlClient, v1};
use std::time::Duration;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the key, unique for its owner
    name: String,
    /// Policy that bounds the key; repeatable. Without one, --allow says what the key may do
    #[arg(long = "policy", value_delimiter = ',', value_name = "POLICY")]
    policies: Vec<String>,
    /// User who owns the key [default: the first administrator]
    #[arg(long, value_name = "USER")]
    owner: Option<String>,
    /// A test key: it reaches the demo upstream and nothing else
    #[arg(long)]
    test: bool,
    /// Plan with the key's limits [default: no limits]
    #[arg(long, value_name = "PLAN")]
    plan: Option<String>,
    /// When the key ends, as 30d [default: 90d]
    #[arg(long, value_parser = span::parse, value_name = "TIME")]
    expires_in: Option<Duration>,
    /// A key without an end
    #[arg(long, conflicts_with = "expires_in")]
    never_expires: bool,
    #[command(flatten)]
    restrictions: RestrictionArgs,
}

pub(crate) async fn run(
    args: Args,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let mode = if args.test {
        v1::KeyMode::Test
    } else {
        v1::KeyMode::Live
    };
    let request = v1::CreateKeyRequest {
        name: args.name,
        owner: args.owner,
        mode: mode.into(),
        policies: args.policies,
        plan: args.plan,
        expires_in_seconds: args.expires_in.map(|span| span.as_secs()),
        never_expires: args.never_expires,
        restrictions: Some(
            args.restrictions
                .applied_to(v1::KeyRestrictions::default(), &[])?,
        ),
    };
    let created = control.keys().create_key(request).await?.into_inner();
    let minted = Minted::new(created.key, created.secret)?;
    output.result(&minted, Minted::text)
}
