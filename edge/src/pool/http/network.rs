//! Which addresses an upstream may have. Names are resolved here, and only what was checked is
//! connected to, so that no answer of a name server leads elsewhere later.

use futures_util::future::BoxFuture;
use hyper_util::client::legacy::connect::dns::Name;
use ostia_domain::{reach::Reach, upstream::Stage};
use std::{
    error::Error,
    io,
    net::SocketAddr,
    task::{Context, Poll},
    vec,
};

/// A name without an address that may be connected to.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unresolved {
    #[error("{0} cannot be resolved")]
    Unknown(String, #[source] io::Error),
    #[error(
        "{0} has no address that this upstream may have; for one in a private network set \
         allow_private_network"
    )]
    Forbidden(String),
}

/// How far a connection came that failed with this.
pub(super) fn stage(error: &(dyn Error + 'static)) -> Stage {
    let mut cause = Some(error);
    while let Some(one) = cause {
        if one.is::<Unresolved>() {
            return Stage::Resolve;
        }
        // An `io::Error` hides what it was made of from those who go through the sources.
        let hidden = one.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if one.is::<rustls::Error>() {
            return Stage::Tls;
        }
        cause = match hidden {
            Some(hidden) => Some(hidden),
            None => one.source(),
        };
    }
    Stage::Connect
}

/// Refuses what the definition does not allow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checked(pub(super) Reach);

impl tower::Service<Name> for Checked {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = Unresolved;
    type Future = BoxFuture<'static, Result<Self::Response, Unresolved>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Unresolved>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let checked = *self;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            let found = found.map_err(|error| Unresolved::Unknown(name.to_string(), error))?;
            let allowed: Vec<SocketAddr> = found
                .filter(|address| checked.0.allows(address.ip()))
                .collect();
            if allowed.is_empty() {
                return Err(Unresolved::Forbidden(name.to_string()));
            }
            Ok(allowed.into_iter())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::str::FromStr as _;
    use tower::Service as _;

    /// As the resolver of this system reads what a definition may have had since an older version.
    #[tokio::test]
    async fn what_a_name_leads_to_is_checked() {
        let found = async |name: &str, allow_private_network| {
            let reach = Reach {
                allow_private_network,
            };
            Checked(reach).call(Name::from_str(name).unwrap()).await
        };
        for metadata in ["169.254.169.254", "2852039166", "0xa9fea9fe"] {
            for allowed in [true, false] {
                let refused = found(metadata, allowed).await;
                assert!(
                    matches!(refused, Err(Unresolved::Forbidden(_))),
                    "{metadata}"
                );
            }
        }
        let own = found("0x7f.1", false).await;
        assert!(matches!(own, Err(Unresolved::Forbidden(_))));
        assert!(found("0x7f.1", true).await.is_ok());
    }
}
