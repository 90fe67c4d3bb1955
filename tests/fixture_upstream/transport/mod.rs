//! How messages come and go.

pub(crate) mod http;
mod narrow;
pub(crate) mod sse;
pub(crate) mod stdio;

use crate::Failure;
use axum::{Router, serve::ListenerExt as _};
use tokio::net::TcpListener;

/// Serves until the process is ended.
async fn listen(address: &str, router: Router) -> Result<(), Failure> {
    // An event stream writes small pieces, each of which would wait for the one before to be confirmed.
    let listener = TcpListener::bind(address).await?.tap_io(|connection| {
        // Slower without, and still right.
        let _ = connection.set_nodelay(true);
    });
    axum::serve(listener, router).await?;
    Ok(())
}
