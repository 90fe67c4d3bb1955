//! `ostia login-link`: a link that signs a user in once.

use super::{
    show::{moment, timestamp},
    span,
};
use crate::{
    config::Settings,
    data_dir::DataDir,
    failure::Failure,
    output::Output,
    run::{login_url, seed},
};
use ostia_proto::{ControlClient, v1};
use serde::Serialize;
use std::time::Duration;

/// Where the dashboard is when nobody says otherwise.
const DEFAULT_WEB_URL: &str = "http://127.0.0.1:8081";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name or id
    #[arg(default_value = seed::ADMINISTRATOR)]
    user: String,
    /// How long the link works, at most 24h
    #[arg(long, default_value = "1h", value_parser = span::parse, value_name = "TIME")]
    valid: Duration,
    /// Address of the dashboard [default: the one that runs on the data folder]
    #[arg(long, env = "OSTIA_WEB_URL", value_name = "URL")]
    web_url: Option<String>,
}

#[derive(Serialize)]
struct Link {
    user: String,
    login_url: String,
    expires_at: Option<String>,
}

pub(crate) async fn run(
    settings: &Settings,
    args: Args,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let valid_seconds = u32::try_from(args.valid.as_secs())
        .ok()
        .filter(|seconds| *seconds > 0)
        .ok_or_else(|| Failure::usage("--valid: a link works for 1s to 24h"))?;
    let web_url = settings
        .web_url(args.web_url)?
        .or_else(|| DataDir::at(&settings.data_dir).announced("web"))
        .unwrap_or_else(|| DEFAULT_WEB_URL.to_owned());
    let request = v1::CreateLoginLinkRequest {
        user: args.user.clone(),
        valid_seconds,
    };
    let made = control
        .identity()
        .create_login_link(request)
        .await?
        .into_inner();
    let link = Link {
        user: args.user,
        login_url: login_url(&web_url, &made.token),
        expires_at: timestamp(made.expires_at),
    };
    output.result(&link, |link| {
        let end = moment(link.expires_at.as_ref(), "-");
        format!(
            "{}\n\nIt signs {} in once, until {end}.",
            link.login_url, link.user
        )
    })
}
