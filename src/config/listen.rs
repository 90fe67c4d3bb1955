//! Where this process listens.

use super::file;
use crate::args::ListenArgs;
use std::net::{Ipv4Addr, SocketAddr};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Listen {
    pub(crate) control: SocketAddr,
    pub(crate) mcp: SocketAddr,
    pub(crate) web: SocketAddr,
    pub(crate) admin: SocketAddr,
}

pub(super) fn settings(flags: &ListenArgs, file: &file::Listen) -> Listen {
    let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let choose = |flag: Option<SocketAddr>, file: Option<SocketAddr>, port| {
        flag.or(file).unwrap_or_else(|| local(port))
    };
    Listen {
        control: choose(flags.control, file.control, 7070),
        mcp: choose(flags.mcp, file.mcp, 8080),
        web: choose(flags.web, file.web, 8081),
        admin: choose(flags.admin, file.admin, 9090),
    }
}
