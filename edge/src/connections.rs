//! Connections of clients, from the first byte to the last.
//!
//! An edge has one for each client that only listens, so what one holds counts ten thousand times. Which
//! HTTP it speaks is seen by looking at its first bytes without taking them: to put them back in front of
//! the rest, as is done elsewhere, makes the buffer for reading twice as large for good. And where all that
//! is left to do is to tell a client what happens, hyper gives the connection back ([`last`]).

mod last;

pub use last::Lasting;

use axum::{Router, body::Body, extract::ConnectInfo, response::Response, serve::Listener};
use http::{Method, Request, Version};
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::{convert::Infallible, error::Error, net::SocketAddr, pin::pin, time::Duration};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Service as _;

/// How every HTTP/2 connection begins, as far as it must be seen to tell.
const HTTP2_PREFACE: &[u8] = b"PRI";

/// A client that reads nothing for so long is cut off: it may hold a place on a worker.
pub const SLOW_READER: Duration = Duration::from_secs(30);

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
        // Of its own: whoever polls the one that all have in common takes turns with everybody.
        let (router, draining) = (router.clone(), draining.child_token());
        let accepted = Accepted {
            remote,
            router,
            limits,
            draining,
            connections: connections.clone(),
        };
        connections.spawn(async move {
            if let Err(error) = accepted.serve(stream).await {
                tracing::debug!(%remote, error, "a connection ended early");
            }
        });
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// A connection and what it is served with.
struct Accepted {
    remote: SocketAddr,
    router: Router,
    limits: Limits,
    draining: CancellationToken,
    connections: TaskTracker,
}

impl Accepted {
    async fn serve(self, stream: TcpStream) -> Outcome {
        // Small answers must not wait for the acknowledgement of the one before.
        stream.set_nodelay(true)?;
        let mut first = [0; HTTP2_PREFACE.len()];
        let peeked = tokio::time::timeout(self.limits.head_timeout, stream.peek(&mut first));
        let seen = tokio::select! {
            seen = peeked => seen??,
            () = self.draining.cancelled() => return Ok(()),
        };
        // On the heap, as only one of them is there.
        if &first[..seen] == HTTP2_PREFACE {
            Box::pin(self.http2(stream)).await
        } else {
            Box::pin(self.http1(stream)).await
        }
    }

    async fn http1(self, stream: TcpStream) -> Outcome {
        let (hand_over, mut handed_over) = last::hand_over();
        let (router, remote) = (self.router, self.remote);
        let service = service_fn(move |request| {
            let has_version = request.version() == Version::HTTP_11;
            let may_last = has_version && request.method() != Method::HEAD;
            let (answer, hand_over) = (answer(&router, request, remote), hand_over.clone());
            async move {
                let response = answer.await?;
                if may_last {
                    return Ok(hand_over.keep_or_give(response).await);
                }
                Ok::<_, Infallible>(response)
            }
        });
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.head_timeout)
            .max_buf_size(self.limits.max_head)
            .serve_connection(TokioIo::new(stream), service);
        let mut drains = pin!(self.draining.cancelled());
        let mut draining = false;
        let response = loop {
            tokio::select! {
                ended = &mut connection => return Ok(ended?),
                response = handed_over.recv() => break response,
                () = &mut drains, if !draining => {
                    draining = true;
                    Pin::new(&mut connection).graceful_shutdown();
                }
            }
        };
        let stream = connection.into_parts().io.into_inner();
        self.connections.spawn(async move {
            if let Err(error) = last::write(stream, response).await {
                tracing::debug!(%remote, %error, "a stream ended early");
            }
        });
        Ok(())
    }

    async fn http2(self, stream: TcpStream) -> Outcome {
        let (router, remote) = (self.router, self.remote);
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(self.limits.max_streams)
            .max_header_list_size(u32::try_from(self.limits.max_head)?)
            .serve_connection(
                TokioIo::new(stream),
                service_fn(move |request| answer(&router, request, remote)),
            );
        let mut connection = pin!(connection);
        tokio::select! {
            ended = &mut connection => return Ok(ended?),
            () = self.draining.cancelled() => connection.as_mut().graceful_shutdown(),
        }
        Ok(connection.await?)
    }
}

fn answer(
    router: &Router,
    mut request: Request<Incoming>,
    remote: SocketAddr,
) -> impl Future<Output = Result<Response, Infallible>> + use<> {
    request.extensions_mut().insert(ConnectInfo(remote));
    router.clone().call(request.map(Body::new))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use futures_util::{Stream, stream};
    use http::HeaderValue;
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
        let router = Router::new()
            .route(
                "/",
                get(async |remote: ConnectInfo<SocketAddr>| remote.ip().to_string()),
            )
            .route(
                "/lasting",
                get(async || lasting(stream::iter([Ok("first".into()), Ok("x".repeat(18))]))),
            )
            .route("/endless", get(async || lasting(stream::pending())));
        let serving = tokio::spawn(serve(listener, router, limits, draining.clone()));
        Served {
            address,
            draining,
            serving,
        }
    }

    fn lasting(body: impl Stream<Item = Result<String, Infallible>> + Send + 'static) -> Response {
        let mut response = Response::new(Body::from_stream(body));
        response
            .headers_mut()
            .append("x-a", HeaderValue::from_static("1"));
        response
            .headers_mut()
            .append("x-a", HeaderValue::from_static("2"));
        response.extensions_mut().insert(Lasting);
        response
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

    /// What hyper would have written, without hyper.
    #[tokio::test]
    async fn an_answer_that_lasts_is_whole() {
        let served = served(LIMITS).await;
        let request = "GET /lasting HTTP/1.1\r\nhost: a\r\n\r\n";
        let mut answer = String::new();
        let mut stream = sent(served.address, request.as_bytes()).await;
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        assert_eq!(lines.next(), Some("HTTP/1.1 200 OK"));
        let lines: Vec<_> = lines.filter(|line| !line.starts_with("date: ")).collect();
        let expected = [
            "x-a: 1",
            "x-a: 2",
            "connection: close",
            "transfer-encoding: chunked",
        ];
        assert_eq!(lines, expected, "{head}");
        assert_eq!(
            body,
            format!("5\r\nfirst\r\n12\r\n{}\r\n0\r\n\r\n", "x".repeat(18))
        );

        // A length in advance is what hyper knows, and nothing lasts in HTTP/1.0.
        let mut stream = sent(
            served.address,
            b"HEAD /lasting HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
        )
        .await;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
        let mut stream = sent(served.address, b"GET /lasting HTTP/1.0\r\n\r\n").await;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.ends_with(&format!("\r\n\r\nfirst{}", "x".repeat(18))),
            "{answer}"
        );
    }

    #[tokio::test]
    async fn who_goes_away_ends_what_lasts() {
        let served = served(LIMITS).await;
        let mut stream = sent(served.address, b"GET /endless HTTP/1.1\r\nhost: a\r\n\r\n").await;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        drop(stream);
        // It waits for the body, and for nothing else.
        served.draining.cancel();
        served.serving.await.unwrap();
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
