//! Much of everything: 10,000 keys, 1,000 policies and 5,000 tools. How soon a change is in force, what
//! changes do to calls that have nothing to do with them, and what a list of all tools takes.

use crate::{
    Failure,
    gateway::Gateway,
    http::{self, Connection},
    keys::{self, us},
    latency::Measured,
    options::{Era, Options, Transport},
    processes::Usage,
    upstreams,
};
use ostia_domain::clock;
use ostia_proto::v1::{
    self, create_policy_request::Source, upstream_definition::Transport as Reached,
};
use std::time::Duration;

const KEYS: usize = 10_000;
const POLICIES: usize = 1_000;
const UPSTREAMS: usize = 10;
const TOOLS: usize = 500;
/// Rules of the policy that lists are filtered by.
const RULES: usize = 100;
const LISTS: usize = 200;
/// Calls at once while changes come.
const AT_ONCE: usize = 8;
/// Between changes while calls go on.
const EVERY: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn measure(
    options: &Options,
    gateway: &Gateway,
    changes: usize,
) -> Result<(), Failure> {
    populate(gateway).await?;
    gateway.idle().await?;
    println!(
        "{KEYS} keys, {POLICIES} policies, {} tools",
        UPSTREAMS * TOOLS
    );
    println!();
    lists(gateway).await?;
    until_in_force(gateway, changes).await?;
    calls_meanwhile(options, gateway).await
}

async fn populate(gateway: &Gateway) -> Result<(), Failure> {
    let program = std::env::current_exe()?;
    let program = program.to_str().ok_or("a path in UTF-8")?;
    for n in 0..UPSTREAMS {
        let name = format!("u{n}");
        let stdio = v1::StdioCommand {
            program: program.to_owned(),
            args: vec!["--echo-upstream".to_owned(), TOOLS.to_string()],
            ..v1::StdioCommand::default()
        };
        let definition = v1::UpstreamDefinition {
            name: name.clone(),
            transport: Some(Reached::Stdio(stdio)),
            ..v1::UpstreamDefinition::default()
        };
        let definition = Some(definition);
        let request = v1::AddUpstreamRequest { definition };
        gateway.control.upstreams().add_upstream(request).await?;
        upstreams::ready(&gateway.control, &name).await?;
    }
    for n in 0..POLICIES {
        create_policy(gateway, format!("policy-{n}"), rules(&["*"], 10)).await?;
    }
    keys::create_many(gateway, KEYS).await?;
    Ok(())
}

/// As many globs as there are, none of which matches another's tools.
fn rules(upstreams: &[&str], count: usize) -> v1::Rules {
    let allow = (0..count).map(|n| format!("u{}.tool-{n}*", n % UPSTREAMS));
    v1::Rules {
        upstreams: upstreams.iter().map(ToString::to_string).collect(),
        allow: allow.collect(),
        max_tier: v1::Tier::Destructive.into(),
        ..v1::Rules::default()
    }
}

async fn create_policy(gateway: &Gateway, name: String, rules: v1::Rules) -> Result<(), Failure> {
    let source = Some(Source::Rules(rules));
    let request = v1::CreatePolicyRequest { name, source };
    gateway.control.policies().create_policy(request).await?;
    Ok(())
}

async fn update_policy(gateway: &Gateway, name: &str, rules: v1::Rules) -> Result<(), Failure> {
    let request = v1::UpdatePolicyRequest {
        policy: name.to_owned(),
        rules: Some(rules),
    };
    gateway.control.policies().update_policy(request).await?;
    Ok(())
}

async fn key_of(gateway: &Gateway, policy: &str) -> Result<String, Failure> {
    let request = v1::CreateKeyRequest {
        name: format!("key of {policy}"),
        policies: vec![policy.to_owned()],
        ..v1::CreateKeyRequest::default()
    };
    let made = gateway.control.keys().create_key(request).await?;
    Ok(made.into_inner().secret)
}

async fn lists(gateway: &Gateway) -> Result<(), Failure> {
    let some = "a hundred rules";
    create_policy(gateway, some.to_owned(), rules(&["u*"], RULES)).await?;
    println!("| tools/list under | p50 ms | p99 ms | max ms |");
    println!("|---|--:|--:|--:|");
    for (name, key) in [
        (some, key_of(gateway, some).await?),
        ("a rule for everything", gateway.key.clone()),
    ] {
        let request = gateway.modern(&key, "tools/list", "", "");
        let requests = vec![request; LISTS];
        let (took, _) = http::run_each(gateway.address(), &requests, 1).await?;
        keys::row(name, took);
    }
    println!();
    Ok(())
}

/// From the moment that somebody asks for a change to the first call that it allows or refuses.
async fn until_in_force(gateway: &Gateway, changes: usize) -> Result<(), Failure> {
    let name = "changing";
    let (echo, nothing) = (
        v1::Rules {
            allow: vec!["u0.echo".to_owned()],
            ..rules(&["u0"], 0)
        },
        rules(&["u0"], 0),
    );
    create_policy(gateway, name.to_owned(), echo.clone()).await?;
    let key = key_of(gateway, name).await?;
    let request = gateway.call(&key, "u0__echo", "x");
    let mut connection = Connection::open(gateway.address()).await?;
    connection.call(&request).await?;
    let mut took = Vec::with_capacity(changes);
    for n in 0..changes {
        let allows = n % 2 == 1;
        let rules = if allows {
            echo.clone()
        } else {
            nothing.clone()
        };
        let asked = clock::instant();
        update_policy(gateway, name, rules).await?;
        while connection.passes(&request).await? != allows {
            if asked.elapsed() > PATIENCE {
                return Err("a change does not reach the edge".into());
            }
        }
        took.push(asked.elapsed());
    }
    println!("| changes of a policy until in force | p50 ms | p99 ms | max ms |");
    println!("|--:|--:|--:|--:|");
    keys::row(&changes.to_string(), took);
    println!();
    Ok(())
}

async fn calls_meanwhile(options: &Options, gateway: &Gateway) -> Result<(), Failure> {
    let request = gateway
        .request(Era::Modern, Transport::Stdio, options.payload)
        .await?;
    let calls = || http::run(gateway.address(), &request, AT_ONCE, options.duration);
    calls().await?;
    println!("| {AT_ONCE} calls at once | calls/s | p50 µs | p99 µs | max µs |");
    println!("|---|--:|--:|--:|--:|");
    for round in 0..2 {
        gateway.idle().await?;
        let (quiet, elapsed) = calls().await?;
        told(&format!("nothing changes ({round})"), quiet, elapsed);
        gateway.idle().await?;
        let (busy, elapsed) = tokio::select! {
            calls = calls() => calls?,
            ended = keep_changing(gateway) => return ended,
        };
        told(
            &format!("a policy changes every {EVERY:?} ({round})"),
            busy,
            elapsed,
        );
    }
    Ok(())
}

async fn keep_changing(gateway: &Gateway) -> Result<(), Failure> {
    for n in 1.. {
        let name = format!("policy-{}", n % POLICIES);
        update_policy(gateway, &name, rules(&["*"], 1 + n % RULES)).await?;
        tokio::time::sleep(EVERY).await;
    }
    Ok(())
}

fn told(name: &str, latencies: Vec<Duration>, elapsed: Duration) {
    let measured = Measured::new(latencies, elapsed, Usage::default());
    println!(
        "| {name} | {:.0} | {:.0} | {:.0} | {:.0} |",
        measured.per_second(),
        us(measured.per_mille(500)),
        us(measured.per_mille(990)),
        us(measured.per_mille(1000)),
    );
}
