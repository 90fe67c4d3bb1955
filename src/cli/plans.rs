//! `ostia plans`: how much may be done.

use super::{confirm::Confirmation, table::Table};
use crate::{failure::Failure, output::Output};
use clap::{Subcommand, ValueEnum};
use ostia_proto::{ControlClient, v1};
use serde::Serialize;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List all plans
    List,
    /// Make a plan; what is not limited has no limit
    Create {
        name: String,
        #[command(flatten)]
        limits: LimitArgs,
    },
    /// Change the limits that are named; the rest stays
    Update {
        /// Its name or id
        plan: String,
        #[command(flatten)]
        limits: LimitArgs,
        /// Limit it no more in this; repeatable
        #[arg(long, value_delimiter = ',', value_name = "LIMIT")]
        without: Vec<Limit>,
    },
    /// Remove a plan that no key, user or group has
    Delete {
        /// Its name or id
        plan: String,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct LimitArgs {
    /// Calls per minute, spread evenly
    #[arg(long, value_name = "N")]
    calls_per_minute: Option<u32>,
    /// Calls that may come at once; goes with --calls-per-minute [default: as many]
    #[arg(long, value_name = "N")]
    burst: Option<u32>,
    /// Calls in flight at once, on one edge
    #[arg(long, value_name = "N")]
    max_in_flight: Option<u32>,
    /// Calls in a day of the calendar, in UTC
    #[arg(long, value_name = "N")]
    calls_per_day: Option<u64>,
    /// Calls in a month of the calendar, in UTC
    #[arg(long, value_name = "N")]
    calls_per_month: Option<u64>,
}

/// A limit that can be taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Limit {
    /// And the burst with it
    CallsPerMinute,
    Burst,
    MaxInFlight,
    CallsPerDay,
    CallsPerMonth,
}

impl LimitArgs {
    /// Whether any was named.
    pub(crate) fn any(&self) -> bool {
        v1::Limits::from(self.clone()) != v1::Limits::default()
    }

    /// Of something that had these, without those that are to go.
    pub(crate) fn applied_to(self, mut had: v1::Limits, without: &[Limit]) -> v1::Limits {
        for limit in without {
            match limit {
                // A burst means nothing without it.
                Limit::CallsPerMinute => (had.calls_per_minute, had.burst) = (None, None),
                Limit::Burst => had.burst = None,
                Limit::MaxInFlight => had.max_in_flight = None,
                Limit::CallsPerDay => had.calls_per_day = None,
                Limit::CallsPerMonth => had.calls_per_month = None,
            }
        }
        v1::Limits {
            calls_per_minute: self.calls_per_minute.or(had.calls_per_minute),
            burst: self.burst.or(had.burst),
            max_in_flight: self.max_in_flight.or(had.max_in_flight),
            calls_per_day: self.calls_per_day.or(had.calls_per_day),
            calls_per_month: self.calls_per_month.or(had.calls_per_month),
        }
    }
}

impl From<LimitArgs> for v1::Limits {
    fn from(limits: LimitArgs) -> Self {
        Self {
            calls_per_minute: limits.calls_per_minute,
            burst: limits.burst,
            max_in_flight: limits.max_in_flight,
            calls_per_day: limits.calls_per_day,
            calls_per_month: limits.calls_per_month,
        }
    }
}

#[derive(Serialize)]
struct Plan {
    id: String,
    name: String,
    #[serde(flatten)]
    limits: Limits,
}

/// As results show them.
#[derive(Serialize)]
pub(crate) struct Limits {
    calls_per_minute: Option<u32>,
    burst: Option<u32>,
    max_in_flight: Option<u32>,
    calls_per_day: Option<u64>,
    calls_per_month: Option<u64>,
}

impl From<v1::Limits> for Limits {
    fn from(limits: v1::Limits) -> Self {
        Self {
            calls_per_minute: limits.calls_per_minute,
            burst: limits.burst,
            max_in_flight: limits.max_in_flight,
            calls_per_day: limits.calls_per_day,
            calls_per_month: limits.calls_per_month,
        }
    }
}

impl Limits {
    pub(crate) fn text(&self) -> String {
        let limits = [
            self.calls_per_minute.map(|n| format!("{n} calls a minute")),
            self.burst.map(|n| format!("{n} at once")),
            self.max_in_flight.map(|n| format!("{n} in flight")),
            self.calls_per_day.map(|n| format!("{n} calls a day")),
            self.calls_per_month.map(|n| format!("{n} calls a month")),
        ];
        let limits: Vec<_> = limits.into_iter().flatten().collect();
        if limits.is_empty() {
            return "-".to_owned();
        }
        limits.join(", ")
    }
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
        Command::Create { name, limits } => {
            let plan = v1::Plan {
                id: String::new(),
                name,
                limits: Some(limits.into()),
                ..v1::Plan::default()
            };
            let request = v1::CreatePlanRequest { plan: Some(plan) };
            show(client.create_plan(request).await?.into_inner(), output)
        }
        Command::Update {
            plan,
            limits,
            without,
        } => {
            let plan = get(plan, control).await?;
            let request = v1::UpdatePlanRequest {
                plan: plan.id,
                limits: Some(limits.applied_to(plan.limits.unwrap_or_default(), &without)),
            };
            show(client.update_plan(request).await?.into_inner(), output)
        }
        Command::Delete { plan, confirmation } => {
            let plan = get(plan, control).await?.name;
            confirmation.demand(&format!("Delete the plan {plan:?}?"))?;
            let request = v1::DeletePlanRequest { plan: plan.clone() };
            client.delete_plan(request).await?;
            let deleted = serde_json::json!({ "deleted": plan });
            output.result(&deleted, |_| format!("deleted {plan}"))
        }
    }
}

async fn get(plan: String, control: &ControlClient) -> Result<v1::Plan, Failure> {
    let request = v1::GetPlanRequest { plan };
    Ok(control.plans().get_plan(request).await?.into_inner())
}

fn show(plan: v1::Plan, output: Output) -> Result<(), Failure> {
    let plan = Plan::from(plan);
    output.result(&plan, |plan| table(std::slice::from_ref(plan)))
}

impl From<v1::Plan> for Plan {
    fn from(plan: v1::Plan) -> Self {
        Self {
            id: plan.id,
            name: plan.name,
            limits: plan.limits.unwrap_or_default().into(),
        }
    }
}

fn table(plans: &[Plan]) -> String {
    fn number<N: ToString>(limit: Option<N>) -> String {
        limit.map_or("-".to_owned(), |limit| limit.to_string())
    }
    let rows = plans.iter().map(|plan| {
        let limits = &plan.limits;
        [
            plan.name.clone(),
            number(limits.calls_per_minute),
            number(limits.burst.or(limits.calls_per_minute)),
            number(limits.max_in_flight),
            number(limits.calls_per_day),
            number(limits.calls_per_month),
        ]
    });
    Table::new(
        [
            "NAME",
            "CALLS/MIN",
            "BURST",
            "IN FLIGHT",
            "CALLS/DAY",
            "CALLS/MONTH",
        ],
        "no plans; make one with `ostia plans create`",
    )
    .rows(rows)
    .text()
}
