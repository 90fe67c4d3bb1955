//! Which addresses an upstream may have. Names are resolved here, and only what was checked is
//! connected to, so that no answer of a name server leads elsewhere later.

use futures_util::future::BoxFuture;
use hyper_util::client::legacy::connect::dns::Name;
use ostia_domain::reach::Reach;
use std::{
    io,
    net::SocketAddr,
    task::{Context, Poll},
    vec,
};

/// Refuses what the definition does not allow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checked(pub(super) Reach);

impl tower::Service<Name> for Checked {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let checked = *self;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found
                .filter(|address| checked.0.allows(address.ip()))
                .collect();
            if allowed.is_empty() {
                return Err(io::Error::other(format!(
                    "{name} has no address that this upstream may have; for one in a private network \
                     set allow_private_network"
                )));
            }
            Ok(allowed.into_iter())
        })
    }
}
