//! A manifest on its way to control: from YAML to a message, with secrets in place of references.

use super::{
    file::{Bundle, File, Group, Secrets, Transport, Upstream, VERSION},
    reference::Reference,
};
use crate::{config, failure::Failure};
use ostia_domain::upstream::PoolLimits;
use ostia_proto::v1::{self, upstream_definition};
use serde_saphyr::Spanned;
use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

pub(super) struct Manifest {
    pub(super) message: v1::Manifest,
    /// As errors call it.
    source: String,
    /// Of each object, as `plans.team`.
    lines: Vec<(String, u64)>,
}

/// Where something went wrong, and what.
pub(super) struct Problem {
    pub(super) line: u64,
    pub(super) place: String,
    pub(super) failure: Failure,
}

impl Manifest {
    /// `-` is stdin.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let (text, source) = if path.as_os_str() == "-" {
            let text = io::read_to_string(io::stdin());
            let failed = |error| Failure::new("cannot read stdin").because(&error);
            (text.map_err(failed)?, "stdin".to_owned())
        } else {
            let text = config::read_named("--file", path)?;
            (text, path.display().to_string())
        };
        let folder = path.parent().map_or_else(PathBuf::new, Path::to_owned);
        Self::parse(&text, source, &folder)
    }

    fn parse(text: &str, source: String, folder: &Path) -> Result<Self, Failure> {
        // Without the lines around an error: somebody may have written a secret there after all.
        let options = serde_saphyr::options! { with_snippet: false };
        let file: File = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
            let line = error.location().map_or(0, |at| at.line());
            let problem = error.to_string();
            let problem = problem
                .rsplit_once(" at line ")
                .map_or(&*problem, |(it, _)| it);
            let field = field_of_line(text, line).map_or(String::new(), |name| format!("{name}: "));
            Failure::usage(format!("{source}:{line}: {field}{problem}"))
        })?;
        if file.version.value != VERSION {
            let line = file.version.referenced.line();
            let problem = format!("{source}:{line}: version: this ostia reads {VERSION} alone");
            return Err(Failure::usage(problem));
        }
        let lines = file.lines();
        let message = file.message(folder).map_err(|problem| {
            let Problem {
                line,
                place,
                failure,
            } = problem;
            failure.while_doing(format!("{source}:{line}: {place}"))
        })?;
        Ok(Self {
            message,
            source,
            lines,
        })
    }

    /// Control knows the place, and not the line.
    pub(super) fn at_its_line(&self, failure: Failure) -> Failure {
        let is_there = |place: &str| {
            let rest = failure.message.strip_prefix(place);
            rest.is_some_and(|rest| rest.starts_with(['.', ':']))
        };
        let places = self.lines.iter().filter(|(place, _)| is_there(place));
        match places.max_by_key(|(place, _)| place.len()) {
            Some((_, line)) => {
                let message = format!("{}:{line}: {}", self.source, failure.message);
                Failure { message, ..failure }
            }
            None => failure,
        }
    }
}

/// The name before the colon: what comes after it may be a secret.
fn field_of_line(text: &str, line: u64) -> Option<&str> {
    let line = text
        .lines()
        .nth(usize::try_from(line).ok()?.checked_sub(1)?)?;
    let (name, _) = line.trim_start_matches([' ', '-']).split_once(':')?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    (!name.is_empty() && name.chars().all(is_name)).then_some(name)
}

impl File {
    fn lines(&self) -> Vec<(String, u64)> {
        let upstreams = self.upstreams.iter().map(|one| ("upstreams", &one.name));
        let policies = self.policies.iter().map(|one| ("policies", &one.name));
        let plans = self.plans.iter().map(|one| ("plans", &one.name));
        let bundles = self.bundles.iter().map(|one| ("bundles", &one.name));
        let groups = self.groups.iter().map(|one| ("groups", &one.name));
        let prices = self.prices.iter().map(|one| ("prices", &one.tools));
        let all = upstreams.chain(policies).chain(plans).chain(bundles);
        all.chain(groups)
            .chain(prices)
            .map(|(kind, name)| (format!("{kind}.{}", name.value), name.referenced.line()))
            .collect()
    }

    fn message(self, folder: &Path) -> Result<v1::Manifest, Problem> {
        let upstreams = self.upstreams.into_iter();
        let upstreams = upstreams.map(|upstream| upstream.definition(folder));
        let policies = self.policies.into_iter().map(|one| v1::ManifestPolicy {
            name: one.name.value,
            rules: one.rules.map(Into::into),
            preset: one.preset,
        });
        let plans = self.plans.into_iter().map(|one| v1::ManifestPlan {
            limits: Some(one.limits().into()),
            name: one.name.value,
        });
        let prices = self.prices.into_iter().map(|one| v1::ManifestPrice {
            tools: one.tools.value,
            micros: one.micros,
            currency: one.currency,
        });
        Ok(v1::Manifest {
            upstreams: upstreams.collect::<Result<_, _>>()?,
            policies: policies.collect(),
            plans: plans.collect(),
            bundles: self.bundles.into_iter().map(Into::into).collect(),
            groups: self.groups.into_iter().map(Into::into).collect(),
            prices: prices.collect(),
        })
    }
}

impl From<Bundle> for v1::ManifestBundle {
    fn from(bundle: Bundle) -> Self {
        let overrides = bundle.overrides.into_iter().map(Into::into);
        Self {
            name: bundle.name.value,
            selection: Some(v1::Selection {
                include: bundle.include,
                overrides: overrides.collect(),
            }),
        }
    }
}

impl From<Group> for v1::ManifestGroup {
    fn from(group: Group) -> Self {
        Self {
            name: group.name.value,
            policies: group.policies,
            plan: group.plan,
            members: group.members.map(|names| v1::GroupMembers { names }),
        }
    }
}

impl Upstream {
    fn definition(self, folder: &Path) -> Result<v1::UpstreamDefinition, Problem> {
        let place = format!("upstreams.{}", self.name.value);
        let line = self.name.referenced.line();
        let problem = |message: String| Problem {
            line,
            place: place.clone(),
            failure: Failure::usage(message),
        };
        let of_an_endpoint = self.url.is_some()
            || !self.headers.is_empty()
            || self.allow_private_network
            || self.credential.is_some();
        let of_a_command = self.program.is_some()
            || !self.args.is_empty()
            || !self.env.is_empty()
            || self.cwd.is_some();
        let is_command = self.transport == Transport::Stdio;
        if is_command && of_an_endpoint {
            let text = "a command has no url, headers, allow_private_network or credential";
            return Err(problem(text.to_owned()));
        }
        if !is_command && of_a_command {
            let text = "a url has no program, args, env or cwd";
            return Err(problem(text.to_owned()));
        }
        let transport = if is_command {
            upstream_definition::Transport::Stdio(v1::StdioCommand {
                program: self
                    .program
                    .ok_or_else(|| problem("program is missing".to_owned()))?,
                args: self.args,
                env: secrets(self.env, folder, &format!("{place}.env"))?,
                cwd: self.cwd,
            })
        } else {
            let at = format!("{place}.credential");
            let credential = self.credential.map(|one| one.message(folder, &at));
            let endpoint = v1::HttpEndpoint {
                url: self
                    .url
                    .ok_or_else(|| problem("url is missing".to_owned()))?,
                headers: secrets(self.headers, folder, &format!("{place}.headers"))?,
                allow_private_network: self.allow_private_network,
                credential: credential.transpose()?,
            };
            match self.transport {
                Transport::Sse => upstream_definition::Transport::Sse(endpoint),
                _ => upstream_definition::Transport::Http(endpoint),
            }
        };
        let pool = PoolLimits {
            min_idle: self.pool.min_idle,
            max_workers: self.pool.max_workers,
            max_in_flight: self.pool.max_in_flight,
            max_queue: self.pool.max_queue,
            queue_timeout: Duration::from_millis(self.pool.queue_timeout_ms),
            idle_timeout: Duration::from_millis(self.pool.idle_timeout_ms),
            calls_per_minute: self.pool.calls_per_minute,
            tool_calls_per_minute: self.pool.tool_calls_per_minute,
        };
        let limit = self.call_timeout_ms.map(Duration::from_millis);
        Ok(v1::UpstreamDefinition {
            name: self.name.value,
            transport: Some(transport),
            isolation: v1::Isolation::from(self.isolation).into(),
            protocol: v1::UpstreamProtocol::from(self.protocol).into(),
            pool: Some(pool.into()),
            // Only fails beyond 292 billion years.
            call_timeout: limit.and_then(|limit| limit.try_into().ok()),
            demo: self.demo,
            keep_arguments: self.keep_arguments,
        })
    }
}

fn secrets(
    references: Secrets,
    folder: &Path,
    place: &str,
) -> Result<HashMap<String, String>, Problem> {
    let values = references.into_iter().map(|(name, reference)| {
        let value = value(&reference, folder, || format!("{place}.{name}"))?;
        Ok((name, value))
    });
    values.collect()
}

pub(super) fn value(
    reference: &Spanned<Reference>,
    folder: &Path,
    place: impl Fn() -> String,
) -> Result<String, Problem> {
    reference.value.value(folder).map_err(|failure| Problem {
        line: reference.referenced.line(),
        place: place(),
        failure,
    })
}
