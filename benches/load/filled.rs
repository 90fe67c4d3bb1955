//! A database as a large installation has it after two months.
//!
//! Users, keys, policies and upstreams are made through the services that people use, and calls are handed over
//! as edges do it: usage, its sums and audit events are what the product itself makes of them.

use crate::{Failure, gateway::Gateway, upstreams};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use ostia_domain::clock;
use ostia_proto::v1::{self, upstream_definition::Transport as Reached};
use uuid::Uuid;

const USERS: usize = 300;
const KEYS: usize = 10_000;
const UPSTREAMS: usize = 10;
const TOOLS: usize = 100;
const CALLS: usize = 1_000_000;
const DAYS: u64 = 60;
/// In one message.
const BATCH: usize = 1_000;
/// Tools that one key calls; no key calls all that there are.
const FAVOURITES: u64 = 8;
const AT_ONCE: usize = 16;
const DAY_MS: u64 = 86_400_000;

/// Of a thousand calls; the rest went well.
const ENDED: [(u64, &str); 5] = [
    (10, "denied"),
    (8, "tool_error"),
    (5, "upstream_error"),
    (3, "rate_limited"),
    (1, "timeout"),
];

/// What pages are opened of.
pub(crate) struct Filled {
    /// The member whose keys are used most.
    pub(crate) member: String,
    /// Of that member: the one used most, and the one used least.
    pub(crate) busy_key: String,
    pub(crate) quiet_key: String,
}

struct Key {
    id: Uuid,
    name: String,
    owner: Uuid,
    owner_name: String,
}

pub(crate) async fn fill(gateway: &Gateway) -> Result<Filled, Failure> {
    let started = clock::instant();
    for n in 0..UPSTREAMS {
        upstream(gateway, n).await?;
    }
    let users = users(gateway).await?;
    let keys = (0..KEYS).map(|n| key(gateway, n, &users[n % USERS]));
    let keys: Vec<Key> = stream::iter(keys).buffered(AT_ONCE).try_collect().await?;
    calls(gateway, &keys).await?;
    gateway.idle().await?;
    println!(
        "{USERS} users, {KEYS} keys, {} tools, {CALLS} calls in {DAYS} days; made in {:.0} s",
        UPSTREAMS * TOOLS,
        started.elapsed().as_secs_f64()
    );
    println!();
    Ok(Filled {
        member: keys[0].owner_name.clone(),
        busy_key: keys[0].id.to_string(),
        quiet_key: keys[KEYS - KEYS % USERS - USERS].id.to_string(),
    })
}

async fn upstream(gateway: &Gateway, n: usize) -> Result<(), Failure> {
    let program = std::env::current_exe()?;
    let stdio = v1::StdioCommand {
        program: program.to_str().ok_or("a path in UTF-8")?.to_owned(),
        // And the one that is called.
        args: vec!["--echo-upstream".to_owned(), (TOOLS - 1).to_string()],
        ..v1::StdioCommand::default()
    };
    let definition = v1::UpstreamDefinition {
        name: upstream_name(n),
        transport: Some(Reached::Stdio(stdio)),
        ..v1::UpstreamDefinition::default()
    };
    let definition = Some(definition);
    let request = v1::AddUpstreamRequest { definition };
    gateway.control.upstreams().add_upstream(request).await?;
    upstreams::ready(&gateway.control, &upstream_name(n)).await
}

fn upstream_name(n: usize) -> String {
    format!("upstream-{n}")
}

async fn users(gateway: &Gateway) -> Result<Vec<(Uuid, String)>, Failure> {
    let made = (0..USERS).map(async |n| {
        let request = v1::CreateUserRequest {
            name: format!("member-{n}"),
            policies: vec!["bench".to_owned()],
            ..v1::CreateUserRequest::default()
        };
        let user = gateway.control.identity().create_user(request).await?;
        let user = user.into_inner();
        Ok::<_, Failure>((user.id.parse()?, user.name))
    });
    stream::iter(made).buffered(AT_ONCE).try_collect().await
}

async fn key(gateway: &Gateway, n: usize, owner: &(Uuid, String)) -> Result<Key, Failure> {
    let request = v1::CreateKeyRequest {
        name: format!("key-{n}"),
        owner: Some(owner.1.clone()),
        policies: vec!["bench".to_owned()],
        never_expires: n.is_multiple_of(50),
        ..v1::CreateKeyRequest::default()
    };
    let made = gateway.control.keys().create_key(request).await?;
    let key = made.into_inner().key.ok_or("no key")?;
    Ok(Key {
        id: key.id.parse()?,
        name: key.name,
        owner: owner.0,
        owner_name: owner.1.clone(),
    })
}

/// Oldest first, evenly over the days, as edges would have sent them.
async fn calls(gateway: &Gateway, keys: &[Key]) -> Result<(), Failure> {
    let now = u64::try_from(clock::now().timestamp_millis())?;
    let begin = now - DAYS * DAY_MS;
    let mut random = Random(1);
    let mut sync = gateway.control.sync();
    for batch in 0..CALLS / BATCH {
        let records = (0..BATCH).map(|n| {
            let n = u64::try_from(batch * BATCH + n)?;
            let at_ms = begin + n * (DAYS * DAY_MS) / u64::try_from(CALLS)?;
            call(&mut random, at_ms, keys)
        });
        let records = records.collect::<Result<_, Failure>>()?;
        sync.record(v1::RecordRequest { records }).await?;
    }
    Ok(())
}

fn call(random: &mut Random, at_ms: u64, keys: &[Key]) -> Result<v1::CallRecord, Failure> {
    let key = &keys[random.skewed(keys.len())?];
    // Which ones are favourites is as arbitrary as the end of the key's id (it begins with a time), and stays.
    let favourite = random.below(FAVOURITES);
    let tool =
        Random(key.id.as_u64_pair().1 ^ (favourite << 32)).below(u64::try_from(UPSTREAMS * TOOLS)?);
    let (upstream, tool) = (usize::try_from(tool)? % UPSTREAMS, tool / UPSTREAMS as u64);
    let id = (u128::from(at_ms) << 80) | (7 << 76) | (2 << 62) | u128::from(random.next() >> 2);
    let request_id = u128::from(random.next());
    Ok(v1::CallRecord {
        id: Uuid::from_u128(id).as_bytes().to_vec(),
        at_us: i64::try_from(at_ms * 1_000)?,
        request_id: Uuid::from_u128(request_id).as_bytes().to_vec(),
        caller: Some(v1::RecordedCaller {
            key_id: key.id.as_bytes().to_vec(),
            key_name: key.name.clone(),
            owner_id: key.owner.as_bytes().to_vec(),
            owner_name: key.owner_name.clone(),
        }),
        method: "tools/call".to_owned(),
        upstream: Some(upstream_name(upstream)),
        tool: Some(match tool {
            0 => "echo".to_owned(),
            n => format!("tool-{}", n - 1),
        }),
        outcome: outcome(random.below(1_000)).to_owned(),
        rule: Some("bench: allow *".to_owned()),
        arguments_digest: Some(vec![7; 32]),
        duration_us: 500 + random.below(200) * random.below(200) * 10,
        request_bytes: 150 + random.below(500),
        result_bytes: 200 + random.below(20_000),
        remote_address: Some("192.0.2.7".to_owned()),
        client: Some("bench/1.0".to_owned()),
        ..v1::CallRecord::default()
    })
}

fn outcome(mut of_thousand: u64) -> &'static str {
    for (share, outcome) in ENDED {
        if of_thousand < share {
            return outcome;
        }
        of_thousand -= share;
    }
    "ok"
}

/// `SplitMix64`: the same calls in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// A tenth of them is met in a third of all cases.
    fn skewed(&mut self, bound: usize) -> Result<usize, Failure> {
        let bound = u64::try_from(bound)?;
        let (one, other) = (self.below(bound), self.below(bound));
        Ok(usize::try_from(one * other / bound)?)
    }
}
