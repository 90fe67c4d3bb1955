//! `ostia doctor`: what is wrong with this installation, and what to do about it.

mod checks;

use super::{connect, table::Table};
use crate::{
    args::{Global, ListenArgs},
    config::{self, Settings},
    data_dir::DataDir,
    failure::Failure,
    output::Output,
};
use serde::Serialize;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    listen: ListenArgs,
}

/// One thing that was looked at.
#[derive(Serialize)]
struct Check {
    name: String,
    ok: bool,
    detail: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

#[derive(Serialize)]
struct Report {
    ok: bool,
    checks: Vec<Check>,
}

impl Check {
    fn good(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ok: true,
            detail: detail.into(),
            fix: None,
        }
    }

    fn bad(name: impl Into<String>, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ok: false,
            detail: detail.into(),
            fix: Some(fix.into()),
        }
    }

    fn failed(name: impl Into<String>, failure: Failure) -> Self {
        Self {
            name: name.into(),
            ok: false,
            detail: failure.message,
            fix: failure.hint,
        }
    }
}

pub(crate) async fn run(
    global: &Global,
    settings: &Settings,
    args: &Args,
    output: Output,
) -> Result<(), Failure> {
    let data = DataDir::at(&settings.data_dir);
    let listen = config::listen_settings(global, &args.listen)?;
    let running = connect::running(settings, &data).await?;

    let mut checks = Vec::new();
    // A control elsewhere has its folder and database elsewhere, too.
    if settings.endpoint.url.is_none() {
        checks.push(checks::folder(&data));
        checks.push(checks::secrets(settings).await);
        checks.push(checks::database(settings).await);
    }
    checks.extend(checks::ports(listen, &data).await);
    checks.extend(checks::control(settings, running, output).await);

    let failed = checks.iter().filter(|check| !check.ok).count();
    let report = Report {
        ok: failed == 0,
        checks,
    };
    output.result(&report, Report::text)?;
    if failed == 0 {
        return Ok(());
    }
    Err(Failure::new(format!("{failed} of these are not right"))
        .hint("each says above how to put it right"))
}

impl Report {
    fn text(&self) -> String {
        let rows = self.checks.iter().map(|check| {
            let fix = check.fix.as_ref().map(|fix| format!(" -> {fix}"));
            [
                if check.ok { "ok" } else { "FAILED" }.to_owned(),
                check.name.clone(),
                format!("{}{}", check.detail, fix.unwrap_or_default()),
            ]
        });
        Table::new(["", "CHECK", "FINDING"], "").rows(rows).text()
    }
}
