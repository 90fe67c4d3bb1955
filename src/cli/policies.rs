//! `ostia policies`: who may call what.

mod rules;
mod test;
mod versions;
mod view;

use super::confirm::Confirmation;
use crate::{failure::Failure, output::Output};
use clap::Subcommand;
use ostia_domain::policy::Rules;
use ostia_proto::{
    ControlClient,
    v1::{self, create_policy_request::Source},
};
pub(crate) use rules::RuleArgs;

use rules::List;
use view::{Policy, Preset};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List all policies
    List,
    /// Show one policy
    Show(Named),
    /// Make a policy, from a preset or from patterns
    Create {
        name: String,
        /// Copy these ready-made rules; `ostia policies presets` lists them
        #[arg(long, conflicts_with = "RuleArgs", value_name = "PRESET")]
        preset: Option<String>,
        #[command(flatten)]
        rules: RuleArgs,
    },
    /// Replace the lists that are named; the others stay
    Update {
        #[command(flatten)]
        policy: Named,
        #[command(flatten)]
        rules: RuleArgs,
        /// Empty this list; repeatable
        #[arg(long, value_delimiter = ',', value_name = "LIST")]
        clear: Vec<List>,
    },
    /// Remove a policy that nothing is bound by
    Delete {
        #[command(flatten)]
        policy: Named,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// List what its rules were, newest first
    Versions(Named),
    /// Show what changed from one version to another
    Diff {
        #[command(flatten)]
        policy: Named,
        /// The version before [default: the one before --to]
        #[arg(long, value_name = "VERSION")]
        from: Option<u32>,
        /// The version after [default: the current one]
        #[arg(long, value_name = "VERSION")]
        to: Option<u32>,
    },
    /// Make an earlier version's rules the current ones
    Restore {
        #[command(flatten)]
        policy: Named,
        /// As `ostia policies versions` shows it
        #[arg(long, value_name = "VERSION")]
        to: u32,
    },
    /// Say whether a key may call a tool now, and which rule says so; exit code 1 if it may not
    Test(test::Args),
    /// List the ready-made rules
    Presets,
}

#[derive(clap::Args)]
pub(crate) struct Named {
    /// Its name or id
    policy: String,
}

pub(crate) async fn run(
    command: Command,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let mut client = control.policies();
    match command {
        Command::List => {
            let answer = client.list_policies(v1::ListPoliciesRequest {}).await?;
            let policies = answer.into_inner().policies;
            let policies: Vec<Policy> = policies.into_iter().map(Policy::from).collect();
            output.result(&policies, |policies| view::table(policies))
        }
        Command::Show(policy) => show(get(control, policy.policy).await?, output),
        Command::Create {
            name,
            preset,
            rules,
        } => {
            let source = match preset {
                Some(preset) => Source::Preset(preset),
                None => Source::Rules(rules.into_new()?),
            };
            let request = v1::CreatePolicyRequest {
                name,
                source: Some(source),
            };
            show(client.create_policy(request).await?.into_inner(), output)
        }
        Command::Update {
            policy,
            rules,
            clear,
        } => {
            let policy = get(control, policy.policy).await?;
            let old = policy.rules.unwrap_or_default();
            // What is not understood here would be lost.
            Rules::try_from(old.clone()).map_err(|error| {
                Failure::new("this version of ostia cannot read the rules as they are")
                    .because(&error)
            })?;
            let request = v1::UpdatePolicyRequest {
                policy: policy.id,
                rules: Some(rules.applied_to(old, &clear)),
            };
            show(client.update_policy(request).await?.into_inner(), output)
        }
        Command::Delete {
            policy,
            confirmation,
        } => {
            let policy = get(control, policy.policy).await?;
            confirmation.demand(&format!("Delete the policy {:?}?", policy.name))?;
            let request = v1::DeletePolicyRequest {
                policy: policy.id.clone(),
            };
            client.delete_policy(request).await?;
            let deleted = serde_json::json!({ "deleted": policy.id });
            output.result(&deleted, |_| format!("deleted {}", policy.name))
        }
        Command::Versions(policy) => versions::list(policy.policy, control, output).await,
        Command::Diff { policy, from, to } => {
            versions::diff(policy.policy, from, to, control, output).await
        }
        Command::Restore { policy, to } => {
            let request = v1::RestorePolicyRequest {
                policy: policy.policy,
                version: to,
            };
            show(client.restore_policy(request).await?.into_inner(), output)
        }
        Command::Test(args) => test::run(args, control, output).await,
        Command::Presets => {
            let answer = client.list_presets(v1::ListPresetsRequest {}).await?;
            let presets = answer.into_inner().presets;
            let presets: Vec<Preset> = presets.into_iter().map(Preset::from).collect();
            output.result(&presets, |presets| view::presets(presets))
        }
    }
}

fn show(policy: v1::Policy, output: Output) -> Result<(), Failure> {
    output.result(&Policy::from(policy), Policy::text)
}

async fn get(control: &ControlClient, policy: String) -> Result<v1::Policy, Failure> {
    let request = v1::GetPolicyRequest { policy };
    Ok(control.policies().get_policy(request).await?.into_inner())
}
