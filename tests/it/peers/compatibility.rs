//! What clients and servers that others wrote can do through Ostia: found out by running them, and kept as
//! `docs/compatibility.md`.

use super::{
    installed,
    official_clients::{CLIENTS, FEATURES, Outcome},
    reference_servers,
};
use crate::harness::{
    command::command,
    control, environment,
    ostia::Ostia,
    upstreams::{self, Definition},
    wait,
};
use ostia_proto::v1;
use std::{fmt::Write as _, process::Stdio, time::Duration};
use tokio::{net::TcpStream, process::Child};

/// A server that runs until this is dropped.
struct Server {
    url: String,
    _process: Child,
}

impl Server {
    fn at(process: Child, url: String) -> Self {
        Self {
            url,
            _process: process,
        }
    }
}

/// How Ostia reaches the server: a command, or where it runs already.
enum Everything {
    Stdio,
    Http(Server),
    Sse(Server),
}

impl Everything {
    async fn start(transport: &str) -> Self {
        match transport {
            "stdio" => Self::Stdio,
            "Streamable HTTP" => {
                let (server, address) = serve("streamableHttp").await;
                let url = format!("http://{address}/mcp");
                Self::Http(Server::at(server, url))
            }
            _ => {
                let (server, address) = serve("sse").await;
                let url = format!("http://{address}/sse");
                Self::Sse(Server::at(server, url))
            }
        }
    }

    fn definition(&self, name: &str) -> Definition {
        match self {
            Self::Stdio => {
                let (node, everything) = (installed::node(), installed::everything());
                let program = node.to_str().expect("UTF-8");
                let args = [everything.to_str().expect("UTF-8"), "stdio"];
                upstreams::program(name, program, &args)
            }
            Self::Http(server) => upstreams::http(name, &server.url),
            Self::Sse(server) => upstreams::sse(name, &server.url),
        }
    }
}

/// The server on a port of its own.
pub(super) async fn serve(mode: &str) -> (Child, String) {
    // The server says where it listens, in words that change; a port that was just free is the best.
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = port.local_addr().expect("an address");
    drop(port);
    let mut server = command(installed::node());
    server.arg(installed::everything()).arg(mode);
    server.env("PORT", address.port().to_string());
    server.stdout(Stdio::null()).stderr(Stdio::null());
    let server = server.spawn().expect("the server");
    wait::until(Duration::from_secs(20), "the server listens", || async {
        TcpStream::connect(address).await.map(drop)
    })
    .await;
    (server, format!("localhost:{}", address.port()))
}

/// What each client can do with the server behind over a transport.
async fn clients(transport: &str) -> Vec<(String, Vec<Outcome>)> {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let everything = Everything::start(transport).await;
    // It tells of updates only on the connection where it was told to, and where somebody subscribed.
    let watched = everything.definition("watched");
    let watched = watched.isolation(v1::Isolation::Shared).pool(1, 64, 256);
    watched.add(&control).await;
    // A call that was given up and goes on must not be in the way of the next client.
    let definition = everything.definition("everything");
    let definition = definition.isolation(v1::Isolation::Key);
    definition.pool(64, 64, 256).add(&control).await;
    let mut rows = Vec::new();
    // One after the other, as the other transports have clients as well.
    for (at, client) in CLIENTS.iter().enumerate() {
        let key = control::master_key(&control, &format!("client-{at}")).await;
        let outcomes = client.try_all(&ostia, &key).await;
        rows.push((client.name.to_owned(), outcomes));
    }
    rows
}

/// A page that grows by tables, and has one list of notes below them all.
struct Page {
    text: String,
    notes: Vec<String>,
}

impl Page {
    fn table(&mut self, title: &str, of: &str, features: &[&str], rows: &[(String, Vec<Outcome>)]) {
        let columns = of.matches('|').count();
        let _ = writeln!(
            self.text,
            "\n## {title}\n\n| {of} | {} |\n|---|{}{}",
            features.join(" | "),
            "---|".repeat(columns),
            ":-:|".repeat(features.len())
        );
        for (name, outcomes) in rows {
            let _ = write!(self.text, "| {name} |");
            for outcome in outcomes {
                let cell = match outcome {
                    Outcome::Works => "yes".to_owned(),
                    Outcome::Fails(why) => format!("no[^{}]", self.note(why)),
                    Outcome::Absent(why) => format!("–[^{}]", self.note(why)),
                };
                let _ = write!(self.text, " {cell} |");
            }
            self.text.push('\n');
        }
    }

    /// The number of a note; the same words are one note.
    fn note(&mut self, why: &str) -> usize {
        let at = self.notes.iter().position(|note| note == why);
        at.unwrap_or_else(|| {
            self.notes.push(why.to_owned());
            self.notes.len() - 1
        }) + 1
    }

    fn finish(mut self) -> String {
        if !self.notes.is_empty() {
            self.text.push('\n');
        }
        for (at, note) in self.notes.iter().enumerate() {
            let _ = writeln!(self.text, "[^{}]: {note}", at + 1);
        }
        self.text
    }
}

const HEAD: &str = "# Compatibility

What clients that others wrote can do through Ostia with servers that others wrote behind it. `./test peers` finds
it out by running them, and fails when this page says something else; `OSTIA_WRITE_COMPATIBILITY=1 ./test peers`
writes it. *legacy* is the protocol with a handshake, up to 2025-11-25; *HTTP+SSE* is the transport of 2024-11-05.
– is what a client or a server does not have, also without Ostia.

The first three tables have `@modelcontextprotocol/server-everything` 2026.8.31 behind, a legacy server, over each
transport. *lists*: tools, prompts, resources and templates. *call*, *structured*: of tools. *read*: of a resource,
by URI and by template. *prompt*, *complete*. *progress*: of a long call. *subscribe*: to a resource, until an update
of it arrives. *elicit*, *sample*: what the server asks of the client in the middle of a call. *cancel*: a call that
is given up, and another after it. Roots are not here: this server asks for them a moment after the handshake,
outside of any call, where Ostia has nobody to ask; the conformance suite asks for them in a call.

For *subscribe* the clients share one worker (`isolation = shared`) and declare nothing that a server could ask them
for. This server tells of updates only on the connection that subscribed, and Ostia subscribes on a worker for such
clients. One that declares elicitation, sampling or roots has its calls on another worker of a legacy server, and does
not hear what those change; neither does one whose session or key has a worker of its own.
";

const SERVERS: &str = "
Over stdio, with the Python SDK 2.3.0 in both eras. *lists* must be, definition by definition, what the server
lists without Ostia. *call*: write and read a file, and be denied another; remember and find; convert a time; the
state and the log of a repository; fetch a page that `robots.txt` allows. *prompt*: fetch one that it does not.
*subscribe*: the server tells what a call has changed.
";

#[tokio::test]
async fn official_clients_can_do_what_the_page_says() {
    let transports = ["stdio", "Streamable HTTP", "HTTP+SSE"];
    let (tables, servers) = futures_util::join!(
        futures_util::future::join_all(transports.map(clients)),
        reference_servers::try_all(),
    );
    let mut page = Page {
        text: HEAD.to_owned(),
        notes: Vec::new(),
    };
    for (transport, rows) in transports.iter().zip(&tables) {
        page.table(transport, "client", &FEATURES, rows);
    }
    let of = "server | its era | client";
    page.table("Other servers", of, &reference_servers::FEATURES, &servers);
    page.text.push_str(SERVERS);
    let page = page.finish();
    let file = environment::repository().join("docs/compatibility.md");
    if environment::write_compatibility() {
        std::fs::write(&file, &page).expect("the page");
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(
        kept, page,
        "OSTIA_WRITE_COMPATIBILITY=1 ./test peers writes it"
    );
}
