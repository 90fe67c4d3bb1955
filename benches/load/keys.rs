//! What keys cost: the first use of each, later ones, and how long one that was revoked still passes.

use crate::{
    Failure,
    gateway::Gateway,
    http::{self, Connection},
    latency::Measured,
    processes::Usage,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use ostia_domain::clock;
use ostia_proto::v1;
use std::time::Duration;

/// Requests and changes at once.
const AT_ONCE: usize = 32;
/// Nobody waits longer for a key to be refused.
const PATIENCE: Duration = Duration::from_secs(30);

/// A key with the policy `bench`: its id, and the key.
pub(crate) async fn create(gateway: &Gateway, name: String) -> Result<(String, String), Failure> {
    let request = v1::CreateKeyRequest {
        name,
        policies: vec!["bench".to_owned()],
        ..v1::CreateKeyRequest::default()
    };
    let made = gateway
        .control
        .keys()
        .create_key(request)
        .await?
        .into_inner();
    Ok((made.key.ok_or("no key")?.id, made.secret))
}

pub(crate) async fn create_many(gateway: &Gateway, count: usize) -> Result<Vec<String>, Failure> {
    let made = (0..count).map(|n| create(gateway, format!("key-{n}")));
    let made = stream::iter(made).buffered(AT_ONCE);
    made.map_ok(|(_, key)| key).try_collect().await
}

/// A request that takes nothing but to be let in.
fn discover(gateway: &Gateway, key: &str) -> Vec<u8> {
    gateway.modern(key, "server/discover", "", "")
}

pub(crate) async fn authentications(gateway: &Gateway, count: usize) -> Result<(), Failure> {
    let keys = create_many(gateway, count).await?;
    gateway.idle().await?;
    let requests: Vec<_> = keys.iter().map(|key| discover(gateway, key)).collect();
    println!("{count} keys in the database, each of them used, {AT_ONCE} at once");
    println!();
    println!("| use | requests/s | p50 µs | p99 µs | Ostia CPU µs/request |");
    println!("|---|--:|--:|--:|--:|");
    for name in ["first", "second", "third"] {
        let before = Usage::of(gateway.pid());
        let (latencies, elapsed) = http::run_each(gateway.address(), &requests, AT_ONCE).await?;
        let usage = Usage::of(gateway.pid()).since(before);
        let measured = Measured::new(latencies, elapsed, usage);
        println!(
            "| {name} | {:.0} | {:.0} | {:.0} | {:.1} |",
            measured.per_second(),
            us(measured.per_mille(500)),
            us(measured.per_mille(990)),
            measured.per_call(measured.usage.own_cpu),
        );
        gateway.idle().await?;
    }
    Ok(())
}

pub(crate) async fn revocations(gateway: &Gateway, times: usize) -> Result<(), Failure> {
    let mut took = Vec::with_capacity(times);
    let mut connection = Connection::open(gateway.address()).await?;
    for n in 0..times {
        let (key, secret) = create(gateway, format!("revoked-{n}")).await?;
        let request = discover(gateway, &secret);
        // Known to the edge, so that it has to be told.
        connection.call(&request).await?;
        let revoked = clock::instant();
        let request_of = v1::RevokeKeyRequest { key };
        gateway.control.keys().revoke_key(request_of).await?;
        while connection.passes(&request).await? {
            if revoked.elapsed() > PATIENCE {
                return Err("a revoked key still passes".into());
            }
        }
        took.push(revoked.elapsed());
    }
    println!("| revocations | p50 ms | p99 ms | max ms |");
    println!("|--:|--:|--:|--:|");
    row(&times.to_string(), took);
    Ok(())
}

/// `| name | p50 | p99 | max |`, in milliseconds.
pub(crate) fn row(name: &str, took: Vec<Duration>) {
    let measured = Measured::new(took, Duration::ZERO, Usage::default());
    let ms = |rank| us(measured.per_mille(rank)) / 1e3;
    println!(
        "| {name} | {:.1} | {:.1} | {:.1} |",
        ms(500),
        ms(990),
        ms(1000)
    );
}

pub(crate) fn us(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}
