//! How people are told what they would not look for.

use std::path::PathBuf;

/// A mail server, and who writes.
#[derive(clap::Args, Clone, Default)]
#[command(next_help_heading = "Mail")]
pub(crate) struct MailArgs {
    /// Mail server, as smtps://user:password@host or smtp://user:password@host?tls=required [default: no mail is sent]
    #[arg(
        long,
        env = "OSTIA_SMTP_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub(crate) smtp_url: Option<String>,
    /// File with that address, for whoever has its password in a file
    #[arg(long, env = "OSTIA_SMTP_URL_FILE", value_name = "FILE")]
    pub(crate) smtp_url_file: Option<PathBuf>,
    /// Who mail is from, as Ostia <ostia@example.com>
    #[arg(long, env = "OSTIA_MAIL_FROM", value_name = "ADDRESS")]
    pub(crate) mail_from: Option<String>,
}
