//! `ostia users`: people.

use super::{
    show::{list, timestamp},
    table::Table,
};
use crate::{failure::Failure, output::Output};
use clap::Subcommand;
use ostia_proto::{ControlClient, v1};
use serde::Serialize;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List all users
    List,
    /// Add a user
    Create {
        name: String,
        /// May do everything
        #[arg(long, conflicts_with = "policies")]
        administrator: bool,
        /// What every key of this user is bounded by; repeatable
        #[arg(long = "policy", value_delimiter = ',', value_name = "POLICY")]
        policies: Vec<String>,
    },
}

#[derive(Serialize)]
pub(crate) struct User {
    id: String,
    name: String,
    role: &'static str,
    enabled: bool,
    policies: Vec<String>,
    created_at: Option<String>,
}

pub(crate) async fn run(
    command: Command,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let mut client = control.identity();
    match command {
        Command::List => {
            let answer = client.list_users(v1::ListUsersRequest {}).await?;
            let users: Vec<User> = answer
                .into_inner()
                .users
                .into_iter()
                .map(User::from)
                .collect();
            output.result(&users, |users| table(users))
        }
        Command::Create {
            name,
            administrator,
            policies,
        } => {
            let role = if administrator {
                v1::Role::Administrator
            } else {
                v1::Role::Member
            };
            let request = v1::CreateUserRequest {
                name,
                role: role.into(),
                policies,
            };
            let user = User::from(client.create_user(request).await?.into_inner());
            output.result(&user, |user| {
                format!(
                    "{}\n\nSign them in with: ostia login-link {}",
                    table(std::slice::from_ref(user)),
                    user.name
                )
            })
        }
    }
}

impl From<v1::User> for User {
    fn from(user: v1::User) -> Self {
        Self {
            role: match user.role() {
                v1::Role::Administrator => "administrator",
                v1::Role::Member | v1::Role::Unspecified => "member",
            },
            id: user.id,
            name: user.name,
            enabled: user.enabled,
            policies: user.policies,
            created_at: timestamp(user.created_at),
        }
    }
}

fn table(users: &[User]) -> String {
    let rows = users.iter().map(|user| {
        [
            user.name.clone(),
            user.role.to_owned(),
            if user.enabled { "enabled" } else { "disabled" }.to_owned(),
            list(&user.policies),
        ]
    });
    Table::new(["NAME", "ROLE", "STATE", "POLICIES"], "no users")
        .rows(rows)
        .text()
}
