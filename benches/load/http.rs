//! A load generator that is much cheaper than what it loads: prebuilt bytes out, and of what comes back
//! only what is needed to know where it ends and whether it is a result.

use crate::Failure;
use ostia_domain::clock;
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Calls over as many keep-alive connections as there are calls in flight; gives how long each took
/// and all together.
pub(crate) async fn run(
    address: SocketAddr,
    request: &[u8],
    concurrency: usize,
    duration: Duration,
) -> Result<(Vec<Duration>, Duration), Failure> {
    let mut connections = Vec::with_capacity(concurrency);
    for _ in 0..concurrency {
        connections.push(Connection::open(address).await?);
    }
    let started = clock::instant();
    let deadline = started + duration;
    let runs = connections
        .into_iter()
        .map(|connection| connection.call_until(request, deadline));
    let runs = futures_util::future::try_join_all(runs).await?;
    let elapsed = started.elapsed();
    Ok((runs.into_iter().flatten().collect(), elapsed))
}

/// So many calls a second over so many connections, whatever becomes of the calls before; gives how long each took,
/// and all together.
pub(crate) async fn run_at(
    address: SocketAddr,
    request: &[u8],
    (per_second, connections): (u32, u32),
    duration: Duration,
) -> Result<(Vec<Duration>, Duration), Failure> {
    let started = clock::instant();
    let gap = Duration::from_secs(1) * connections / per_second;
    let runs = (0..connections).map(async |n| {
        let mut connection = Connection::open(address).await?;
        let mut latencies = Vec::new();
        let mut due = started + gap * n / connections;
        while due < started + duration {
            tokio::time::sleep_until(due.into()).await;
            latencies.push(connection.call(request).await?);
            due += gap;
        }
        Ok::<_, Failure>(latencies)
    });
    let runs = futures_util::future::try_join_all(runs).await?;
    let elapsed = started.elapsed();
    Ok((runs.into_iter().flatten().collect(), elapsed))
}

/// Each of these once, over so many connections; gives how long each took and all together.
pub(crate) async fn run_each(
    address: SocketAddr,
    requests: &[Vec<u8>],
    concurrency: usize,
) -> Result<(Vec<Duration>, Duration), Failure> {
    let started = clock::instant();
    let share = requests.len().div_ceil(concurrency).max(1);
    let runs = requests.chunks(share).map(async |share| {
        let mut connection = Connection::open(address).await?;
        let mut latencies = Vec::with_capacity(share.len());
        for request in share {
            latencies.push(connection.call(request).await?);
        }
        Ok::<_, Failure>(latencies)
    });
    let runs = futures_util::future::try_join_all(runs).await?;
    let elapsed = started.elapsed();
    Ok((runs.into_iter().flatten().collect(), elapsed))
}

pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(1 << 14),
        })
    }

    async fn call_until(
        mut self,
        request: &[u8],
        deadline: Instant,
    ) -> Result<Vec<Duration>, Failure> {
        let mut latencies = Vec::with_capacity(1 << 16);
        let mut sent = clock::instant();
        while sent < deadline {
            self.stream.write_all(request).await?;
            self.answer().await?;
            let now = clock::instant();
            latencies.push(now.duration_since(sent));
            sent = now;
        }
        Ok(latencies)
    }

    /// How long it takes; fails unless it is answered with a result.
    pub(crate) async fn call(&mut self, request: &[u8]) -> Result<Duration, Failure> {
        let sent = clock::instant();
        self.stream.write_all(request).await?;
        self.answer().await?;
        Ok(sent.elapsed())
    }

    /// Whether it is answered with a result.
    pub(crate) async fn passes(&mut self, request: &[u8]) -> Result<bool, Failure> {
        self.stream.write_all(request).await?;
        self.read_answer().await
    }

    /// Reads one answer and fails unless it is a result.
    async fn answer(&mut self) -> Result<(), Failure> {
        if self.read_answer().await? {
            Ok(())
        } else {
            Err(format!("not a result: {}", String::from_utf8_lossy(&self.buffer)).into())
        }
    }

    /// Reads one answer, and says whether it is a result.
    async fn read_answer(&mut self) -> Result<bool, Failure> {
        self.buffer.clear();
        let (head, length) = loop {
            self.read().await?;
            if let Some(end) = memchr::memmem::find(&self.buffer, b"\r\n\r\n") {
                break (end + 4, self.content_length(end)?);
            }
        };
        while self.buffer.len() < head + length {
            self.read().await?;
        }
        Ok(self.buffer.starts_with(b"HTTP/1.1 200")
            && memchr::memmem::find(&self.buffer[head..], b"\"result\":").is_some())
    }

    async fn read(&mut self) -> Result<(), Failure> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err(format!(
                "the connection ended after {:?}",
                String::from_utf8_lossy(&self.buffer)
            )
            .into());
        }
        Ok(())
    }

    fn content_length(&self, head: usize) -> Result<usize, Failure> {
        let head = std::str::from_utf8(&self.buffer[..head])?;
        let lengths = head.lines().filter_map(|line| line.split_once(':'));
        let length = lengths
            .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map(|(_, value)| value.trim())
            .next();
        let length = length
            .ok_or_else(|| format!("an answer without a length cannot be read here: {head}"))?;
        Ok(length.parse()?)
    }
}
