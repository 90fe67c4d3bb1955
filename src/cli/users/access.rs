//! `ostia users access`: the tools that somebody may use.

use super::super::{
    table::{Table, fields},
    upstreams::Tool,
};
use crate::{failure::Failure, output::Output};
use ostia_proto::{ControlClient, v1};
use serde::Serialize;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Their name or id
    user: String,
    /// Of this upstream alone
    #[arg(long, value_name = "NAME")]
    upstream: Option<String>,
}

#[derive(Serialize)]
struct Access {
    /// Names of what bounds every key of the user.
    policies: Vec<String>,
    /// Nothing bounds them.
    unlimited: bool,
    tools: Vec<Tool>,
}

pub(super) async fn run(
    args: Args,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let request = v1::ListAccessRequest {
        user: args.user,
        upstream: args.upstream,
        without_definitions: true,
    };
    let answer = control.policies().list_access(request).await?.into_inner();
    let upstreams = answer.upstreams.into_iter();
    let tools = upstreams.flat_map(|upstream| upstream.tools);
    let access = Access {
        policies: answer.policies,
        unlimited: answer.unlimited,
        tools: tools.filter_map(|it| it.tool).map(Tool::from).collect(),
    };
    output.result(&access, Access::text)
}

impl Access {
    fn text(&self) -> String {
        let bounds = if self.unlimited {
            "nothing: an administrator".to_owned()
        } else {
            super::list(&self.policies)
        };
        let rows = self.tools.iter().map(Tool::row);
        let tools = Table::new(["TOOL", "TIER"], "no tools").rows(rows).text();
        format!("{}\n\n{tools}", fields([("bound by", bounds)]))
    }
}
