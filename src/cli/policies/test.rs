//! `ostia policies test`.

use super::super::{keys, table::fields};
use crate::{failure::Failure, output::Output};
use ostia_proto::{ControlClient, v1};
use serde::Serialize;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The key: its id, public id (the start of the key), or name
    #[arg(long, value_name = "KEY")]
    key: String,
    /// The tool: `<upstream>.<tool>`, or as clients see it
    #[arg(long, value_name = "TOOL")]
    tool: String,
    /// What it would be called with, as a JSON object [default: whether any arguments would pass]
    #[arg(long, value_name = "JSON")]
    arguments: Option<String>,
    /// The IP address it would be called from [default: the key's networks are not judged, but shown]
    #[arg(long, value_name = "ADDRESS")]
    address: Option<String>,
}

#[derive(Serialize)]
struct Access {
    allowed: bool,
    rule: String,
    tool: String,
    calls_per_minute: Option<u32>,
    max_results: Option<u32>,
    max_result_bytes: Option<u64>,
    timeout_ms: Option<u64>,
    /// Where the key works from, if no address was given.
    networks: Vec<String>,
}

pub(crate) async fn run(
    args: Args,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let request = v1::TestAccessRequest {
        key: keys::find(control, args.key).await?.id,
        tool: args.tool,
        arguments: args.arguments,
        address: args.address,
    };
    let answer = control.policies().test_access(request).await?;
    let access = Access::from(answer.into_inner());
    output.result(&access, Access::text)?;
    if access.allowed {
        return Ok(());
    }
    let message = format!("{} may not be called: {}", access.tool, access.rule);
    Err(Failure::new(message))
}

impl From<v1::TestAccessResponse> for Access {
    fn from(answer: v1::TestAccessResponse) -> Self {
        let limits = answer.limits.unwrap_or_default();
        Self {
            allowed: answer.allowed,
            rule: answer.rule,
            tool: answer.tool,
            calls_per_minute: limits.calls_per_minute,
            max_results: limits.max_results,
            max_result_bytes: limits.max_result_bytes,
            timeout_ms: limits.timeout_ms,
            networks: answer.networks,
        }
    }
}

impl Access {
    fn text(&self) -> String {
        let decision = if self.allowed { "allowed" } else { "denied" };
        let limits = [
            self.calls_per_minute.map(|n| format!("{n} calls a minute")),
            self.max_results.map(|n| format!("{n} results")),
            self.max_result_bytes.map(|n| format!("{n} bytes")),
            self.timeout_ms.map(|n| format!("{n} ms")),
        ];
        let limits: Vec<_> = limits.into_iter().flatten().collect();
        fields([
            ("tool", self.tool.clone()),
            ("decision", decision.to_owned()),
            ("rule", self.rule.clone()),
            ("limits", limits.join(", ")),
            ("only from", self.networks.join(", ")),
        ])
    }
}
