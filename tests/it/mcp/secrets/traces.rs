//! Where the program sends its spans.

use axum::{Router, body::Bytes, extract::State};
use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};
use tonic::{
    service::Routes,
    transport::{Server, server::TcpIncoming},
};

/// Keeps all that it is sent. That it answers nothing is no reason not to send it more.
pub(super) struct Collector {
    pub(super) url: String,
    received: Arc<Mutex<Vec<u8>>>,
}

impl Collector {
    #[allow(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
    pub(super) fn start() -> Self {
        let incoming = TcpIncoming::bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a port");
        let address = incoming.local_addr().expect("an address");
        let received = Arc::<Mutex<Vec<u8>>>::default();
        let router = Router::new()
            .fallback(keep)
            .with_state(Arc::clone(&received));
        let server = Server::builder().add_routes(Routes::from(router));
        tokio::spawn(async move {
            let end = server.serve_with_incoming(incoming).await;
            end.expect("it serves");
        });
        Self {
            url: format!("http://{address}"),
            received,
        }
    }

    pub(super) fn received(&self) -> Vec<u8> {
        self.received.lock().expect("bytes").clone()
    }
}

async fn keep(State(received): State<Arc<Mutex<Vec<u8>>>>, body: Bytes) {
    received.lock().expect("bytes").extend_from_slice(&body);
}
