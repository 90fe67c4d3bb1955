//! The listeners of this process.

use crate::{config::RunSettings, failure::Failure};
use axum::{Router, serve::ListenerExt as _};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Bound, but nothing is answered yet: connections wait.
pub(crate) struct Listeners {
    pub(crate) control: Option<TcpListener>,
    pub(crate) mcp: Option<TcpListener>,
    pub(crate) web: Option<TcpListener>,
    pub(crate) admin: TcpListener,
}

/// How the listeners are reached, as they are printed. One that another process has is taken to be
/// where this process was told.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    pub(crate) control: String,
    /// With its path: what a client is configured with.
    pub(crate) mcp: String,
    pub(crate) web: String,
    pub(crate) admin: String,
    /// Where the edge listens, if here.
    pub(crate) mcp_bound: Option<SocketAddr>,
}

impl Listeners {
    pub(crate) async fn bind(settings: &RunSettings) -> Result<Self, Failure> {
        let (roles, listen) = (settings.roles, settings.listen);
        let optional = async |wanted: bool, flag, address| {
            if wanted {
                bind(flag, address).await.map(Some)
            } else {
                Ok(None)
            }
        };
        Ok(Self {
            control: optional(roles.control, "--control-listen", listen.control).await?,
            mcp: optional(roles.edge, "--mcp-listen", listen.mcp).await?,
            web: optional(roles.web, "--web-listen", listen.web).await?,
            admin: bind("--admin-listen", listen.admin).await?,
        })
    }

    pub(crate) fn addresses(&self, settings: &RunSettings) -> Addresses {
        let listen = settings.listen;
        let bound = |listener: Option<&TcpListener>, asked| {
            listener
                .and_then(|listener| listener.local_addr().ok())
                .unwrap_or(asked)
        };
        let url = |address| format!("http://{}", reachable(address));
        let control = bound(self.control.as_ref(), listen.control);
        let mcp = bound(self.mcp.as_ref(), listen.mcp);
        let web = bound(self.web.as_ref(), listen.web);
        Addresses {
            control: if settings.tls.is_some() {
                format!("https://{}", reachable(control))
            } else {
                url(control)
            },
            mcp: settings
                .mcp_url
                .clone()
                .unwrap_or_else(|| format!("{}/mcp", url(mcp))),
            web: settings.web_url.clone().unwrap_or_else(|| url(web)),
            admin: url(bound(Some(&self.admin), listen.admin)),
            mcp_bound: self.mcp.as_ref().map(|_| mcp),
        }
    }
}

impl Addresses {
    /// The MCP address for clients on this machine, if the edge is here.
    pub(crate) fn mcp_here(&self) -> Option<String> {
        Some(format!("http://{}/mcp", reachable(self.mcp_bound?)))
    }
}

/// An address to connect to: "every interface" is reached by loopback.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

async fn bind(flag: &str, address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let failure = Failure::new(format!("cannot listen on {address}")).because(&error);
        match error.kind() {
            io::ErrorKind::AddrInUse => failure.hint(format!(
                "another program has this port: stop it, or choose another one with {flag}"
            )),
            _ => failure.hint(format!("choose another address with {flag}")),
        }
    })
}

/// Serves until told to stop, then lets requests in flight end.
pub(crate) async fn serve_http(
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
) -> Result<(), Failure> {
    // Without it small answers wait for the peer's delayed acknowledgement.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
        .map_err(|error| Failure::new("the HTTP listener").because(&error))
}
