//! Which addresses an upstream may have. Names are resolved here, and only what was checked is
//! connected to, so that no answer of a name server leads elsewhere later.

use ostia_domain::reach::Reach;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::SocketAddr;

/// Refuses what the definition does not allow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checked(pub(super) Reach);

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let checked = *self;
        Box::pin(async move {
            let name = name.as_str().to_owned();
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found
                .filter(|address| checked.0.allows(address.ip()))
                .collect();
            if allowed.is_empty() {
                return Err(format!(
                    "{name} has no address that this upstream may have; for one in a private network \
                     set allow_private_network"
                )
                .into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}
