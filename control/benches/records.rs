//! What it costs to write a call down: CPU time of the whole process per record, through the same
//! service that edges call.
//!
//! `cargo bench --workspace --bench records -- [sqlite:///path | postgres://…]`; without a database, a
//! SQLite file in the temporary folder. On PostgreSQL the server's own time is not counted.

use ostia_control::{Config, Control};
use ostia_domain::{clock, key::Secret};
use ostia_proto::{ControlClient, v1};
use std::{error::Error, fs, path::Path, time::Duration};
use uuid::Uuid;

const BATCHES: usize = 400;
const BATCH: usize = 500;
/// `_SC_CLK_TCK` of Linux, everywhere.
const TICKS_PER_SECOND: f64 = 100.0;

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().skip(1).find(|arg| arg.contains("://"));
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(run(url))
}

async fn run(url: Option<String>) -> Result<(), Box<dyn Error>> {
    let file = std::env::temp_dir().join(format!("ostia-bench-{}.db", Uuid::now_v7()));
    let database_url = url.unwrap_or_else(|| format!("sqlite://{}", file.display()));
    ostia_migrations::up(&database_url).await?;
    let control = Control::open(Config {
        database_url,
        service_token: Secret::new("bench"),
        key_pepper: Secret::new("bench"),
        master_keys: vec![Secret::new(format!("{}=", "A".repeat(43)))],
        max_key_lifetime: None,
        max_key_idle: None,
        mail: None,
        tls: None,
        retention: None,
        process: None,
    })
    .await?;
    measure(&control.client()).await?;
    control.close().await;
    remove(&file);
    Ok(())
}

async fn measure(client: &ControlClient) -> Result<(), Box<dyn Error>> {
    // The first batches make tables and caches warm.
    write(client, batches(BATCHES / 10)).await?;
    let batches = batches(BATCHES);
    let (cpu, wall) = (cpu_time()?, clock::instant());
    write(client, batches).await?;
    let (cpu, wall) = (cpu_time()?.saturating_sub(cpu), wall.elapsed());
    let records = u32::try_from(BATCHES * BATCH)?;
    let per_record = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(records);
    #[allow(clippy::print_stdout, reason = "this is what it is for")]
    {
        println!("records            {records}, {BATCH} in a batch, each usage and audit");
        println!("CPU per record     {:.2} µs", per_record(cpu));
        println!("records per second {:.0}", 1e6 / per_record(wall));
    }
    Ok(())
}

/// Made before the clock runs: what an edge spends on them is its own.
fn batches(count: usize) -> Vec<v1::RecordRequest> {
    let batch = || (0..BATCH).map(|_| record()).collect();
    (0..count)
        .map(|_| v1::RecordRequest { records: batch() })
        .collect()
}

async fn write(
    client: &ControlClient,
    batches: Vec<v1::RecordRequest>,
) -> Result<(), Box<dyn Error>> {
    let mut sync = client.sync();
    for batch in batches {
        sync.record(batch).await?;
    }
    Ok(())
}

/// A usual call: everything set that a call with arguments sets.
fn record() -> v1::CallRecord {
    let id = |n: u128| Uuid::from_u128(n).as_bytes().to_vec();
    v1::CallRecord {
        id: Uuid::now_v7().as_bytes().to_vec(),
        at_us: clock::now().timestamp_micros(),
        request_id: Uuid::now_v7().as_bytes().to_vec(),
        caller: Some(v1::RecordedCaller {
            key_id: id(1),
            key_name: "build agents".to_owned(),
            owner_id: id(2),
            owner_name: "somebody".to_owned(),
        }),
        method: "tools/call".to_owned(),
        upstream: Some("github".to_owned()),
        tool: Some("search_repositories".to_owned()),
        outcome: "ok".to_owned(),
        rule: Some("read-only: allow *".to_owned()),
        arguments_digest: Some(vec![7; 32]),
        duration_us: 1_234,
        request_bytes: 200,
        result_bytes: 4_000,
        remote_address: Some("127.0.0.1".to_owned()),
        client: Some("bench/1.0".to_owned()),
        ..v1::CallRecord::default()
    }
}

/// User and system time of this process.
fn cpu_time() -> Result<Duration, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // Counted from after the name, which may have spaces in it: `utime` and `stime`.
    let (_, fields) = stat.rsplit_once(')').ok_or("no name")?;
    let ticks: f64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(str::parse::<f64>)
        .sum::<Result<f64, _>>()?;
    Ok(Duration::from_secs_f64(ticks / TICKS_PER_SECOND))
}

fn remove(file: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = file.as_os_str().to_owned();
        name.push(suffix);
        // The database may be another one, and then there is no file.
        let _ = fs::remove_file(name);
    }
}
