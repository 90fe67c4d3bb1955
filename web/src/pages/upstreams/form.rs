//! A definition as a form, and back. What is secret goes one way: a form never has a value in it, and one that
//! comes back without a value leaves what there was.

mod args;

use crate::components::{
    form::Posted,
    rows::{self, words},
};
use ostia_domain::upstream::{Isolation, Protocol};
use ostia_proto::v1::{
    self, http_endpoint::Credential as Presented, upstream_definition::Transport,
};
use std::{collections::HashMap, time::Duration};

pub(super) const ENV: &str = "env";
pub(super) const HEADERS: &str = "headers";
/// Rows that a form begins with, beside the empty one at its end.
const ROWS: usize = 2;

/// How an upstream is reached, which decides what its form has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Stdio,
    Http,
    Sse,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Stdio, Self::Http, Self::Sse];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Stdio => "stdio",
            Self::Http => "http",
            Self::Sse => "sse",
        }
    }

    pub(super) fn said(self) -> &'static str {
        match self {
            Self::Stdio => "A command",
            Self::Http => "Streamable HTTP",
            Self::Sse => "HTTP+SSE",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    pub(super) fn of(definition: &v1::UpstreamDefinition) -> Self {
        match definition.transport {
            Some(Transport::Http(_)) => Self::Http,
            Some(Transport::Sse(_)) => Self::Sse,
            Some(Transport::Stdio(_)) | None => Self::Stdio,
        }
    }
}

/// Names of variables or headers that have a value.
pub(super) fn given(definition: &v1::UpstreamDefinition) -> Vec<String> {
    let names = match &definition.transport {
        Some(Transport::Stdio(command)) => command.env.keys(),
        Some(Transport::Http(endpoint) | Transport::Sse(endpoint)) => endpoint.headers.keys(),
        None => return Vec::new(),
    };
    let mut names: Vec<_> = names.cloned().collect();
    names.sort_unstable();
    names
}

/// Of an upstream that is not there yet.
pub(super) fn fresh() -> Posted {
    let mut posted = Posted::default();
    for group in [ENV, HEADERS] {
        rows::push_count(&mut posted, group, ROWS);
    }
    posted
}

pub(super) fn of(definition: &v1::UpstreamDefinition) -> Posted {
    let mut posted = Posted::default();
    match &definition.transport {
        Some(Transport::Stdio(command)) => {
            posted.push("program", &command.program);
            posted.push("args", args::shown(&command.args));
            posted.push("cwd", command.cwd.clone().unwrap_or_default());
            names(&mut posted, ENV, definition);
        }
        Some(Transport::Http(endpoint) | Transport::Sse(endpoint)) => {
            posted.push("url", &endpoint.url);
            let allowed = endpoint.allow_private_network;
            posted.push("allow_private_network", allowed.to_string());
            names(&mut posted, HEADERS, definition);
            presented(&mut posted, endpoint.credential.as_ref());
        }
        None => {}
    }
    let isolation = Isolation::from(definition.isolation());
    posted.push("isolation", isolation.as_str());
    let protocol = Protocol::from(definition.protocol());
    posted.push("protocol", protocol.as_str());
    posted.push("keep_arguments", definition.keep_arguments.to_string());
    let pool = definition.pool.unwrap_or_default();
    for (name, number) in [
        ("min_idle", pool.min_idle),
        ("max_workers", pool.max_workers),
        ("max_in_flight", pool.max_in_flight),
        ("max_queue", pool.max_queue),
        ("calls_per_minute", pool.calls_per_minute),
        ("tool_calls_per_minute", pool.tool_calls_per_minute),
    ] {
        posted.push(name, number.map(|n| n.to_string()).unwrap_or_default());
    }
    for (name, span) in [
        ("queue_timeout", pool.queue_timeout),
        ("idle_timeout", pool.idle_timeout),
        ("call_timeout", definition.call_timeout),
    ] {
        let span = span.and_then(|span| Duration::try_from(span).ok());
        let seconds = span.map(|span| span.as_secs_f64().to_string());
        posted.push(name, seconds.unwrap_or_default());
    }
    posted
}

fn names(posted: &mut Posted, group: &str, definition: &v1::UpstreamDefinition) {
    let names = given(definition);
    rows::push_count(posted, group, names.len());
    for (row, name) in names.into_iter().enumerate() {
        posted.push(&rows::name(group, row, "name"), name);
    }
}

fn presented(posted: &mut Posted, credential: Option<&Presented>) {
    match credential {
        None => posted.push("credential", "none"),
        Some(Presented::Bearer(_)) => posted.push("credential", "bearer"),
        Some(Presented::Basic(basic)) => {
            posted.push("credential", "basic");
            posted.push("username", &basic.username);
        }
        Some(Presented::ClientCredentials(grant)) => {
            posted.push("credential", "client-credentials");
            posted.push("username", &grant.client_id);
            posted.push("token_url", &grant.token_url);
            posted.push("scopes", grant.scopes.join(" "));
            posted.push("resource", grant.resource.clone().unwrap_or_default());
            posted.push("audience", grant.audience.clone().unwrap_or_default());
            let authentication = match grant.authentication() {
                v1::ClientAuthentication::Post => "post",
                v1::ClientAuthentication::Basic | v1::ClientAuthentication::Unspecified => "basic",
            };
            posted.push("authentication", authentication);
        }
    }
}

/// What the form says. `before` is the definition that it changes. What is no number or no list is refused in
/// `posted`; the rest is control's to refuse.
pub(super) fn definition(
    posted: &mut Posted,
    kind: Kind,
    before: Option<&v1::UpstreamDefinition>,
) -> v1::UpstreamDefinition {
    let name = before.map_or_else(|| posted.get("name"), |before| before.name.as_str());
    let name = name.to_owned();
    let isolation = Isolation::parse(posted.get("isolation")).unwrap_or_default();
    let protocol = Protocol::parse(posted.get("protocol")).unwrap_or_default();
    let transport = match kind {
        Kind::Stdio => Transport::Stdio(command(posted)),
        Kind::Http => Transport::Http(endpoint(posted)),
        Kind::Sse => Transport::Sse(endpoint(posted)),
    };
    v1::UpstreamDefinition {
        name,
        transport: Some(transport),
        isolation: v1::Isolation::from(isolation).into(),
        protocol: v1::UpstreamProtocol::from(protocol).into(),
        pool: Some(pool(posted)),
        call_timeout: seconds(posted, "call_timeout"),
        keep_arguments: posted.get("keep_arguments") == "true",
        demo: before.is_some_and(|before| before.demo),
    }
}

fn pool(posted: &mut Posted) -> v1::PoolLimits {
    v1::PoolLimits {
        min_idle: posted.number("min_idle"),
        max_workers: posted.number("max_workers"),
        max_in_flight: posted.number("max_in_flight"),
        max_queue: posted.number("max_queue"),
        queue_timeout: seconds(posted, "queue_timeout"),
        idle_timeout: seconds(posted, "idle_timeout"),
        calls_per_minute: posted.number("calls_per_minute"),
        tool_calls_per_minute: posted.number("tool_calls_per_minute"),
    }
}

fn seconds(posted: &mut Posted, name: &str) -> Option<prost_types::Duration> {
    let seconds: f64 = posted.number(name)?;
    let span = Duration::try_from_secs_f64(seconds).ok();
    let span = span.and_then(|span| prost_types::Duration::try_from(span).ok());
    if span.is_none() {
        posted.refuse(name, "is not a number of seconds");
    }
    span
}

fn some(posted: &Posted, name: &str) -> Option<String> {
    Some(posted.get(name).to_owned()).filter(|text| !text.is_empty())
}

fn command(posted: &mut Posted) -> v1::StdioCommand {
    v1::StdioCommand {
        program: posted.get("program").to_owned(),
        args: args(posted),
        env: pairs(posted, ENV),
        cwd: some(posted, "cwd"),
    }
}

fn endpoint(posted: &mut Posted) -> v1::HttpEndpoint {
    v1::HttpEndpoint {
        url: posted.get("url").to_owned(),
        headers: pairs(posted, HEADERS),
        allow_private_network: posted.get("allow_private_network") == "true",
        credential: credential(posted),
    }
}

/// Spaces at its ends belong to a secret.
fn credential(posted: &Posted) -> Option<Presented> {
    let username = posted.get("username").to_owned();
    let secret = posted.raw("secret").to_owned();
    Some(match posted.get("credential") {
        "bearer" => Presented::Bearer(v1::BearerCredential { token: secret }),
        "basic" => Presented::Basic(v1::BasicCredential {
            username,
            password: secret,
        }),
        "client-credentials" => {
            let authentication = match posted.get("authentication") {
                "post" => v1::ClientAuthentication::Post,
                _ => v1::ClientAuthentication::Basic,
            };
            Presented::ClientCredentials(v1::ClientCredentials {
                token_url: posted.get("token_url").to_owned(),
                client_id: username,
                client_secret: secret,
                scopes: words(posted.get("scopes")),
                resource: some(posted, "resource"),
                audience: some(posted, "audience"),
                authentication: authentication.into(),
            })
        }
        _ => return None,
    })
}

/// Variables or headers. A row without a name is left out, unless it has a value.
fn pairs(posted: &mut Posted, group: &'static str) -> HashMap<String, String> {
    let mut pairs = HashMap::new();
    for row in 0..rows::count(posted, group) {
        let name = posted.get(&rows::name(group, row, "name")).to_owned();
        let value = posted.raw(&rows::name(group, row, "value")).to_owned();
        if name.is_empty() && value.is_empty() {
            continue;
        }
        let problem = if name.is_empty() {
            Some("there is a value without a name".to_owned())
        } else if pairs.contains_key(&name) {
            Some(format!("{name:?} is there twice"))
        } else {
            None
        };
        if let Some(problem) = problem {
            posted.refuse(group, format!("row {}: {problem}", row + 1));
        }
        pairs.insert(name, value);
    }
    pairs
}

fn args(posted: &mut Posted) -> Vec<String> {
    let args = args::read(posted.get("args"));
    if args.is_none() {
        posted.refuse("args", "begins like a list in JSON and is no list of texts");
    }
    args.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stdio(args: &[&str]) -> v1::UpstreamDefinition {
        v1::UpstreamDefinition {
            name: "files".to_owned(),
            transport: Some(Transport::Stdio(v1::StdioCommand {
                program: "run".to_owned(),
                args: args.iter().map(ToString::to_string).collect(),
                env: HashMap::from([("TOKEN".to_owned(), String::new())]),
                cwd: Some("/srv".to_owned()),
            })),
            isolation: v1::Isolation::Key.into(),
            protocol: v1::UpstreamProtocol::Legacy.into(),
            call_timeout: prost_types::Duration::try_from(Duration::from_millis(1_500)).ok(),
            pool: Some(v1::PoolLimits {
                max_workers: Some(3),
                ..v1::PoolLimits::default()
            }),
            keep_arguments: true,
            ..v1::UpstreamDefinition::default()
        }
    }

    #[test]
    fn a_definition_comes_back_from_its_form_as_it_was() {
        for args in [
            &["-y", "server"][..],
            &[],
            &["two\nlines", ""],
            &[" spaced "],
            &["[1]"],
        ] {
            let before = stdio(args);
            let mut posted = of(&before);
            let after = definition(&mut posted, Kind::Stdio, Some(&before));
            assert_eq!(after, before);
            assert!(!posted.is_refused());
        }
        let grant = v1::ClientCredentials {
            token_url: "https://login.example/token".to_owned(),
            client_id: "ostia".to_owned(),
            scopes: vec!["a".to_owned(), "b".to_owned()],
            audience: Some("mcp".to_owned()),
            authentication: v1::ClientAuthentication::Post.into(),
            ..v1::ClientCredentials::default()
        };
        let endpoint = v1::HttpEndpoint {
            url: "http://localhost:9000/mcp".to_owned(),
            headers: HashMap::from([("x-a".to_owned(), String::new())]),
            allow_private_network: true,
            credential: Some(Presented::ClientCredentials(grant)),
        };
        let before = v1::UpstreamDefinition {
            transport: Some(Transport::Http(endpoint)),
            ..stdio(&[])
        };
        let after = definition(&mut of(&before), Kind::of(&before), Some(&before));
        assert_eq!(after, before);
    }

    #[test]
    fn what_cannot_be_read_is_refused_beside_its_field() {
        let mut posted = fresh();
        posted.push("args", "[1, 2]");
        posted.push("call_timeout", "-1");
        posted.push("max_workers", "some");
        posted.push("env-1-value", "hush");
        definition(&mut posted, Kind::Stdio, None);
        for field in ["args", "call_timeout", "max_workers", ENV] {
            assert!(posted.problem(field).is_some(), "{field}");
        }
    }
}
