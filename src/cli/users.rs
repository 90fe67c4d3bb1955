//! `ostia users`: people.

mod access;

use super::{
    confirm::Confirmation,
    show::{count, list, timestamp},
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
    /// Show one user
    Show(Named),
    /// Show which tools they may use, with any of their keys
    Access(access::Args),
    /// Add a user
    Create {
        name: String,
        /// What they may do besides calling tools [default: member]
        #[arg(long, value_name = "ROLE")]
        role: Option<Role>,
        /// A service account: its keys administer, as far as its role goes, and nobody signs in as it
        #[arg(long)]
        service: bool,
        /// What every key of this user is bounded by; repeatable
        #[arg(long = "policy", value_delimiter = ',', value_name = "POLICY")]
        policies: Vec<String>,
        /// What all keys of this user together may do
        #[arg(long, value_name = "PLAN")]
        plan: Option<String>,
        /// Where they are told by mail
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
    },
    /// Change what is named; the rest stays
    Update {
        #[command(flatten)]
        user: Named,
        /// What they are to be called
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// What they may do besides calling tools
        #[arg(long, value_name = "ROLE")]
        role: Option<Role>,
        /// Replaces the list; an empty value empties it
        #[arg(long = "policy", value_delimiter = ',', value_name = "POLICY")]
        policies: Option<Vec<String>>,
        /// An empty value takes it away
        #[arg(long, value_name = "PLAN")]
        plan: Option<String>,
        /// Where they are told by mail; an empty value takes it away
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
    },
    /// Refuse all keys of a user and sign them out
    Disable(Named),
    /// Accept a disabled user again
    Enable(Named),
    /// End all of their browser sessions; their keys stay
    SignOut(Named),
    /// Remove a user and all keys of the user
    Delete {
        #[command(flatten)]
        user: Named,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

#[derive(clap::Args)]
pub(crate) struct Named {
    /// Their name or id
    user: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Role {
    /// Owns keys and sees their own usage
    Member,
    /// Runs upstreams, policies, plans and everybody's keys
    Operator,
    /// May do everything
    Administrator,
    /// Sees everything and changes nothing
    Auditor,
}

impl From<Role> for v1::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Member => Self::Member,
            Role::Operator => Self::Operator,
            Role::Administrator => Self::Administrator,
            Role::Auditor => Self::Auditor,
        }
    }
}

#[derive(Serialize)]
pub(crate) struct User {
    id: String,
    name: String,
    role: &'static str,
    kind: &'static str,
    enabled: bool,
    policies: Vec<String>,
    plan: Option<String>,
    groups: Vec<String>,
    email: Option<String>,
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
        Command::Access(args) => access::run(args, control, output).await,
        Command::Show(named) => {
            let request = v1::GetUserRequest { user: named.user };
            show(client.get_user(request).await?.into_inner(), output)
        }
        Command::Create {
            name,
            role,
            service,
            policies,
            plan,
            email,
        } => {
            let kind = if service {
                v1::UserKind::Service
            } else {
                v1::UserKind::Person
            };
            let request = v1::CreateUserRequest {
                name,
                role: v1::Role::from(role.unwrap_or(Role::Member)).into(),
                policies,
                kind: kind.into(),
                plan,
                email,
            };
            let user = User::from(client.create_user(request).await?.into_inner());
            output.result(&user, |user| {
                let next = if service {
                    format!(
                        "Make it a key with: ostia keys create NAME --owner {}",
                        user.name
                    )
                } else {
                    format!("Sign them in with: ostia login-link {}", user.name)
                };
                format!("{}\n\n{next}", table(std::slice::from_ref(user)))
            })
        }
        Command::Update {
            user,
            name,
            role,
            policies,
            plan,
            email,
        } => {
            let names = |names: Vec<String>| names.into_iter().filter(|n| !n.is_empty()).collect();
            let request = v1::UpdateUserRequest {
                user: user.user,
                name,
                role: role.map_or(0, |role| v1::Role::from(role).into()),
                policies: policies.map(|policies| v1::UserPolicies {
                    names: names(policies),
                }),
                plan,
                email,
                enabled: None,
            };
            show(client.update_user(request).await?.into_inner(), output)
        }
        Command::Disable(named) => enable(named, false, control, output).await,
        Command::Enable(named) => enable(named, true, control, output).await,
        Command::SignOut(Named { user }) => {
            let request = v1::SignOutUserRequest { user: user.clone() };
            let ended = client.sign_out_user(request).await?.into_inner().ended;
            let signed_out = serde_json::json!({ "signed_out": user, "ended": ended });
            output.result(&signed_out, |_| {
                let ended = count(ended, "browser session", "browser sessions");
                format!("signed out {user}: {ended} ended")
            })
        }
        Command::Delete { user, confirmation } => {
            let request = v1::GetUserRequest { user: user.user };
            let user = client.get_user(request).await?.into_inner().name;
            confirmation.demand(&format!("Delete the user {user:?} and all their keys?"))?;
            let request = v1::DeleteUserRequest { user: user.clone() };
            client.delete_user(request).await?;
            let deleted = serde_json::json!({ "deleted": user });
            output.result(&deleted, |_| format!("deleted {user}"))
        }
    }
}

async fn enable(
    named: Named,
    enabled: bool,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let request = v1::UpdateUserRequest {
        user: named.user,
        enabled: Some(enabled),
        ..v1::UpdateUserRequest::default()
    };
    let user = control.identity().update_user(request).await?;
    show(user.into_inner(), output)
}

fn show(user: v1::User, output: Output) -> Result<(), Failure> {
    let user = User::from(user);
    output.result(&user, |user| table(std::slice::from_ref(user)))
}

impl From<v1::User> for User {
    fn from(user: v1::User) -> Self {
        Self {
            role: user.role().named().map_or("unknown", |role| role.as_str()),
            kind: ostia_domain::user::Kind::from(user.kind()).as_str(),
            id: user.id,
            name: user.name,
            enabled: user.enabled,
            policies: user.policies,
            plan: user.plan,
            groups: user.groups,
            email: user.email,
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
            user.plan.clone().unwrap_or_else(|| "-".to_owned()),
            list(&user.groups),
        ]
    });
    let heading = ["NAME", "ROLE", "STATE", "POLICIES", "PLAN", "GROUPS"];
    Table::new(heading, "no users").rows(rows).text()
}
