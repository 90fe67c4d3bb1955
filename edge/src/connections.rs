//! Connections of clients, from the first byte to the last.
//!
//! An edge has one for each client that only listens, so what one holds counts ten thousand times. Which
//! HTTP it speaks is seen by looking at its first bytes without taking them: to put them back in front of
//! the rest, as is done elsewhere, makes the buffer for reading twice as large for good.

use axum::{Router, body::Body, extract::ConnectInfo, serve::Listener};
use http::Request;
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::graceful::GracefulConnection,
};
use std::{error::Error, net::SocketAddr, pin::pin, time::Duration};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Service as _;

/// How every HTTP/2 connection begins, as far as it must be seen to tell.
const HTTP2_PREFACE: &[u8] = b"PRI";

/// Bounds for what a connection may hold back or take.
#[derive(Clone, Copy)]
pub struct Limits {
    /// From the end of an answer, or the start, to the end of the next request's head. Longer than a load
    /// balancer keeps a connection without a request, so that it is never the edge who hangs up on it.
    pub head_timeout: Duration,
    /// Bytes of a request's head; the largest buffer for reading.
    pub max_head: usize,
    /// Requests at once on one HTTP/2 connection.
    pub max_streams: u32,
}

pub const LIMITS: Limits = Limits {
    head_timeout: Duration::from_secs(120),
    max_head: 64 * 1024,
    max_streams: 256,
};

/// Serves until `draining`, and then until every request has its answer.
pub async fn serve(
    mut listener: TcpListener,
    router: Router,
    limits: Limits,
    draining: CancellationToken,
) {
    let connections = TaskTracker::new();
    loop {
        let (stream, remote) = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = draining.cancelled() => break,
        };
        let (router, draining) = (router.clone(), draining.clone());
        connections.spawn(async move {
            if let Err(error) = connection(stream, remote, router, limits, draining).await {
                tracing::debug!(%remote, error, "a connection ended early");
            }
        });
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn connection(
    stream: TcpStream,
    remote: SocketAddr,
    router: Router,
    limits: Limits,
    draining: CancellationToken,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    // Small answers must not wait for the acknowledgement of the one before.
    stream.set_nodelay(true)?;
    let mut first = [0; HTTP2_PREFACE.len()];
    let seen = tokio::select! {
        seen = tokio::time::timeout(limits.head_timeout, stream.peek(&mut first)) => seen??,
        () = draining.cancelled() => return Ok(()),
    };
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(remote));
        router.clone().call(request.map(Body::new))
    });
    let io = TokioIo::new(stream);
    if &first[..seen] == HTTP2_PREFACE {
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(limits.max_streams)
            .max_header_list_size(u32::try_from(limits.max_head)?)
            .serve_connection(io, service);
        drive(connection, draining).await?;
    } else {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_timeout)
            .max_buf_size(limits.max_head)
            .serve_connection(io, service);
        drive(connection, draining).await?;
    }
    Ok(())
}

async fn drive<C: GracefulConnection>(
    connection: C,
    draining: CancellationToken,
) -> Result<(), C::Error> {
    let mut connection = pin!(connection);
    tokio::select! {
        ended = &mut connection => return ended,
        () = draining.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        task::JoinHandle,
    };

    struct Served {
        address: SocketAddr,
        draining: CancellationToken,
        serving: JoinHandle<()>,
    }

    #[allow(clippy::disallowed_methods, reason = "the test waits for it")]
    async fn served(limits: Limits) -> Served {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let draining = CancellationToken::new();
        let router = Router::new().route(
            "/",
            get(async |remote: ConnectInfo<SocketAddr>| remote.ip().to_string()),
        );
        let serving = tokio::spawn(serve(listener, router, limits, draining.clone()));
        Served {
            address,
            draining,
            serving,
        }
    }

    async fn sent(address: SocketAddr, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }

    #[tokio::test]
    async fn both_versions_are_spoken_on_one_port() {
        let served = served(LIMITS).await;
        let request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        let mut answer = String::new();
        let mut stream = sent(served.address, request).await;
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.ends_with("127.0.0.1"), "{answer}");

        let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        let preface = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &settings[..]].concat();
        let mut frame = [0; 9];
        let mut stream = sent(served.address, &preface).await;
        stream.read_exact(&mut frame).await.unwrap();
        assert_eq!(frame[3], 4, "it begins with its settings: {frame:?}");
    }

    #[tokio::test]
    async fn who_does_not_finish_a_head_is_cut() {
        let served = served(Limits {
            head_timeout: Duration::from_millis(50),
            ..LIMITS
        })
        .await;
        for begun in ["", "G", "GET / HTTP/1.1\r\nhost: a\r\n"] {
            let mut stream = sent(served.address, begun.as_bytes()).await;
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.unwrap();
            assert!(rest.is_empty(), "{begun:?} {rest:?}");
        }
    }

    #[tokio::test]
    async fn a_head_has_a_bound() {
        let served = served(LIMITS).await;
        let long = "a".repeat(2 * LIMITS.max_head);
        let request = format!("GET /{long} HTTP/1.1\r\nhost: a\r\n\r\n");
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        // It may be cut while it still writes.
        let _ = stream.write_all(request.as_bytes()).await;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 431");
    }

    #[tokio::test]
    async fn silent_connections_do_not_hold_up_the_end() {
        let served = served(LIMITS).await;
        let _silent = sent(served.address, b"").await;
        let mut idle = sent(served.address, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        let mut answer = [0; 12];
        idle.read_exact(&mut answer).await.unwrap();
        served.draining.cancel();
        served.serving.await.unwrap();
    }
}
