//! A TCP relay that does not always pass on: between control and its database.

use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Pass,
    /// Every piece of an answer comes so much later.
    Slow(Duration),
    /// Connections break off, and new ones are closed at once.
    Cut,
}

/// Dropped, it breaks off what goes through it.
pub(crate) struct Relay {
    address: SocketAddr,
    mode: watch::Sender<Mode>,
}

impl Relay {
    /// To this address, on a free port.
    #[allow(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
    pub(crate) async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (mode, modes) = watch::channel(Mode::Pass);
        tokio::spawn(accept(listener, target.to_owned(), modes));
        Self { address, mode }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn slow(&self, by: Duration) {
        self.mode.send_replace(Mode::Slow(by));
    }

    pub(crate) fn cut(&self) {
        self.mode.send_replace(Mode::Cut);
    }

    pub(crate) fn pass(&self) {
        self.mode.send_replace(Mode::Pass);
    }
}

#[allow(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
async fn accept(listener: TcpListener, target: String, mut modes: watch::Receiver<Mode>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            // Until nobody can change it any more.
            _ = modes.wait_for(|_| false) => return,
        };
        let (Ok((near, _)), false) = (accepted, *modes.borrow() == Mode::Cut) else {
            continue;
        };
        let (target, modes) = (target.clone(), modes.clone());
        tokio::spawn(async move {
            if let Ok(far) = TcpStream::connect(target).await {
                connect(near, far, modes).await;
            }
        });
    }
}

async fn connect(near: TcpStream, far: TcpStream, mut modes: watch::Receiver<Mode>) {
    let (near_reads, near_writes) = near.into_split();
    let (far_reads, far_writes) = far.into_split();
    let slow = Some(modes.clone());
    tokio::select! {
        () = pump(near_reads, far_writes, None) => {}
        () = pump(far_reads, near_writes, slow) => {}
        _ = modes.wait_for(|mode| *mode == Mode::Cut) => {}
    }
}

/// Until either side ends.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    modes: Option<watch::Receiver<Mode>>,
) {
    let mut piece = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        let mode = modes.as_ref().map(|modes| *modes.borrow());
        if let Some(Mode::Slow(by)) = mode {
            tokio::time::sleep(by).await;
        }
        if to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
}
