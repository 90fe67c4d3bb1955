//! `ostia policies`: who may call what.

mod view;

use crate::{failure::Failure, output::Output};
use clap::Subcommand;
use ostia_proto::{
    ControlClient,
    v1::{self, create_policy_request::Source},
};
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
        #[arg(long, conflicts_with = "PatternArgs", value_name = "PRESET")]
        preset: Option<String>,
        #[command(flatten)]
        rules: PatternArgs,
    },
    /// Replace the lists that are named; the others stay
    Update {
        #[command(flatten)]
        policy: Named,
        #[command(flatten)]
        rules: PatternArgs,
        /// Empty this list; repeatable
        #[arg(long, value_delimiter = ',', value_name = "LIST")]
        clear: Vec<List>,
    },
    /// Remove a policy that nothing is bound by
    Delete(Named),
    /// List the ready-made rules
    Presets,
}

#[derive(clap::Args)]
pub(crate) struct Named {
    /// Its name or id
    policy: String,
}

/// In patterns `*` is any run of characters and `?` is one.
#[derive(clap::Args, Default)]
#[group(id = "PatternArgs", multiple = true)]
pub(crate) struct PatternArgs {
    /// Upstreams that can be seen, by name; repeatable [default: those that --allow can match]
    #[arg(long = "upstream", value_delimiter = ',', value_name = "PATTERN")]
    upstreams: Vec<String>,
    /// Tools that may be called, as `github.get_*`; repeatable
    #[arg(long, value_delimiter = ',', value_name = "PATTERN")]
    allow: Vec<String>,
    /// Tools that may not, whatever allows them; repeatable
    #[arg(long, value_delimiter = ',', value_name = "PATTERN")]
    deny: Vec<String>,
    /// Only tools that are annotated as read-only
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    read_only: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum List {
    Upstreams,
    Allow,
    Deny,
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
            let request = v1::UpdatePolicyRequest {
                policy: policy.id,
                rules: Some(rules.applied_to(policy.rules.unwrap_or_default(), &clear)),
            };
            show(client.update_policy(request).await?.into_inner(), output)
        }
        Command::Delete(policy) => {
            let policy = get(control, policy.policy).await?;
            let request = v1::DeletePolicyRequest {
                policy: policy.id.clone(),
            };
            client.delete_policy(request).await?;
            let deleted = serde_json::json!({ "deleted": policy.id });
            output.result(&deleted, |_| format!("deleted {}", policy.name))
        }
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

impl PatternArgs {
    /// Rules of a new policy.
    fn into_new(self) -> Result<v1::Rules, Failure> {
        if self.allow.is_empty() {
            return Err(
                Failure::usage("a policy without --allow would allow nothing").hint(
                    "name tools with --allow 'UPSTREAM.*', or copy rules with --preset read-only",
                ),
            );
        }
        let upstreams = if self.upstreams.is_empty() {
            self.allow
                .iter()
                .map(|pattern| upstream_of(pattern))
                .collect()
        } else {
            self.upstreams
        };
        Ok(v1::Rules {
            upstreams,
            allow: self.allow,
            deny: self.deny,
            read_only: self.read_only.unwrap_or(false),
        })
    }

    /// The rules there are, with the lists replaced that were given or cleared.
    fn applied_to(self, rules: v1::Rules, clear: &[List]) -> v1::Rules {
        let replace = |given: Vec<String>, old: Vec<String>, list| {
            if clear.contains(&list) || !given.is_empty() {
                given
            } else {
                old
            }
        };
        v1::Rules {
            upstreams: replace(self.upstreams, rules.upstreams, List::Upstreams),
            allow: replace(self.allow, rules.allow, List::Allow),
            deny: replace(self.deny, rules.deny, List::Deny),
            read_only: self.read_only.unwrap_or(rules.read_only),
        }
    }
}

/// The part of a tool pattern that is about the upstream; one without a dot may match any.
fn upstream_of(pattern: &str) -> String {
    match pattern.split_once('.') {
        Some((upstream, _)) => upstream.to_owned(),
        None => "*".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upstreams_follow_from_the_tools() {
        let args = PatternArgs {
            allow: vec!["github.get_*".into(), "*".into()],
            ..PatternArgs::default()
        };
        assert_eq!(args.into_new().unwrap().upstreams, ["github", "*"]);
    }

    #[test]
    fn an_update_leaves_what_it_does_not_name() {
        let old = v1::Rules {
            upstreams: vec!["a".into()],
            allow: vec!["a.*".into()],
            deny: vec!["a.rm".into()],
            read_only: true,
        };
        let args = PatternArgs {
            allow: vec!["a.x".into()],
            ..PatternArgs::default()
        };
        let new = args.applied_to(old, &[List::Deny]);
        assert_eq!(new.upstreams, ["a"]);
        assert_eq!(new.allow, ["a.x"]);
        assert!(new.deny.is_empty() && new.read_only);
    }
}
