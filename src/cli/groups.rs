//! `ostia groups`: users who may do the same.

use super::{
    confirm::Confirmation,
    show::{list, timestamp},
    table::Table,
};
use crate::{failure::Failure, output::Output};
use clap::Subcommand;
use ostia_proto::{ControlClient, v1};
use serde::Serialize;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List all groups
    List,
    /// Show one group
    Show(Named),
    /// Make a group
    Create {
        name: String,
        #[command(flatten)]
        bounds: Bounds,
    },
    /// Change what is named; the rest stays. A list that is named replaces the one before; an empty value
    /// empties it: --member '' takes all members out, --plan '' takes the plan away
    Update {
        #[command(flatten)]
        group: Named,
        /// What it is to be called
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        #[command(flatten)]
        bounds: Bounds,
    },
    /// Remove a group; its members stay
    Delete {
        #[command(flatten)]
        group: Named,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

#[derive(clap::Args)]
pub(crate) struct Named {
    /// Its name or id
    group: String,
}

/// Each replaces what there was; an empty value empties it.
#[derive(clap::Args)]
pub(crate) struct Bounds {
    /// What members may use; repeatable
    #[arg(long = "policy", value_delimiter = ',', value_name = "POLICY")]
    policies: Option<Vec<String>>,
    /// What each member may do with all their keys
    #[arg(long, value_name = "PLAN")]
    plan: Option<String>,
    /// User who is in it; repeatable
    #[arg(long = "member", value_delimiter = ',', value_name = "USER")]
    members: Option<Vec<String>>,
}

#[derive(Serialize)]
struct Group {
    id: String,
    name: String,
    policies: Vec<String>,
    plan: Option<String>,
    members: Vec<String>,
    created_at: Option<String>,
}

pub(crate) async fn run(
    command: Command,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let mut client = control.groups();
    match command {
        Command::List => {
            let answer = client.list_groups(v1::ListGroupsRequest {}).await?;
            let groups = answer.into_inner().groups;
            let groups: Vec<Group> = groups.into_iter().map(Group::from).collect();
            output.result(&groups, |groups| table(groups))
        }
        Command::Show(named) => {
            let request = v1::GetGroupRequest { group: named.group };
            show(client.get_group(request).await?.into_inner(), output)
        }
        Command::Create { name, bounds } => {
            let request = v1::CreateGroupRequest {
                name,
                policies: given(bounds.policies).unwrap_or_default(),
                plan: bounds.plan,
                members: given(bounds.members).unwrap_or_default(),
            };
            show(client.create_group(request).await?.into_inner(), output)
        }
        Command::Update {
            group,
            name,
            bounds,
        } => {
            let request = v1::UpdateGroupRequest {
                group: group.group,
                name,
                policies: given(bounds.policies).map(|names| v1::GroupPolicies { names }),
                plan: bounds.plan,
                members: given(bounds.members).map(|names| v1::GroupMembers { names }),
            };
            show(client.update_group(request).await?.into_inner(), output)
        }
        Command::Delete {
            group,
            confirmation,
        } => {
            let request = v1::GetGroupRequest { group: group.group };
            let group = client.get_group(request).await?.into_inner().name;
            confirmation.demand(&format!("Delete the group {group:?}?"))?;
            let request = v1::DeleteGroupRequest {
                group: group.clone(),
            };
            client.delete_group(request).await?;
            let deleted = serde_json::json!({ "deleted": group });
            output.result(&deleted, |_| format!("deleted {group}"))
        }
    }
}

/// `--policy ''` is an empty list, not one with an empty name.
fn given(names: Option<Vec<String>>) -> Option<Vec<String>> {
    names.map(|names| names.into_iter().filter(|name| !name.is_empty()).collect())
}

fn show(group: v1::Group, output: Output) -> Result<(), Failure> {
    let group = Group::from(group);
    output.result(&group, |group| table(std::slice::from_ref(group)))
}

impl From<v1::Group> for Group {
    fn from(group: v1::Group) -> Self {
        Self {
            id: group.id,
            name: group.name,
            policies: group.policies,
            plan: group.plan,
            members: group.members,
            created_at: timestamp(group.created_at),
        }
    }
}

fn table(groups: &[Group]) -> String {
    let rows = groups.iter().map(|group| {
        [
            group.name.clone(),
            list(&group.policies),
            group.plan.clone().unwrap_or_else(|| "-".to_owned()),
            list(&group.members),
        ]
    });
    Table::new(
        ["NAME", "POLICIES", "PLAN", "MEMBERS"],
        "no groups; make one with `ostia groups create`",
    )
    .rows(rows)
    .text()
}
