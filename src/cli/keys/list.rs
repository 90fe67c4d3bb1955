//! Which keys there are, and which are worth a look.

use super::view::{self, Key};
use crate::{
    cli::{criteria::NOTHING_MATCHES, moment},
    failure::Failure,
    output::Output,
};
use ostia_domain::clock::Timestamp;
use ostia_proto::{ControlClient, convert::timestamp, v1};

const PAGE: u32 = 500;

#[derive(clap::Args, Default, PartialEq, Eq)]
#[command(next_help_heading = "Only")]
pub(crate) struct Args {
    /// Those of this user
    #[arg(long, value_name = "USER")]
    owner: Option<String>,
    /// Those that name this policy themselves
    #[arg(long, value_name = "POLICY")]
    policy: Option<String>,
    /// That go on, and that nobody called with since this time: 90d for so long ago, or 2026-11-21 (UTC)
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    unused_since: Option<Timestamp>,
    /// That go on, and whose secrets are all older than this time
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    not_rotated_since: Option<Timestamp>,
    /// That go on, and have no end
    #[arg(long)]
    endless: bool,
}

pub(super) async fn run(
    args: Args,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let narrowed = args != Args::default();
    let keys = all(control, args).await?;
    let keys: Vec<Key> = keys.into_iter().map(Key::from).collect();
    output.result(&keys, |keys| {
        if narrowed && keys.is_empty() {
            NOTHING_MATCHES.to_owned()
        } else {
            view::table(keys)
        }
    })
}

/// Every key, page by page.
async fn all(control: &ControlClient, args: Args) -> Result<Vec<v1::Key>, Failure> {
    let mut request = v1::ListKeysRequest {
        owner: args.owner,
        policy: args.policy,
        unused_since: args.unused_since.map(timestamp),
        not_rotated_since: args.not_rotated_since.map(timestamp),
        endless: args.endless,
        page_size: PAGE,
        page_token: String::new(),
    };
    let mut keys = Vec::new();
    loop {
        let page = control.keys().list_keys(request.clone()).await?;
        let page = page.into_inner();
        keys.extend(page.keys);
        if page.next_page_token.is_empty() {
            return Ok(keys);
        }
        request.page_token = page.next_page_token;
    }
}
