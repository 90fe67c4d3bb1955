//! What control has as a manifest. Of secrets it says which variable would give them.

use super::{
    file::{
        Bundle, Credential, CredentialKind, File, Group, Plan, Policy, Pool, Price, Secrets,
        Transport, Upstream, VERSION,
    },
    reference::Reference,
};
use crate::failure::Failure;
use ostia_domain::{
    plan::Limits,
    policy::Rules,
    upstream::{Isolation, PoolLimits, Protocol},
};
use ostia_proto::v1::{self, http_endpoint, upstream_definition};
use serde_saphyr::{Location, Spanned};
use std::{collections::HashMap, fmt::Write as _, time::Duration};

/// The file, with the variables that it takes at its head.
pub(super) fn yaml(file: &File) -> Result<String, Failure> {
    let mut text = "# What this Ostia is; `ostia apply -f` makes another one so.\n".to_owned();
    let needed = file.references();
    if !needed.is_empty() {
        text.push_str("# Where there is no value yet, it is taken from the environment:\n");
        for (place, variable) in needed {
            let _ = writeln!(text, "#   {variable}  {place}");
        }
    }
    let body = serde_saphyr::to_string(file)
        .map_err(|error| Failure::new("cannot write the manifest").because(&error))?;
    Ok(text + &body)
}

impl File {
    /// Places of secrets, and the variables that would give them.
    pub(super) fn references(&self) -> Vec<(String, String)> {
        let mut references = Vec::new();
        for upstream in &self.upstreams {
            let place = format!("upstreams.{}", upstream.name.value);
            let mut add = |field: String, reference: &Spanned<Reference>| {
                if let Some(variable) = &reference.value.env {
                    references.push((format!("{place}.{field}"), variable.clone()));
                }
            };
            for (name, reference) in &upstream.env {
                add(format!("env.{name}"), reference);
            }
            for (name, reference) in &upstream.headers {
                add(format!("headers.{name}"), reference);
            }
            if let Some(credential) = &upstream.credential {
                for (field, reference) in [
                    ("token", &credential.token),
                    ("password", &credential.password),
                    ("client_secret", &credential.client_secret),
                ] {
                    if let Some(reference) = reference {
                        add(format!("credential.{field}"), reference);
                    }
                }
            }
        }
        references
    }
}

/// Of values that stand nowhere.
fn made<T>(value: T) -> Spanned<T> {
    Spanned::new(value, Location::UNKNOWN, Location::UNKNOWN)
}

/// `OSTIA_GITHUB_TOKEN` for the variable TOKEN of github.
fn reference(upstream: &str, name: &str) -> Spanned<Reference> {
    let text = format!("ostia_{upstream}_{name}").to_ascii_uppercase();
    let variable = text.chars().map(|c| match c {
        c if c.is_ascii_alphanumeric() => c,
        _ => '_',
    });
    made(Reference::exported(variable.collect()))
}

fn secrets(upstream: &str, values: HashMap<String, String>) -> Secrets {
    let names = values.into_keys();
    names
        .map(|name| (name.clone(), reference(upstream, &name)))
        .collect()
}

impl From<v1::Manifest> for File {
    fn from(manifest: v1::Manifest) -> Self {
        let policies = manifest.policies.into_iter().map(|policy| Policy {
            name: made(policy.name),
            preset: policy.preset,
            rules: policy.rules.and_then(|rules| Rules::try_from(rules).ok()),
        });
        let plans = manifest.plans.into_iter().map(|plan| {
            let limits = Limits::try_from(plan.limits.unwrap_or_default()).unwrap_or_default();
            Plan {
                name: made(plan.name),
                calls_per_minute: limits.calls_per_minute,
                burst: limits.burst,
                max_in_flight: limits.max_in_flight,
                calls_per_day: limits.calls_per_day,
                calls_per_month: limits.calls_per_month,
            }
        });
        let bundles = manifest.bundles.into_iter().map(|bundle| {
            let selection = bundle.selection.unwrap_or_default();
            Bundle {
                name: made(bundle.name),
                include: selection.include,
                overrides: selection.overrides.into_iter().map(Into::into).collect(),
            }
        });
        let groups = manifest.groups.into_iter().map(|group| Group {
            name: made(group.name),
            policies: group.policies,
            plan: group.plan,
            members: group.members.map(|members| members.names),
        });
        let prices = manifest.prices.into_iter().map(|price| Price {
            tools: made(price.tools),
            micros: price.micros,
            currency: price.currency,
        });
        let upstreams = manifest.upstreams.into_iter();
        Self {
            version: made(VERSION),
            upstreams: upstreams.filter_map(upstream).collect(),
            policies: policies.collect(),
            plans: plans.collect(),
            bundles: bundles.collect(),
            groups: groups.collect(),
            prices: prices.collect(),
        }
    }
}

/// `None`: control keeps no upstream without a way to it.
fn upstream(definition: v1::UpstreamDefinition) -> Option<Upstream> {
    let isolation: Isolation = definition.isolation().into();
    let protocol: Protocol = definition.protocol().into();
    let pool = PoolLimits::try_from(definition.pool.unwrap_or_default()).unwrap_or_default();
    let limit = definition.call_timeout.and_then(|span| {
        let span = Duration::try_from(span).ok()?;
        u64::try_from(span.as_millis()).ok()
    });
    let mut upstream = Upstream {
        name: made(definition.name),
        transport: Transport::Stdio,
        program: None,
        args: Vec::new(),
        env: Secrets::new(),
        cwd: None,
        url: None,
        headers: Secrets::new(),
        allow_private_network: false,
        credential: None,
        isolation,
        protocol,
        call_timeout_ms: limit,
        pool: Pool::from(pool),
        keep_arguments: definition.keep_arguments,
        demo: definition.demo,
    };
    let name = upstream.name.value.clone();
    let endpoint = match definition.transport? {
        upstream_definition::Transport::Stdio(command) => {
            upstream.program = Some(command.program);
            upstream.args = command.args;
            upstream.env = secrets(&name, command.env);
            upstream.cwd = command.cwd;
            return Some(upstream);
        }
        upstream_definition::Transport::Http(endpoint) => {
            upstream.transport = Transport::Http;
            endpoint
        }
        upstream_definition::Transport::Sse(endpoint) => {
            upstream.transport = Transport::Sse;
            endpoint
        }
    };
    upstream.url = Some(endpoint.url);
    upstream.headers = secrets(&name, endpoint.headers);
    upstream.allow_private_network = endpoint.allow_private_network;
    upstream.credential = endpoint
        .credential
        .map(|presented| credential(&name, presented));
    Some(upstream)
}

fn credential(upstream: &str, presented: http_endpoint::Credential) -> Credential {
    let secret = |name| Some(reference(upstream, name));
    let empty = |kind| Credential {
        kind: made(kind),
        token: None,
        username: None,
        password: None,
        token_url: None,
        client_id: None,
        client_secret: None,
        scopes: Vec::new(),
        resource: None,
        audience: None,
        authentication: None,
    };
    match presented {
        http_endpoint::Credential::Bearer(_) => Credential {
            token: secret("token"),
            ..empty(CredentialKind::Bearer)
        },
        http_endpoint::Credential::Basic(basic) => Credential {
            username: Some(basic.username),
            password: secret("password"),
            ..empty(CredentialKind::Basic)
        },
        http_endpoint::Credential::ClientCredentials(grant) => Credential {
            authentication: Some(grant.authentication().into()),
            token_url: Some(grant.token_url),
            client_id: Some(grant.client_id),
            client_secret: secret("client_secret"),
            scopes: grant.scopes,
            resource: grant.resource,
            audience: grant.audience,
            ..empty(CredentialKind::ClientCredentials)
        },
    }
}
