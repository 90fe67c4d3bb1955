//! Who stays signed in to the dashboard for how long.

/// Browser sessions; spans as 8h or 7d.
#[derive(clap::Args, Clone, Default)]
#[command(next_help_heading = "Signing in")]
pub(crate) struct WebArgs {
    /// How long somebody stays signed in to the dashboard without using it [default: 8h]
    #[arg(long, env = "OSTIA_SESSION_IDLE", value_name = "SPAN")]
    pub(crate) session_idle: Option<String>,
    /// How long somebody stays signed in at most [default: 7d]
    #[arg(long, env = "OSTIA_SESSION_MAX", value_name = "SPAN")]
    pub(crate) session_max: Option<String>,
    /// How often the OpenID provider is asked again who may sign in, in minutes; 0 asks at every page
    /// [default: 5]
    #[arg(long, env = "OSTIA_OIDC_RECHECK_MIN", value_name = "MINUTES")]
    pub(crate) oidc_recheck_min: Option<u32>,
}
