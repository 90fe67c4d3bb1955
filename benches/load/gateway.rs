//! The release build of Ostia with one upstream and one key, in a temporary folder.

use crate::{
    Failure,
    forgetful::SERVICE_TOKEN,
    options::{Era, FORGETS, Options, Transport},
    processes::Usage,
    upstreams,
};
use ostia_domain::{clock, key::Secret};
use ostia_proto::ControlClient;
use std::{
    ffi::OsStr,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tonic::transport::Endpoint;

/// How long the records of a run may take to be written.
const IDLE: Duration = Duration::from_secs(60);
/// Longer than records wait for others before they are written.
const OBSERVED: Duration = Duration::from_millis(600);

pub(crate) struct Gateway {
    child: Started,
    address: SocketAddr,
    pub(crate) key: String,
    pub(crate) control: ControlClient,
    pub(crate) web_url: String,
    /// Goes when this does.
    _data: TempDir,
}

impl Gateway {
    pub(crate) async fn start(options: &Options, http: SocketAddr) -> Result<Self, Failure> {
        let data = tempfile::tempdir()?;
        let mut command = program(env!("CARGO_BIN_EXE_ostia"));
        command
            .args(["run", "--json", "--log", "warn", "--data-dir"])
            .arg(data.path().join("data"));
        for role in ["control", "mcp", "web", "admin"] {
            command.arg(format!("--{role}-listen")).arg("127.0.0.1:0");
        }
        if let Some(url) = &options.database_url {
            command.args(["--migrate", "--database-url", url]);
        }
        let started = Started::announced(command)?;
        let secrets = std::fs::read_to_string(data.path().join("data/secrets.toml"))?;
        let secrets: toml::Table = secrets.parse()?;
        let token = secrets["service_token"].as_str();
        let token = Secret::new(token.ok_or("no service token")?);
        Self::reached(options, http, data, started, &token).await
    }

    /// One of this program's own, which writes records or forgets them. What forgets has a SQLite file of its own.
    pub(crate) async fn start_own(
        options: &Options,
        http: SocketAddr,
        forgets: bool,
    ) -> Result<Self, Failure> {
        let data = tempfile::tempdir()?;
        let mut command = program(std::env::current_exe()?);
        let file = format!("sqlite://{}", data.path().join("ostia.db").display());
        let given = options.database_url.as_ref().filter(|_| !forgets);
        command
            .arg("--gateway")
            .arg(data.path())
            .arg(given.unwrap_or(&file))
            .arg(if forgets { FORGETS } else { "writes" });
        let started = Started::announced(command)?;
        let token = Secret::new(SERVICE_TOKEN);
        Self::reached(options, http, data, started, &token).await
    }

    async fn reached(
        options: &Options,
        http: SocketAddr,
        data: TempDir,
        (child, announced): (Started, serde_json::Value),
        token: &Secret,
    ) -> Result<Self, Failure> {
        let url = |name: &str| announced[name].as_str().unwrap_or_default().to_owned();
        let address = url("mcp_url");
        let address = address
            .trim_start_matches("http://")
            .trim_end_matches("/mcp")
            .parse()?;
        let endpoint = Endpoint::from_shared(url("control_url"))?;
        let control = ControlClient::remote(&endpoint, Some(token))?;
        let key = upstreams::register(&control, options.workers, http).await?;
        Ok(Self {
            child,
            address,
            key,
            control,
            web_url: url("web_url"),
            _data: data,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.0.id()
    }

    /// Waits until it has nothing left to do, so that the next measurement begins with nothing.
    pub(crate) async fn idle(&self) -> Result<(), Failure> {
        let deadline = clock::instant() + IDLE;
        while clock::instant() < deadline {
            let before = Usage::of(self.pid());
            tokio::time::sleep(OBSERVED).await;
            if Usage::of(self.pid()).since(before).own_cpu <= OBSERVED / 20 {
                return Ok(());
            }
        }
        Err(format!("Ostia is still busy {IDLE:?} after the last call").into())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A whole `tools/call`, ready to be written to a connection.
    pub(crate) async fn request(
        &self,
        era: Era,
        transport: Transport,
        payload: usize,
    ) -> Result<Vec<u8>, Failure> {
        let tool = format!("{}__echo", transport.upstream());
        let message = "x".repeat(payload);
        Ok(match era {
            Era::Legacy => {
                let session = self.initialize().await?;
                let body = format!(
                    r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}","arguments":{{"message":"{message}"}}}}}}"#
                );
                self.post(
                    &format!("Mcp-Session-Id: {session}\r\nMCP-Protocol-Version: 2025-11-25\r\n"),
                    &body,
                )
            }
            Era::Modern => self.call(&self.key, &tool, &message),
        })
    }

    /// A whole `tools/call` of 2026-07-28 with this key.
    pub(crate) fn call(&self, key: &str, tool: &str, message: &str) -> Vec<u8> {
        let params = format!(r#""name":"{tool}","arguments":{{"message":"{message}"}},"#);
        self.modern(key, "tools/call", &params, &format!("Mcp-Name: {tool}\r\n"))
    }

    /// A whole request of 2026-07-28 with this key. `params` are members, each with its comma.
    pub(crate) fn modern(&self, key: &str, method: &str, params: &str, headers: &str) -> Vec<u8> {
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{{params}"_meta":{{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{{}},"io.modelcontextprotocol/clientInfo":{{"name":"load","version":"1"}}}}}}}}"#
        );
        let headers =
            format!("MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: {method}\r\n{headers}");
        self.post_with(key, &headers, &body)
    }

    /// A GET in a session of its own.
    pub(crate) async fn listen(&self) -> Result<Vec<u8>, Failure> {
        let session = self.initialize().await?;
        Ok(format!(
            "GET /mcp HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nAccept: text/event-stream\r\nMcp-Session-Id: {session}\r\n\r\n",
            self.address, self.key
        )
        .into_bytes())
    }

    async fn initialize(&self) -> Result<String, Failure> {
        let body = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"load","version":"1"}}}"#;
        let mut stream = TcpStream::connect(self.address).await?;
        stream
            .write_all(&self.post("Connection: close\r\n", body))
            .await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let headers = answer.lines().filter_map(|line| line.split_once(": "));
        let session = headers
            .filter(|(name, _)| name.eq_ignore_ascii_case("mcp-session-id"))
            .map(|(_, value)| value)
            .next();
        session
            .map(str::to_owned)
            .ok_or_else(|| format!("no session: {answer}").into())
    }

    fn post(&self, headers: &str, body: &str) -> Vec<u8> {
        self.post_with(&self.key, headers, body)
    }

    fn post_with(&self, key: &str, headers: &str, body: &str) -> Vec<u8> {
        format!(
            "POST /mcp HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            self.address, body.len()
        )
        .into_bytes()
    }
}

#[allow(clippy::disallowed_methods, reason = "this program is not the product")]
fn program(path: impl AsRef<OsStr>) -> Command {
    Command::new(path)
}

/// Ends with whoever has it.
struct Started(Child);

impl Started {
    /// And the line of JSON that it begins with.
    fn announced(mut command: Command) -> Result<(Self, serde_json::Value), Failure> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or("no stdout")?;
        let started = Self(child);
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        Ok((started, serde_json::from_str(&line)?))
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A `tools/call` for the server over HTTP itself.
pub(crate) fn direct_request(address: SocketAddr, payload: usize) -> Vec<u8> {
    let message = "x".repeat(payload);
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"echo","arguments":{{"message":"{message}"}}}}}}"#
    );
    format!(
        "POST /mcp HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
