//! The baseline: the same server over its pipes, with nothing between.

use crate::{Failure, latency::Measured, options::Options, processes::Usage};
use ostia_domain::clock;
use std::{
    io::{Read as _, Write as _},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Calls at this concurrency for the time in the options, after the warm-up.
pub(crate) fn run(options: &Options, concurrency: usize) -> Result<Measured, Failure> {
    let mut server = Server::start()?;
    let mut calls = Calls::new(options.payload, concurrency);
    calls.go(&mut server, options.warm_up)?;
    calls.latencies.clear();
    let (before, started) = (Usage::of(server.0.id()), clock::instant());
    calls.go(&mut server, options.duration)?;
    let usage = Usage::of(server.0.id()).since(before);
    Ok(Measured::new(calls.latencies, started.elapsed(), usage))
}

struct Server(Child);

impl Server {
    #[allow(clippy::disallowed_methods, reason = "this program is not the product")]
    fn start() -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("--echo-upstream")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        Ok(Self(command.spawn()?))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A window of calls: each answer makes room for another call.
struct Calls {
    message: String,
    concurrency: usize,
    /// When the call with this id was sent; ids are places in here and are used again.
    sent: Vec<Instant>,
    latencies: Vec<Duration>,
}

impl Calls {
    fn new(payload: usize, concurrency: usize) -> Self {
        Self {
            message: "x".repeat(payload),
            concurrency,
            sent: vec![clock::instant(); concurrency],
            latencies: Vec::new(),
        }
    }

    fn go(&mut self, server: &mut Server, duration: Duration) -> Result<(), Failure> {
        let (stdin, stdout) = (
            server.0.stdin.as_mut().ok_or("no stdin")?,
            server.0.stdout.as_mut().ok_or("no stdout")?,
        );
        let deadline = clock::instant() + duration;
        let mut requests = Vec::new();
        for id in 0..self.concurrency {
            self.request(id, &mut requests);
        }
        stdin.write_all(&requests)?;
        let mut in_flight = self.concurrency;
        let (mut pending, mut chunk) = (Vec::new(), vec![0; 1 << 16]);
        while in_flight > 0 {
            let read = stdout.read(&mut chunk)?;
            if read == 0 {
                return Err("the echo server ended".into());
            }
            pending.extend_from_slice(&chunk[..read]);
            requests.clear();
            let now = clock::instant();
            let mut done = 0;
            while let Some(length) = memchr::memchr(b'\n', &pending[done..]) {
                let id = id(&pending[done..done + length])?;
                self.latencies.push(now.duration_since(self.sent[id]));
                done += length + 1;
                if now < deadline {
                    self.request(id, &mut requests);
                } else {
                    in_flight -= 1;
                }
            }
            pending.drain(..done);
            stdin.write_all(&requests)?;
        }
        Ok(())
    }

    fn request(&mut self, id: usize, requests: &mut Vec<u8>) {
        self.sent[id] = clock::instant();
        let line = format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"echo","arguments":{{"message":"{}"}}}}}}"#,
            self.message
        );
        requests.extend_from_slice(line.as_bytes());
        requests.push(b'\n');
    }
}

fn id(line: &[u8]) -> Result<usize, Failure> {
    let text = std::str::from_utf8(line)?;
    let rest = text
        .split_once("\"id\":")
        .ok_or("an answer without an id")?
        .1;
    Ok(rest.split(',').next().unwrap_or_default().parse()?)
}
