//! What a client costs that does nothing but listen: legacy sessions, each with an open GET stream.

use crate::{Failure, echo_http, gateway::Gateway, options::Options, processes::Usage};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Opens so many and says by how much Ostia's resident memory grew for each.
pub(crate) async fn measure(options: &Options, sessions: u32) -> Result<(), Failure> {
    raise_the_limit()?;
    let server = echo_http::Server::start()?;
    let gateway = Gateway::start(options, server.address).await?;
    // What the first ones cost is not theirs: pools, buffers and threads come with them.
    let mut streams = Vec::new();
    for _ in 0..100 {
        streams.push(listen(&gateway).await?);
    }
    gateway.idle().await?;
    let before = Usage::of(gateway.pid());
    for _ in 0..sessions {
        streams.push(listen(&gateway).await?);
    }
    gateway.idle().await?;
    let after = Usage::of(gateway.pid());
    let grown = after.own_rss.saturating_sub(before.own_rss);
    println!("| sessions | RSS before MiB | RSS after MiB | KiB per session |");
    println!("|--:|--:|--:|--:|");
    println!(
        "| {sessions} | {:.1} | {:.1} | {:.2} |",
        mib(before.own_rss),
        mib(after.own_rss),
        f64::from(u32::try_from(grown)?) / f64::from(sessions)
    );
    Ok(())
}

#[allow(
    clippy::cast_precision_loss,
    reason = "MiB of memory are far below 2^52"
)]
fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

async fn listen(gateway: &Gateway) -> Result<TcpStream, Failure> {
    let request = gateway.listen().await?;
    let mut stream = TcpStream::connect(gateway.address()).await?;
    stream.write_all(&request).await?;
    let mut head = [0; 512];
    let read = stream.read(&mut head).await?;
    let head = String::from_utf8_lossy(&head[..read]).into_owned();
    if head.starts_with("HTTP/1.1 200") {
        Ok(stream)
    } else {
        Err(format!("no stream: {head}").into())
    }
}

/// One file per stream here, and one there.
fn raise_the_limit() -> Result<(), Failure> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        },
    )?;
    Ok(())
}
