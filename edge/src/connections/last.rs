//! The last answer of a connection, written without hyper.
//!
//! hyper keeps 16 KiB of buffers for as long as a connection lives, to read the next request and to write
//! the next answer. A stream of events has neither before it ends, so its connection is taken out of hyper
//! while its request still waits for an answer, and nothing of that is written yet. After the stream the
//! connection is closed, which is said at its beginning.

use super::SLOW_READER;
use axum::{
    body::{Body, Bytes},
    response::Response,
};
use chrono::{DateTime, Utc};
use http::{
    HeaderMap, StatusCode,
    header::{CONNECTION, CONTENT_LENGTH, DATE, TRANSFER_ENCODING},
};
use http_body_util::BodyExt as _;
use ostia_domain::clock;
use std::{
    future::pending,
    io::{self, Write as _},
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpStream, tcp::ReadHalf},
    sync::oneshot,
};

/// In the extensions of an answer that lasts as long as its client listens, over a request that was read
/// to its end.
#[derive(Clone, Copy)]
pub struct Lasting;

/// For the answers of one connection: the way of the one that lasts out of hyper.
#[derive(Clone)]
pub struct HandOver(Arc<Mutex<Option<oneshot::Sender<Box<Response>>>>>);

pub struct HandedOver(oneshot::Receiver<Box<Response>>);

pub fn hand_over() -> (HandOver, HandedOver) {
    let (sender, receiver) = oneshot::channel();
    (
        HandOver(Arc::new(Mutex::new(Some(sender)))),
        HandedOver(receiver),
    )
}

impl HandOver {
    /// Gives the response back when it does not last. Never resolves when it does.
    pub async fn keep_or_give(self, response: Response) -> Response {
        if response.extensions().get::<Lasting>().is_none() {
            return response;
        }
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(sender) = sender {
            // Whoever would take it is gone only with the connection.
            let _ = sender.send(Box::new(response));
        }
        pending().await
    }
}

impl HandedOver {
    pub async fn recv(&mut self) -> Response {
        match (&mut self.0).await {
            Ok(response) => *response,
            // The connection ends without such an answer.
            Err(_) => pending().await,
        }
    }
}

/// Writes the answer to its end, unless the client goes away before.
pub async fn write(mut stream: TcpStream, response: Response) -> io::Result<()> {
    let (parts, mut body) = response.into_parts();
    let (mut from_client, mut to_client) = stream.split();
    let head = head(parts.status, &parts.headers, clock::now())?;
    drop(parts);
    let written = async {
        in_time(to_client.write_all(&head)).await?;
        drop(head);
        while let Some(data) = next(&mut body).await? {
            in_time(to_client.write_all(&chunk(&data)?)).await?;
        }
        in_time(to_client.write_all(b"0\r\n\r\n")).await?;
        to_client.shutdown().await
    };
    let (written, gone) = (pin!(written), pin!(gone(&mut from_client)));
    tokio::select! {
        written = written => written,
        () = gone => Ok(()),
    }
}

async fn in_time(written: impl Future<Output = io::Result<()>>) -> io::Result<()> {
    tokio::time::timeout(SLOW_READER, written).await?
}

/// The next bytes of the body, of which there is at least one.
async fn next(body: &mut Body) -> io::Result<Option<Bytes>> {
    while let Some(frame) = body.frame().await {
        let data = frame.map_err(io::Error::other)?.into_data();
        if let Some(data) = data.ok().filter(|data| !data.is_empty()) {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

/// What a client says meanwhile is for nobody: it was told that this answer is the last.
async fn gone(from_client: &mut ReadHalf<'_>) {
    let mut ignored = [0; 64];
    while from_client.read(&mut ignored).await.is_ok_and(|n| n > 0) {}
}

fn head(status: StatusCode, headers: &HeaderMap, now: DateTime<Utc>) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(512);
    let reason = status.canonical_reason().unwrap_or_default();
    write!(head, "HTTP/1.1 {} {reason}\r\n", status.as_str())?;
    for (name, value) in headers {
        if ![CONNECTION, CONTENT_LENGTH, DATE, TRANSFER_ENCODING].contains(name) {
            write!(head, "{name}: ")?;
            head.extend_from_slice(value.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
    }
    let now = now.format("%a, %d %b %Y %H:%M:%S GMT");
    write!(
        head,
        "{DATE}: {now}\r\n{CONNECTION}: close\r\n{TRANSFER_ENCODING}: chunked\r\n\r\n"
    )?;
    Ok(head)
}

fn chunk(data: &[u8]) -> io::Result<Vec<u8>> {
    let mut chunk = Vec::with_capacity(data.len() + 16);
    write!(chunk, "{:x}\r\n", data.len())?;
    chunk.extend_from_slice(data);
    chunk.extend_from_slice(b"\r\n");
    Ok(chunk)
}
