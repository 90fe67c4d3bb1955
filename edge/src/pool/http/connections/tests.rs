use super::*;
use http::StatusCode;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

const SHORT: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

struct Server(TcpListener);

impl Server {
    async fn start() -> (Self, Arc<Connections>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let reach = Reach {
            allow_private_network: true,
        };
        let connections = Connections::new(&url.parse().unwrap(), reach).unwrap();
        (Self(listener), Arc::new(connections))
    }

    async fn accept(&self) -> TcpStream {
        self.0.accept().await.unwrap().0
    }
}

/// Reads one request without a body, and writes this.
async fn answer(stream: &mut TcpStream, response: &[u8]) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    stream.write_all(response).await.unwrap();
    String::from_utf8(head).unwrap()
}

fn request() -> Request<Bytes> {
    Request::get("/a?b").body(Bytes::new()).unwrap()
}

async fn whole(response: Response) -> Bytes {
    response.into_body().whole(100).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_connection_is_used_again_once_its_body_was_read() {
    let (server, connections) = Server::start().await;
    let asked = async {
        for _ in 0..3 {
            let response = connections.send(request()).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(whole(response).await, "ok");
        }
    };
    let answering = async {
        let mut stream = server.accept().await;
        for _ in 0..3 {
            let head = answer(&mut stream, SHORT).await;
            assert!(
                head.starts_with("GET /a?b HTTP/1.1\r\nhost: 127.0.0.1:"),
                "{head}"
            );
        }
    };
    tokio::join!(asked, answering);
}

#[tokio::test]
async fn requests_at_once_have_connections_of_their_own() {
    let (server, connections) = Server::start().await;
    let (one, other) = (connections.send(request()), connections.send(request()));
    let answering = async {
        let (mut one, mut other) = (server.accept().await, server.accept().await);
        answer(&mut one, SHORT).await;
        answer(&mut other, SHORT).await;
        (one, other)
    };
    let (one, other, _open) = tokio::join!(one, other, answering);
    for response in [one, other] {
        assert_eq!(whole(response.unwrap()).await, "ok");
    }
    assert_eq!(connections.idle().len(), 2);
}

#[tokio::test]
async fn one_that_was_closed_while_it_lay_idle_is_not_used() {
    let (server, connections) = Server::start().await;
    let first = async {
        let response = connections.send(request()).await.unwrap();
        whole(response).await;
    };
    let answering = async { answer(&mut server.accept().await, SHORT).await };
    tokio::join!(first, answering);
    let again = async { whole(connections.send(request()).await.unwrap()).await };
    let answering = async { answer(&mut server.accept().await, SHORT).await };
    let (body, _) = tokio::join!(again, answering);
    assert_eq!(body, "ok");
}

#[tokio::test]
async fn one_with_a_body_that_nobody_reads_is_closed() {
    let (server, connections) = Server::start().await;
    let endless = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: a\n\n";
    let asked = async { connections.send(request()).await.unwrap() };
    let answering = async {
        let mut stream = server.accept().await;
        answer(&mut stream, endless).await;
        stream
    };
    let (response, mut stream) = tokio::join!(asked, answering);
    drop(response);
    assert!(connections.idle().is_empty());
    assert_eq!(
        stream.read(&mut [0]).await.unwrap(),
        0,
        "the server sees it"
    );
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_an_error_and_not_short() {
    let (server, connections) = Server::start().await;
    let asked = async {
        let response = connections.send(request()).await.unwrap();
        response.into_body().whole(100).await
    };
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nok";
    let answering = async { answer(&mut server.accept().await, half).await };
    let (body, _) = tokio::join!(asked, answering);
    assert!(matches!(body, Err(Error::Broke(_))), "{body:?}");
    assert!(connections.idle().is_empty());
}

#[tokio::test]
async fn a_request_that_was_read_is_not_sent_again() {
    let (server, connections) = Server::start().await;
    let answering = async { answer(&mut server.accept().await, b"").await };
    let (sent, _) = tokio::join!(connections.send(request()), answering);
    assert!(matches!(sent, Err(Error::Broke(_))), "{sent:?}");
}

#[tokio::test]
async fn a_body_has_a_bound() {
    let (server, connections) = Server::start().await;
    let asked = async {
        let response = connections.send(request()).await.unwrap();
        response.into_body().whole(1).await.unwrap()
    };
    let answering = async { answer(&mut server.accept().await, SHORT).await };
    let (body, _) = tokio::join!(asked, answering);
    assert_eq!(body, None);
}

#[tokio::test]
async fn nobody_there_means_nothing_was_sent() {
    let (server, connections) = Server::start().await;
    drop(server);
    let sent = connections.send(request()).await;
    assert!(
        matches!(sent, Err(Error::Unreachable(Stage::Connect, _))),
        "{sent:?}"
    );
}
