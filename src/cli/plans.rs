//! `ostia plans`: how much a key may do in a short window.

use super::table::Table;
use crate::{failure::Failure, output::Output};
use clap::Subcommand;
use ostia_proto::{ControlClient, v1};
use serde::Serialize;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List all plans
    List,
    /// Make a plan; what is not limited has no limit
    Create {
        name: String,
        /// Calls per minute and key, spread evenly
        #[arg(long, value_name = "N")]
        calls_per_minute: Option<u32>,
        /// Calls that may come at once [default: as --calls-per-minute]
        #[arg(long, requires = "calls_per_minute", value_name = "N")]
        burst: Option<u32>,
        /// Calls of one key in flight at once, on one edge
        #[arg(long, value_name = "N")]
        max_in_flight: Option<u32>,
    },
    /// Remove a plan that no key has
    Delete {
        /// Its name or id
        plan: String,
    },
}

#[derive(Serialize)]
struct Plan {
    id: String,
    name: String,
    calls_per_minute: Option<u32>,
    burst: Option<u32>,
    max_in_flight: Option<u32>,
}

pub(crate) async fn run(
    command: Command,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let mut client = control.plans();
    match command {
        Command::List => {
            let answer = client.list_plans(v1::ListPlansRequest {}).await?;
            let plans: Vec<Plan> = answer
                .into_inner()
                .plans
                .into_iter()
                .map(Plan::from)
                .collect();
            output.result(&plans, |plans| table(plans))
        }
        Command::Create {
            name,
            calls_per_minute,
            burst,
            max_in_flight,
        } => {
            let plan = v1::Plan {
                id: String::new(),
                name,
                calls_per_minute,
                burst,
                max_in_flight,
            };
            let request = v1::CreatePlanRequest { plan: Some(plan) };
            let plan = Plan::from(client.create_plan(request).await?.into_inner());
            output.result(&plan, |plan| table(std::slice::from_ref(plan)))
        }
        Command::Delete { plan } => {
            client
                .delete_plan(v1::DeletePlanRequest { plan: plan.clone() })
                .await?;
            let deleted = serde_json::json!({ "deleted": plan });
            output.result(&deleted, |_| format!("deleted {plan}"))
        }
    }
}

impl From<v1::Plan> for Plan {
    fn from(plan: v1::Plan) -> Self {
        Self {
            id: plan.id,
            name: plan.name,
            calls_per_minute: plan.calls_per_minute,
            burst: plan.burst,
            max_in_flight: plan.max_in_flight,
        }
    }
}

fn table(plans: &[Plan]) -> String {
    let limit = |limit: Option<u32>| limit.map_or("-".to_owned(), |limit| limit.to_string());
    let rows = plans.iter().map(|plan| {
        [
            plan.name.clone(),
            limit(plan.calls_per_minute),
            limit(plan.burst.or(plan.calls_per_minute)),
            limit(plan.max_in_flight),
        ]
    });
    Table::new(
        ["NAME", "CALLS/MIN", "BURST", "IN FLIGHT"],
        "no plans; make one with `ostia plans create`",
    )
    .rows(rows)
    .text()
}
