//! The same server over HTTP, as cheap: of a request only where it ends is looked at, and the message in
//! it goes the way of the stdio server's lines.

use crate::{Failure, echo};
use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// Serves on a free port, which it prints first.
pub(crate) fn serve() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            connections.spawn(answer_all(stream));
        }
    })
}

async fn answer_all(mut stream: TcpStream) -> Result<(), Failure> {
    let mut buffer = Vec::with_capacity(1 << 14);
    let mut answers = Vec::new();
    while stream.read_buf(&mut buffer).await? > 0 {
        while let Some(end) = memchr::memmem::find(&buffer, b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
            let length: usize = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"))
                .and_then(|value| value.trim().parse().ok())
                .unwrap_or(0);
            let whole = end + 4 + length;
            if buffer.len() < whole {
                break;
            }
            if head.starts_with("post") {
                respond(&buffer[end + 4..whole], &mut answers);
            } else {
                answers.extend_from_slice(b"HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n");
            }
            buffer.drain(..whole);
        }
        stream.write_all(&answers).await?;
        answers.clear();
    }
    Ok(())
}

fn respond(message: &[u8], answers: &mut Vec<u8>) {
    let mut answer = Vec::new();
    echo::answer(message, &echo::list(0), &mut answer);
    let head = if answer.is_empty() {
        "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n".to_owned()
    } else {
        let length = answer.len();
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    answers.extend_from_slice(head.as_bytes());
    answers.extend_from_slice(&answer);
}

/// A process that serves this.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    #[allow(clippy::disallowed_methods, reason = "this program is not the product")]
    pub(crate) fn start() -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command
            .arg("--echo-http-upstream")
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no stdout")?).read_line(&mut line)?;
        let address = line.trim().parse()?;
        Ok(Self { child, address })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
